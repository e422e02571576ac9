//! Manifests, configs and registries that lie.

use crate::scene::{
    Fate::{Contained, Either, Refused},
    *,
};
use serde_json::{Value, json};
use std::sync::PoisonError;
use strata_faulty_registry::{Fault, FaultyRegistry, When};
use strata_forge::Built;
use strata_oci::Digest;
use strata_tests::{fixture, skip_without};

/// A manifest that says something else than the image.
fn manifest(change: impl FnOnce(&mut Value)) -> Built {
    fixture::edited(&fixture::small("manifest").build(), |_| {}, change)
}

fn config(change: impl FnOnce(&mut Value)) -> Built {
    fixture::edited(&fixture::small("config").build(), change, |_| {})
}

#[test]
fn manifests_and_configs_that_lie() {
    let zeros = format!("sha256:{}", "0".repeat(64));
    let many =
        |count: usize| manifest(move |m| m["layers"] = Value::Array(vec![m["layers"][0].clone(); count]));
    let cases = vec![
        ("ten-thousand-layers", many(10_000), Refused("10000 layers")),
        ("two-layers-one-diff-id", many(2), Refused("")),
        ("no-layers-one-diff-id", many(0), Refused("")),
        ("blob-missing", manifest(|m| m["layers"][0]["digest"] = json!(zeros)), Refused("")),
        ("size-too-small", manifest(|m| m["layers"][0]["size"] = json!(10)), Refused("")),
        ("size-too-large", manifest(|m| m["layers"][0]["size"] = json!(1_000_000)), Refused("")),
        ("size-absurd", manifest(|m| m["layers"][0]["size"] = json!(1u64 << 62)), Refused("")),
        ("size-negative", manifest(|m| m["layers"][0]["size"] = json!(-1)), Refused("")),
        ("config-size", manifest(|m| m["config"]["size"] = json!(1)), Refused("")),
        ("config-absurd", manifest(|m| m["config"]["size"] = json!(1u64 << 40)), Refused("")),
        ("config-is-layer", manifest(|m| m["config"] = m["layers"][0].clone()), Refused("")),
        (
            "layer-is-config",
            manifest(|m| {
                m["layers"][0]["digest"] = m["config"]["digest"].clone();
                m["layers"][0]["size"] = m["config"]["size"].clone();
            }),
            Refused(""),
        ),
        (
            "digest-traversal",
            manifest(|m| m["layers"][0]["digest"] = json!("sha256:../../../../etc/passwd")),
            Refused(""),
        ),
        (
            "digest-algorithm",
            manifest(|m| m["layers"][0]["digest"] = json!(format!("md5:{}", "0".repeat(32)))),
            Refused(""),
        ),
        (
            "schema-1",
            manifest(|m| *m = json!({ "schemaVersion": 1, "name": "x", "fsLayers": [], "history": [] })),
            Refused(""),
        ),
        ("schema-9", manifest(|m| m["schemaVersion"] = json!(9)), Refused("schema version 9")),
        ("both-kinds", manifest(|m| m["manifests"] = json!([])), Refused("ambiguous")),
        ("not-an-object", manifest(|m| *m = json!([1, 2])), Refused("")),
        (
            "an-artifact",
            manifest(|m| m["config"]["mediaType"] = json!("application/vnd.example.thing")),
            Refused(""),
        ),
        (
            "layer-type-unknown",
            manifest(|m| m["layers"][0]["mediaType"] = json!("application/x-evil")),
            Either,
        ),
        ("config-diff-id", config(|c| c["rootfs"]["diff_ids"][0] = json!(zeros)), Refused("unpacks to")),
        ("config-diff-id-nonsense", config(|c| c["rootfs"]["diff_ids"][0] = json!("../x")), Refused("")),
        ("config-no-rootfs", config(|c| drop(c.as_object_mut().map(|c| c.remove("rootfs")))), Refused("")),
        ("config-not-object", config(|c| *c = json!("x")), Refused("")),
        ("config-history-longer", config(|c| c["history"] = json!([{}, {}, {}, {}])), Either),
        ("config-other-os", config(|c| c["os"] = json!("windows")), Refused("")),
        (
            "config-labels-hostile",
            config(|c| c["config"]["Labels"] = json!({ "<script>": "\u{1b}[2J\u{202e}" })),
            Contained,
        ),
    ];
    all(cases);
}

