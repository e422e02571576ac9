use std::{io::Write as _, time::Instant};

use serde_json::json;
use strata_oci::{Digest, MediaType};
use strata_tests::{
    Strata,
    http::{Answer, Request},
};

use crate::scene::{Remote, code, noise};

#[test]
fn a_blob_comes_in_every_way() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let bytes = noise(1, 100_000);
    let digest = Digest::of(&bytes);
    let there = |name: &str| {
        let answer = registry.get(&format!("/v2/{name}/blobs/{digest}"));
        assert_eq!((answer.status, answer.body == bytes), (200, true), "{name}");
    };

    // POST, then PUT.
    registry.blob("way/one", &bytes);
    there("way/one");
    // One POST.
    let target = format!("/v2/way/two/blobs/uploads/?digest={digest}");
    let answer = registry.expect("POST", &target, &bytes, 201);
    assert_eq!(answer.header("location"), Some(format!("/v2/way/two/blobs/{digest}").as_str()));
    there("way/two");
    // One PATCH with all of it, as docker does.
    let place = registry.begin("way/three");
    let answer = registry.expect("PATCH", &place, &bytes, 202);
    assert_eq!(answer.header("range"), Some("0-99999"));
    registry.expect("PUT", &format!("{place}?digest={digest}"), b"", 201);
    there("way/three");
    // Chunks, the last with the PUT.
    let place = registry.begin("way/four");
    for (at, last) in [(0, 39_999), (40_000, 69_999)] {
        let range = format!("{at}-{last}");
        let request = Request::new("PATCH", &place).header("Content-Range", &range).body(&bytes[at..=last]);
        assert_eq!(registry.send(request).status, 202);
        let progress = registry.expect("GET", &place, b"", 204);
        assert_eq!(progress.header("range"), Some(format!("0-{last}").as_str()));
        assert_eq!(progress.header("location"), Some(place.as_str()));
    }
    let target = format!("{place}?digest={digest}");
    let last = Request::new("PUT", &target).header("Content-Range", "70000-99999").body(&bytes[70_000..]);
    assert_eq!(registry.send(last).status, 201);
    there("way/four");
    // From another repository.
    let target = format!("/v2/way/five/blobs/uploads/?mount={digest}&from=way/one");
    registry.expect("POST", &target, b"", 201);
    there("way/five");
    let target = format!("/v2/way/six/blobs/uploads/?mount={digest}&from=way/none");
    assert!(
        registry.expect("POST", &target, b"", 202).header("location").is_some(),
        "to be uploaded instead"
    );

    // Whoever sent it, it is on the disk once.
    let file = strata.data().join("blobs/sha256").join(digest.hex());
    assert_eq!(std::fs::metadata(file).expect("is there").len(), 100_000);
    assert_eq!(std::fs::read_dir(strata.data().join("blobs/sha256")).expect("lists").count(), 1);
}

