//! What other clients than docker's read: the bodies themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use strata_tests::http::{Answer, Dial, Request};

use crate::scene::*;

/// A request to both: (dockerd, Strata).
fn both(request: &Request) -> Option<(Answer, Answer)> {
    let strata = arena().strata()?;
    let send = |dial: Dial| request.send(&dial).expect("it answers");
    Some((send(Dial::Unix(arena().dockerd().socket())), send(strata.unix())))
}

/// Names and types, without the values; of a list the first element's.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(list) => list.first().map_or(json!([]), |first| json!([shape(first)])),
        Value::Object(map) => {
            let shapes: Map<String, Value> =
                map.iter().map(|(key, value)| (key.clone(), shape(value))).collect();
            Value::Object(shapes)
        }
    }
}

#[test]
fn bodies_have_dockerds_shape() {
    with_images(|duel, names| {
        let demo = names.open("demo");
        let id = id(duel, &demo);
        let targets = [
            format!("/v1.41/images/{demo}/history"),
            format!("/v1.41/images/{id}/history"),
            "/v1.41/images/nosuch/json".to_owned(),
            "/v1.41/containers/json?all=1".to_owned(),
            "/v1.41/no/such/route".to_owned(),
            "/v1.41/plugins/nosuch/json".to_owned(),
            "/v1.41/nodes/nosuch".to_owned(),
            "/v1.41/services/nosuch".to_owned(),
            "/v1.41/secrets/nosuch".to_owned(),
        ];
        for target in &targets {
            let Some((dockerd, strata)) = both(&Request::get(target)) else { return };
            let part = |answer: &Answer| {
                (answer.status, answer.header("content-type").map(str::to_owned), shape(&answer.json()))
            };
            if part(&dockerd) != part(&strata) {
                duel.note(format!(
                    "GET {target}\n--- dockerd: {:#?}\n--- strata: {:#?}",
                    part(&dockerd),
                    part(&strata)
                ));
            }
        }
        // dockerd refuses other versions in plain text.
        for target in ["/v9.99/images/json", "/v1.1/images/json"] {
            let Some((dockerd, strata)) = both(&Request::get(target)) else { return };
            assert_eq!(strata.status, dockerd.status, "{target}: {}", strata.text());
        }
        // Our fault, says dockerd 20.10; the client's, say later ones and we.
        let Some((_, strata)) = both(&Request::get("/v1.41/images/json?filters=nonsense")) else { return };
        assert_eq!(strata.status, 400, "{}", strata.text());
        // Values too, where they are the image's own; images of one second come in no fixed order.
        let Some((dockerd, strata)) = both(&Request::get("/v1.41/images/json")) else { return };
        let by_id = |answer: &Answer| -> BTreeMap<String, Value> {
            let list = answer.json();
            list.as_array()
                .expect("a list")
                .iter()
                .map(|image| (image["Id"].to_string(), image.clone()))
                .collect()
        };
        if by_id(&dockerd) != by_id(&strata) {
            duel.note(format!(
                "images/json\n--- dockerd: {:#?}\n--- strata: {:#?}",
                by_id(&dockerd),
                by_id(&strata)
            ));
        }
        let Some((dockerd, strata)) = both(&Request::get("/v1.41/_ping")) else { return };
        let ping = |answer: &Answer| {
            let headers = ["content-type", "cache-control", "ostype", "pragma"];
            let of = |name: &&str| answer.header(name).map(str::to_owned);
            (answer.status, answer.text(), headers.iter().map(of).collect::<Vec<_>>())
        };
        if ping(&dockerd) != ping(&strata) {
            duel.note(format!("_ping\n--- dockerd: {:?}\n--- strata: {:?}", ping(&dockerd), ping(&strata)));
        }
        assert!(strata.header("api-version").is_some() && strata.header("docker-experimental").is_some());
    });
}

/// The names in each kind of message of a pull.
fn messages(answer: &Answer) -> BTreeMap<String, BTreeSet<String>> {
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in answer.text().lines() {
        let message: Value =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("not a JSON line ({e}): {line}"));
        let status = message["status"].as_str().unwrap_or("an error");
        let kind =
            status.split([':', '/']).next().unwrap_or_default().split(" from ").next().unwrap_or_default();
        let names = message.as_object().expect("each line is an object").keys().cloned();
        kinds.entry(kind.to_owned()).or_default().extend(names);
    }
    kinds
}

#[test]
fn a_pulls_stream_has_dockerds_messages() {
    each(|duel, names| {
        // Which figures are sent is a matter of timing; which names a message has is not.
        let same = |target: &str| {
            let Some((dockerd, strata)) = both(&Request::new("POST", target)) else { return };
            assert_eq!(dockerd.header("content-type"), strata.header("content-type"), "{target}");
            let (theirs, ours) = (messages(&dockerd), messages(&strata));
            for (kind, names) in &theirs {
                let passing =
                    ["Waiting", "Verifying Checksum", "Downloading", "Extracting"].contains(&kind.as_str());
                match ours.get(kind) {
                    Some(found) if found == names => {}
                    None if passing => {}
                    found => {
                        duel.note(format!("{target}: {kind}\n--- dockerd: {names:?}\n--- strata: {found:?}"))
                    }
                }
            }
            let more: Vec<_> = ours.keys().filter(|kind| !theirs.contains_key(*kind)).collect();
            let known = ["Waiting", "Verifying Checksum", "Downloading", "Extracting"];
            if more.iter().any(|kind| !known.contains(&kind.as_str())) {
                duel.note(format!("{target}: only Strata says {more:?}"));
            }
        };
        let create = |name: &str, tag: &str| format!("/v1.41/images/create?fromImage={name}&tag={tag}");
        same(&create(&names.open("demo"), "latest"));
        same(&create(&names.open("demo"), "latest"));
        same(&create(&names.open("demo"), "other"));
        // Errors before the stream begins have a status of their own.
        for (name, tag) in
            [(names.open("demo"), "nosuchtag"), (names.open("nowhere"), "latest"), ("Wrong".into(), "x")]
        {
            let Some((dockerd, strata)) = both(&Request::new("POST", &create(&name, tag))) else { return };
            if (dockerd.status, shape(&dockerd.json())) != (strata.status, shape(&strata.json())) {
                duel.note(format!(
                    "{name}:{tag}\n--- dockerd: {} {}\n--- strata: {} {}",
                    dockerd.status,
                    dockerd.text(),
                    strata.status,
                    strata.text()
                ));
            }
        }
    });
}