/// Fetching what a manifest names elsewhere would make us a tool against the owner's network.
#[test]
fn layers_on_other_hosts_are_not_fetched() {
    if skip_without(&[]) {
        return;
    }
    let elsewhere = FaultyRegistry::start();
    let image = manifest(|m| {
        m["layers"][0]["mediaType"] = json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
        m["layers"][0]["digest"] = json!(Digest::of(b"foreign").to_string());
        m["layers"][0]["urls"] = json!([elsewhere.url("/foreign")]);
    });
    assert_eq!(range().try_image("foreign", &image, Refused("")), None);
    assert!(elsewhere.requests().is_empty(), "{:?}", elsewhere.requests());
}

#[test]
fn a_registry_that_sends_something_else() {
    if skip_without(&[]) {
        return;
    }
    let range = range();
    let image = fixture::small("sent").build();
    let layer = format!("/blobs/{}", image.layers[0].blob.digest);
    let config = format!("/blobs/{}", image.config.digest);
    let page = || Fault::html();
    let bytes = |size: usize| Fault::Append(vec![0; size]);
    let cases: Vec<(&str, String, Fault, Fate)> = vec![
        ("layer-corrupt", layer.clone(), Fault::Corrupt { at: 20 }, Refused("")),
        ("layer-longer", layer.clone(), bytes(100), Refused("")),
        ("layer-endless", layer.clone(), Fault::Endless, Refused("")),
        ("layer-page", layer.clone(), page(), Refused("")),
        ("layer-cut-for-good", layer.clone(), Fault::Close { after: 10 }, Refused("")),
        ("config-corrupt", config.clone(), Fault::Corrupt { at: 3 }, Refused("")),
        ("config-endless", config, Fault::Endless, Refused("")),
        ("manifest-page", "/manifests/".into(), page(), Refused("")),
        ("manifest-huge", "/manifests/".into(), bytes(40 << 20), Refused("")),
        ("manifest-endless", "/manifests/".into(), Fault::Endless, Refused("")),
        ("manifest-garbage", "/manifests/".into(), Fault::Garbage(b"\x00\xff\x00".to_vec()), Refused("")),
        ("header-bomb", "/manifests/".into(), Fault::HeaderBomb { count: 10_000, size: 1000 }, Refused("")),
        (
            "digest-header",
            "/manifests/".into(),
            Fault::content_digest(&format!("sha256:{}", "0".repeat(64))),
            Refused(""),
        ),
        (
            "type-header",
            "/manifests/".into(),
            Fault::Header { name: "Content-Type".into(), value: "image/png".into() },
            Refused(""),
        ),
    ];
    let mut wrong = Vec::new();
    for (name, part, fault, fate) in cases {
        range.add(name, &image);
        // Blobs are shared by all repositories, and other tests pull at the same time: the path has the name.
        let when = format!("/v2/{name}{part}");
        range.registry.fault(When::path(&when), fault);
        wrong.extend(range.try_pull(name, fate, || {}));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_pinned_manifest_is_what_it_is_pinned_to() {
    if skip_without(&[]) {
        return;
    }
    let range = range();
    let (honest, other) = (fixture::small("honest").build(), fixture::small("other").build());
    range.add("pinned", &honest);
    range.add("pinned", &other);
    let _turn = range.turn.lock().unwrap_or_else(PoisonError::into_inner);
    let before = range.store();
    let status = Fault::Status {
        code: 200,
        headers: vec![("Content-Type".into(), other.manifest.media_type.clone())],
        body: other.manifest.bytes.clone(),
    };
    range.registry.fault(When::path(&format!("/v2/pinned/manifests/{}", honest.manifest.digest)), status);
    let from = format!("{}/pinned@{}", range.registry.domain(), honest.manifest.digest);
    let error = range.pull_of(&from).expect_err("another manifest came");
    assert!(error.contains("digest") || error.contains(honest.manifest.digest.hex()), "{error}");
    range.check_store(&before, "pinned");
}
