//! An image of a registry, looked into over HTTP without being pulled, and then pulled by the real CLI.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};
use strata_faulty_registry::FaultyRegistry;
use strata_tests::{Docker, Strata, fixture, http::Request, skip_without, strata::Options};

use crate::scene::Remote;

/// The image that the server tells of, its layers bottom first, and the way to ask for one.
struct Inside {
    told: Value,
    layers: Vec<String>,
}

impl Inside {
    #[track_caller]
    fn of(strata: &Strata, name: &str) -> Self {
        let answer = strata.get(&format!("/api/remote?ref={name}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = answer.json()["answer"].clone();
        let layers = told["detail"]["card"]["layers"].as_array().expect("an image has layers");
        let layers = layers.iter().map(|layer| layer.as_str().expect("a diff id").to_owned()).collect();
        Self { told, layers }
    }

    fn ask(&self, layer: usize, what: &str) -> String {
        let (diff_id, from) = (&self.layers[layer], self.told["from"].as_str().expect("says where it is"));
        let and = if what.contains('?') { '&' } else { '?' };
        format!("/api/layers/{diff_id}/{what}{and}from={from}")
    }
}

fn indexes(strata: &Strata, inside: &Inside) -> Vec<Vec<u8>> {
    let all = (0..inside.layers.len()).map(|layer| {
        let answer = strata.get(&inside.ask(layer, "index"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    });
    all.collect()
}

/// What a server keeps, without what was only looked into.
fn kept(data: &Path) -> BTreeMap<String, usize> {
    let count = |name: &str| {
        let entries = fs::read_dir(data.join(name)).expect("lists");
        entries.filter(|entry| entry.as_ref().expect("lists").file_name() != "tmp").count()
    };
    ["blobs", "layers"].map(|name| (name.to_owned(), count(name))).into()
}

#[test]
fn an_image_is_explored_and_stays_where_it_is() {
    if skip_without(&["docker"]) {
        return;
    }
    let registry = FaultyRegistry::start();
    let made = fixture::demo().build();
    fixture::offer(&registry, &made, "library/demo");
    // As Docker Hub has it: by its short name, through a mirror.
    let mirror = format!("docker.io={}", registry.url(""));
    let env = vec![("STRATA_MIRRORS".to_owned(), mirror)];
    let strata = Strata::with(Options { env, ..Options::default() });
    let docker = Docker::new(&strata.socket());
    let before = kept(strata.data());

    let inside = Inside::of(&strata, "demo");
    assert_eq!(inside.told["known"], json!([false, false, false]));
    assert_eq!(inside.told["detail"]["card"]["names"], json!(["demo:latest"]));
    assert_eq!(inside.told["from"], json!(format!("docker.io/library/demo@{}", made.manifest.digest)));
    assert_eq!(inside.told["detail"]["rows"].as_array().expect("history").len(), 5, "empty rows too");
    let lines = strata.get(&inside.ask(2, "reading"));
    let last: Value = serde_json::from_str(lines.text().lines().last().expect("a line")).expect("JSON");
    assert_eq!(last, json!("done"));
    let remote = indexes(&strata, &inside);
    for layer in &made.layers {
        assert_eq!(registry.requests_for(&layer.blob.digest.to_string()).len(), 1, "each is fetched once");
    }
    let file = strata.get(&inside.ask(0, "file?path=etc/secret"));
    assert_eq!(file.status, 200, "{}", file.text());
    let page = strata.get(&inside.ask(2, "file?path=srv/page"));
    assert_eq!(page.text(), "<h1>two</h1>\n");
    assert_eq!(page.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    let request = Request::get(&inside.ask(2, "file?path=srv/page")).header("Range", "bytes=4-6");
    let part = strata.ask(request);
    assert_eq!((part.status, part.text().as_str()), (206, "two"));

    // Nobody says that it is here.
    assert_eq!(docker.run(&["images", "-aq"]).ok().stdout, "");
    docker.run(&["image", "inspect", "demo"]).fails();
    let usage = strata.get("/system/df").json();
    assert_eq!((usage["LayersSize"].clone(), usage["Images"].clone()), (json!(0), json!([])));
    docker.run(&["system", "prune", "-af"]).ok();
    assert_eq!(kept(strata.data()), before);

    // Pulled, it is the very same.
    docker.run(&["pull", "-q", "demo"]).ok();
    let local = strata.get("/api/image?ref=demo").json();
    assert_eq!(local["card"]["layers"], json!(inside.layers));
    let again = Inside::of(&strata, "demo");
    assert_eq!(
        (again.told["here"].clone(), again.told["known"].clone()),
        (json!("demo:latest"), json!([true, true, true]))
    );
    for field in ["rows", "config", "base", "repo_digests"] {
        assert_eq!(again.told["detail"][field], local[field], "{field}");
    }
    for (layer, index) in inside.layers.iter().zip(remote) {
        assert_eq!(strata.get(&format!("/api/layers/{layer}/index")).body, index);
    }
    docker.run(&["rmi", "demo"]).ok();
    assert_eq!(kept(strata.data()), before, "what was looked into holds nothing");
}

#[test]
fn our_own_registry_is_explored_without_a_copy() {
    if skip_without(&["docker"]) {
        return;
    }
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    let source = FaultyRegistry::start();
    fixture::offer(&source, &fixture::demo().build(), "demo");
    let (theirs, ours) =
        (format!("{}/demo", source.domain()), format!("127.0.0.1:{}/team/demo:v1", strata.port()));
    docker.run(&["pull", "-q", &theirs]).ok();
    docker.run(&["tag", &theirs, &ours]).ok();
    docker.run(&["push", "-q", &ours]).ok();
    let pulled = strata.get(&format!("/api/image?ref={theirs}")).json();
    docker.run(&["rmi", &ours, &theirs]).ok();
    let inside = Inside::of(&strata, &ours);
    assert_eq!(inside.told["known"], json!([false, false, false]), "its layers are blobs only");
    assert_eq!(inside.told["detail"]["card"]["layers"], pulled["card"]["layers"]);
    assert_eq!(indexes(&strata, &inside).len(), 3);
    assert_eq!(strata.get(&inside.ask(2, "file?path=srv/new")).text(), "n\n");

    let nobodys = format!("sha256:{}", "0".repeat(64));
    // Questions that make no sense, and those that need a session.
    for (target, status) in [
        ("/api/remote".to_owned(), 400),
        ("/api/remote?ref=UPPER".to_owned(), 400),
        (format!("/api/layers/{}/index", nobodys), 404),
        (format!("/api/layers/{}/reading", inside.layers[0]), 400),
        (format!("/api/layers/{}/index?from={ours}", nobodys), 400),
        (inside.ask(0, "file?path=etc/none"), 404),
        (inside.ask(0, "file?path=etc"), 400),
    ] {
        let answer = strata.get(&target);
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        if status != 404 {
            assert!(!answer.text().is_empty());
        }
    }
    let none = strata.get(&format!("/api/remote?ref={}", ours.replace(":v1", ":v2"))).json();
    assert_eq!(none["trouble"]["kind"], json!("not_found"));
    let stranger = Remote(&strata);
    for target in [format!("/api/remote?ref={ours}"), inside.ask(0, "reading"), inside.ask(0, "index")] {
        assert_eq!(stranger.get(&target).status, 401, "{target}");
    }
}
