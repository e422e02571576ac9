//! What is asked of a server, in few words.

use serde_json::{Value, json};
use strata_tests::{
    Strata,
    http::{Answer, Request},
};

/// `POST` of JSON.
#[track_caller]
pub(crate) fn post(strata: &Strata, target: &str, body: &Value) -> Answer {
    strata.ask(Request::new("POST", target).body(body.to_string()))
}

/// The JSON of an answer that must have gone well.
#[track_caller]
pub(crate) fn fine(answer: Answer) -> Value {
    assert!(matches!(answer.status, 200 | 204), "{}: {}", answer.status, answer.text());
    if answer.body.is_empty() { Value::Null } else { answer.json() }
}

/// The message of an answer with this status.
#[track_caller]
pub(crate) fn refused(answer: Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.json()["message"].as_str().expect("errors have a message").to_owned()
}

/// Makes an empty workshop; returns its address below `/api`.
#[track_caller]
pub(crate) fn workshop(strata: &Strata) -> String {
    let made =
        fine(post(strata, "/api/workshops", &json!({ "name": "test", "origin": { "kind": "empty" } })));
    format!("/api/workshops/{}", made["card"]["id"].as_str().expect("it has an id"))
}

/// Writes a file of a workshop.
#[track_caller]
pub(crate) fn put(strata: &Strata, workshop: &str, path: &str, content: &str) -> Answer {
    strata.ask(Request::new("PUT", &format!("{workshop}/file?path={path}")).body(content))
}

/// The paths of a workshop with their kinds and sizes.
#[track_caller]
pub(crate) fn paths(strata: &Strata, workshop: &str) -> Vec<String> {
    let listing = fine(strata.get(&format!("{workshop}/files")));
    let entries = listing["entries"].as_array().expect("a list");
    let text = |entry: &Value| {
        let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let target =
            if entry["target"].is_null() { String::new() } else { format!(" > {}", field("target")) };
        format!("{} {}{target}", field("kind"), field("path"))
    };
    entries.iter().map(text).collect()
}