#[test]
fn what_does_not_fit_is_refused_with_the_codes_of_the_specification() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let bytes = noise(2, 1000);
    let digest = Digest::of(&bytes);
    let place = registry.begin("demo");
    let patch = |range: &str, body: &[u8]| {
        registry.send(Request::new("PATCH", &place).header("Content-Range", range).body(body))
    };
    assert_eq!(patch("0-499", &bytes[..500]).status, 202);
    let gap = patch("600-999", &bytes[600..]);
    assert_eq!((gap.status, code(&gap).as_str()), (416, "BLOB_UPLOAD_INVALID"));
    assert_eq!((gap.header("range"), gap.header("location")), (Some("0-499"), Some(place.as_str())));
    assert_eq!(patch("0-499", &bytes[..500]).status, 416, "sent twice");
    let lie = patch("500-999", &bytes[500..900]);
    assert_eq!((lie.status, code(&lie).as_str()), (400, "SIZE_INVALID"));
    assert_eq!(patch("x", &bytes[500..]).status, 400);
    let without = registry.expect("PUT", &place, b"", 400);
    assert_eq!(code(&without), "DIGEST_INVALID");
    let wrong = registry.expect("PUT", &format!("{place}?digest={digest}"), b"", 400);
    assert_eq!(code(&wrong), "BLOB_UPLOAD_INVALID", "half of it is not it");
    let gone = registry.expect("GET", &place, b"", 404);
    assert_eq!(code(&gone), "BLOB_UPLOAD_UNKNOWN");

    let place = registry.begin("demo");
    let other = place.replace("/demo/", "/other/");
    assert_eq!(code(&registry.expect("PATCH", &other, &bytes, 404)), "BLOB_UPLOAD_UNKNOWN");
    registry.expect("DELETE", &place, b"", 204);
    registry.expect("DELETE", &place, b"", 404);
    for id in ["..", "x", &"0".repeat(53)] {
        let target = format!("/v2/demo/blobs/uploads/{id}");
        assert_eq!(code(&registry.expect("PATCH", &target, &bytes, 404)), "BLOB_UPLOAD_UNKNOWN", "{id}");
    }

    let manifest = |text: &str| registry.put("demo", "x", MediaType::OCI_MANIFEST, text.as_bytes());
    assert_eq!(code(&manifest("{")), "MANIFEST_INVALID");
    assert_eq!(code(&manifest(r#"{"schemaVersion":1}"#)), "MANIFEST_INVALID");
    let config = registry.blob("demo", b"{}");
    let naming = |config: &Digest, size: usize, layer: &Digest| {
        let kind = MediaType::OCI_CONFIG;
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"{kind}","digest":"{config}","size":{size}}},
                "layers":[{{"mediaType":"{}","digest":"{layer}","size":1000}}]}}"#,
            MediaType::OCI_LAYER
        )
    };
    let missing = manifest(&naming(&config, 2, &digest));
    assert_eq!((missing.status, code(&missing).as_str()), (404, "MANIFEST_BLOB_UNKNOWN"));
    assert!(missing.text().contains(&digest.to_string()));
    registry.blob("demo", &bytes);
    assert_eq!(code(&manifest(&naming(&config, 3, &digest))), "MANIFEST_INVALID", "another size");
    let good = naming(&config, 2, &digest);
    let other = Digest::of(b"other").to_string();
    let wrong = registry.put("demo", &other, MediaType::OCI_MANIFEST, good.as_bytes());
    assert_eq!((wrong.status, code(&wrong).as_str()), (400, "DIGEST_INVALID"));
    assert_eq!(manifest(&good).status, 201);
    let large = vec![b' '; (4 << 20) + 1];
    assert_eq!(registry.put("demo", "large", MediaType::OCI_MANIFEST, &large).status, 413);
}

#[test]
fn an_upload_goes_on_after_the_server_was_killed_or_ended() {
    let mut strata = Strata::start();
    let bytes = noise(3, 300_000);
    let digest = Digest::of(&bytes);
    let place = Remote(&strata).begin("demo");
    Remote(&strata).expect("PATCH", &place, &bytes[..100_000], 202);
    strata.kill();
    strata.restart();
    let progress = Remote(&strata).expect("GET", &place, b"", 204);
    assert_eq!(progress.header("range"), Some("0-99999"));
    Remote(&strata).expect("PATCH", &place, &bytes[100_000..200_000], 202);
    strata.stop();
    strata.restart();
    let request =
        Request::new("PATCH", &place).header("Content-Range", "200000-299999").body(&bytes[200_000..]);
    assert_eq!(Remote(&strata).send(request).status, 202);
    Remote(&strata).expect("PUT", &format!("{place}?digest={digest}"), b"", 201);
    assert!(Remote(&strata).get(&format!("/v2/demo/blobs/{digest}")).body == bytes);
    // A blob without a manifest outlives a restart too.
    strata.kill();
    strata.restart();
    assert_eq!(Remote(&strata).get(&format!("/v2/demo/blobs/{digest}")).status, 200);
}

#[test]
fn pages_of_other_sites_can_not_push() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    for (name, value) in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        for (method, target) in [
            ("POST", "/v2/demo/blobs/uploads/"),
            ("PUT", "/v2/demo/manifests/latest"),
            ("DELETE", "/v2/demo/manifests/latest"),
        ] {
            let answer = registry.send(Request::new(method, target).header(name, value).body("x"));
            assert_eq!((answer.status, code(&answer).as_str()), (403, "DENIED"), "{method} {target} {name}");
        }
    }
    assert_eq!(registry.get("/v2/_catalog").json()["repositories"].as_array().map(Vec::len), Some(0));
}

/// Begins to send a request, and leaves after `most` bytes of its body. It says where its bytes belong, since it may be read late.
fn cut(strata: &Strata, method: &str, target: &str, body: &[u8], most: usize) {
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Range: 0-{}\r\nContent-Length: {}\r\n\r\n",
        strata.port(),
        body.len() - 1,
        body.len()
    );
    let mut stream = strata.tcp().connect().expect("connects");
    stream.write_all(head.as_bytes()).expect("sends");
    stream.write_all(&body[..most]).expect("sends");
}

