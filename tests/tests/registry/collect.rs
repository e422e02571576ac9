use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::json;
use strata_oci::Digest;
use strata_tests::{Strata, http::Request};

use crate::scene::{Remote, code, noise};

#[test]
fn what_nothing_names_goes_and_what_is_named_stays() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (shared, own) = (noise(1, 50_000), noise(2, 60_000));
    let (kept, _) = registry.image("a", "1", &shared, &json!({}));
    let (gone, _) = registry.image("b", "1", &own, &json!({}));
    registry.image("b", "2", &shared, &json!({}));
    let refused = registry.expect("DELETE", &format!("/v2/b/blobs/{}", Digest::of(&own)), b"", 405);
    assert!(refused.text().contains(&gone.to_string()) && code(&refused) == "UNSUPPORTED");
    registry.expect("DELETE", &format!("/v2/b/manifests/{gone}"), b"", 202);
    registry.expect("GET", "/v2/b/manifests/1", b"", 404);
    registry.expect("DELETE", &format!("/v2/b/blobs/{}", Digest::of(&own)), b"", 202);
    registry.expect("GET", &format!("/v2/b/blobs/{}", Digest::of(&own)), b"", 404);
    let on_disk = |bytes: &[u8]| strata.data().join("blobs/sha256").join(Digest::of(bytes).hex()).exists();
    assert!(!on_disk(&own) && on_disk(&shared));
    assert_eq!(registry.get(&format!("/v2/a/manifests/{kept}")).status, 200);
    assert!(registry.get(&format!("/v2/b/blobs/{}", Digest::of(&shared))).body == shared);
}

/// Pulls all tags of a repository whole; says how many.
fn pull_all(registry: &Remote<'_>, name: &str) -> usize {
    let listed = registry.get(&format!("/v2/{name}/tags/list"));
    let Some(tags) = (listed.status == 200).then(|| listed.json()["tags"].as_array().cloned()).flatten()
    else {
        return 0;
    };
    for tag in &tags {
        let tag = tag.as_str().expect("text");
        let manifest = registry.get(&format!("/v2/{name}/manifests/{tag}"));
        assert_eq!(manifest.status, 200, "{name}:{tag}");
        for part in [&manifest.json()["config"], &manifest.json()["layers"][0]] {
            let digest = part["digest"].as_str().expect("text");
            let blob = registry.get(&format!("/v2/{name}/blobs/{digest}"));
            assert_eq!(
                (blob.status, Digest::of(&blob.body).to_string().as_str()),
                (200, digest),
                "{name}:{tag}"
            );
        }
    }
    tags.len()
}

/// Several clients push the same and different things, while others delete and collect all the time.
#[test]
fn nothing_is_lost_while_it_is_collected() {
    let strata = Strata::start();
    let over = AtomicBool::new(false);
    let common = noise(100, 200_000);
    let rounds = thread::scope(|scope| {
        let collecting = scope.spawn(|| {
            let mut rounds = 0;
            while !over.load(Ordering::SeqCst) {
                let (digest, _) =
                    Remote(&strata).image("victim", "x", &noise(7000 + rounds, 2000), &json!({}));
                Remote(&strata).expect("DELETE", &format!("/v2/victim/manifests/{digest}"), b"", 202);
                strata.ask(Request::new("POST", "/images/prune").body(""));
                rounds += 1;
            }
            rounds
        });
        // Others pull, and what they were told is there is there.
        let pulling: Vec<_> = (0..2)
            .map(|_| {
                let (strata, over) = (&strata, &over);
                scope.spawn(move || {
                    let registry = Remote(strata);
                    let mut pulled = 0;
                    while !over.load(Ordering::SeqCst) {
                        for client in 0..4 {
                            pulled += pull_all(&registry, &format!("client/{client}"));
                        }
                    }
                    pulled
                })
            })
            .collect();
        let pushing: Vec<_> = (0..4)
            .map(|client| {
                let (strata, common) = (&strata, &common);
                scope.spawn(move || {
                    for round in 0..6 {
                        let name = format!("client/{client}");
                        Remote(strata).image(&name, &format!("shared-{round}"), common, &json!({}));
                        let own = noise(client * 100 + round, 30_000);
                        Remote(strata).image(&name, &format!("own-{round}"), &own, &json!({}));
                    }
                })
            })
            .collect();
        let pushed: Vec<_> = pushing.into_iter().map(|client| client.join()).collect();
        over.store(true, Ordering::SeqCst);
        for outcome in pushed {
            outcome.expect("pushes");
        }
        let pulled: usize = pulling.into_iter().map(|client| client.join().expect("pulls")).sum();
        assert!(pulled > 0);
        let rounds = collecting.join().expect("collects");
        assert!(rounds > 0);
        rounds
    });
    let registry = Remote(&strata);
    for client in 0..4 {
        for round in 0..6 {
            for (tag, bytes) in [("shared", common.clone()), ("own", noise(client * 100 + round, 30_000))] {
                let manifest = registry.get(&format!("/v2/client/{client}/manifests/{tag}-{round}"));
                assert_eq!(manifest.status, 200);
                for part in [&manifest.json()["config"], &manifest.json()["layers"][0]] {
                    let digest = part["digest"].as_str().expect("text").to_owned();
                    let blob = registry.get(&format!("/v2/client/{client}/blobs/{digest}"));
                    assert_eq!(Digest::of(&blob.body).to_string(), digest);
                }
                assert_eq!(manifest.json()["layers"][0]["digest"], json!(Digest::of(&bytes)));
            }
        }
    }
    let stored = std::fs::read_dir(strata.data().join("blobs/sha256")).expect("lists").count();
    // Configs are all the same; one shared layer, 24 own ones, 4 × 12 manifests of which the shared ones are equal. Layers
    // that were pushed lately stay for a while.
    let most = 1 + 1 + 24 + 25 + usize::try_from(rounds).expect("a few");
    assert!(stored <= most, "{stored} blobs: something is stored twice or left over");
}