/// What an answer says of an upload; `0-0` may mean nothing or one byte.
fn received(answer: &Answer) -> usize {
    let range = answer.header("range").expect("says how much").to_owned();
    range.strip_prefix("0-").and_then(|last| last.parse::<usize>().ok()).expect(&range) + 1
}

/// Sends what is missing of an upload that was cut, as a client does: from where it is said to be, until that is right.
fn go_on(registry: &Remote<'_>, place: &str, bytes: &[u8], most: usize) {
    let mut have = received(&registry.expect("GET", place, b"", 204));
    if have == 1 {
        have = 0;
    }
    // The cut request may arrive after the question.
    for _ in 0..100 {
        assert!(have <= most.max(1), "{have} of {most}");
        let range = format!("{have}-{}", bytes.len() - 1);
        let rest = Request::new("PATCH", place).header("Content-Range", &range).body(&bytes[have..]);
        let answer = registry.send(rest);
        match answer.status {
            202 => return,
            416 => have = received(&answer),
            status => panic!("{status}: {}", answer.text()),
        }
    }
    panic!("an upload that was cut at {most} doesn't go on at {have}");
}

#[test]
fn a_push_that_is_cut_anywhere_goes_on_or_begins_anew() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    for (seed, length) in [(10, 100_000), (11, 700_001)] {
        let bytes = noise(seed, length);
        let digest = Digest::of(&bytes);
        let points = (0..10_usize).map(|at| (at * 7_919 * 131 + 2) % length);
        for most in points {
            // In a chunk: what came stays, and the rest follows.
            let place = registry.begin("cut");
            cut(&strata, "PATCH", &place, &bytes, most);
            go_on(&registry, &place, &bytes, most);
            registry.expect("PUT", &format!("{place}?digest={digest}"), b"", 201);
            assert!(registry.get(&format!("/v2/cut/blobs/{digest}")).body == bytes, "cut at {most}");
            registry.expect("DELETE", &format!("/v2/cut/blobs/{digest}"), b"", 202);

            // In the last request: it is no blob yet, and may be sent again.
            let place = registry.begin("cut");
            cut(&strata, "PUT", &format!("{place}?digest={digest}"), &bytes, most);
            registry.expect("GET", &place, b"", 204);
            assert_eq!(registry.get(&format!("/v2/cut/blobs/{digest}")).status, 404);
            registry.expect("DELETE", &place, b"", 204);
            // In the only one.
            cut(&strata, "POST", &format!("/v2/cut/blobs/uploads/?digest={digest}"), &bytes, most);
            assert_eq!(registry.get(&format!("/v2/cut/blobs/{digest}")).status, 404);
            assert_eq!(registry.blob("cut", &bytes), digest);
            registry.expect("DELETE", &format!("/v2/cut/blobs/{digest}"), b"", 202);
        }
    }
    // Nothing of it is left; the server lets go of the last ones when it notices that their clients are gone.
    let begun = Instant::now();
    let left = || {
        ["blobs/uploads", "blobs/tmp", "blobs/sha256"]
            .map(|folder| std::fs::read_dir(strata.data().join(folder)).map_or(0, Iterator::count))
    };
    while left() != [0, 0, 0] {
        assert!(begun.elapsed().as_secs() < 10, "{:?}", left());
    }
}

#[test]
fn what_many_push_at_once_is_stored_once() {
    let strata = Strata::start();
    let layers: Vec<Vec<u8>> = (0..4).map(|at| noise(50 + at, 300_000)).collect();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let (strata, layers) = (&strata, &layers);
                scope.spawn(move || {
                    for layer in layers {
                        Remote(strata).image(&format!("client/{client}"), "1", layer, &json!({}));
                    }
                })
            })
            .collect();
        for client in clients {
            client.join().expect("pushes");
        }
    });
    let folder = |name: &str| {
        let entries = std::fs::read_dir(strata.data().join("blobs").join(name)).expect("lists");
        entries.map(|entry| entry.expect("reads").metadata().expect("is there").len()).collect::<Vec<_>>()
    };
    // Four layers, their manifests, and one config.
    assert_eq!(folder("sha256").len(), 9);
    assert!(folder("sha256").iter().sum::<u64>() < 1_210_000);
    assert_eq!((folder("tmp").len(), folder("uploads").len()), (0, 0));
}
