use serde_json::{Value, json};
use strata_oci::{Digest, MediaType};
use strata_tests::Strata;

use crate::scene::{Remote, code, noise};

fn descriptor(digest: &Digest, bytes: &[u8]) -> Value {
    json!({ "mediaType": MediaType::OCI_MANIFEST, "digest": digest, "size": bytes.len() })
}

#[test]
fn manifests_that_refer_to_one_are_listed() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    // A subject need not be there.
    let (late, late_bytes) = {
        let other = Strata::start();
        Remote(&other).image("demo", "1", &noise(1, 100), &json!({}))
    };
    let subject = descriptor(&late, &late_bytes);
    let signature = json!({
        "subject": subject, "artifactType": "application/x.signature", "annotations": { "by": "ada" },
    });
    let (first, _) = registry.image("demo", "", &noise(2, 100), &signature);
    let (second, _) = registry.image("demo", "", &noise(3, 100), &json!({ "subject": subject }));
    registry.image("elsewhere", "x", &noise(4, 100), &json!({ "subject": subject }));
    let bytes = serde_json::to_vec(&json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [], "subject": subject,
        "artifactType": "application/x.list",
    }))
    .expect("JSON");
    let put = registry.put("demo", &Digest::of(&bytes).to_string(), MediaType::OCI_INDEX, &bytes);
    assert_eq!((put.status, put.header("oci-subject")), (201, Some(late.to_string().as_str())));

    let list = |query: &str| {
        let answer = registry.get(&format!("/v2/demo/referrers/{late}{query}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(MediaType::OCI_INDEX)));
        (answer.json(), answer.header("oci-filters-applied").map(str::to_owned))
    };
    let (all, filtered) = list("");
    assert_eq!((all["schemaVersion"].as_u64(), filtered), (Some(2), None));
    let manifests = all["manifests"].as_array().expect("a list").clone();
    assert_eq!(manifests.len(), 3, "{all}");
    let of = |digest: &Digest| {
        manifests.iter().find(|entry| entry["digest"] == json!(digest)).expect("is listed").clone()
    };
    assert_eq!(of(&first)["artifactType"], "application/x.signature");
    assert_eq!(of(&first)["annotations"]["by"], "ada");
    assert_eq!(of(&second)["artifactType"], MediaType::OCI_CONFIG, "the config's type stands for it");
    let (some, filtered) = list("?artifactType=application/x.signature");
    assert_eq!(some["manifests"].as_array().map(Vec::len), Some(1));
    assert_eq!(filtered.as_deref(), Some("artifactType"));

    // Nothing refers to it: an empty list, not an error.
    let none = registry.get(&format!("/v2/none/referrers/{}", Digest::of(b"none")));
    assert_eq!((none.status, none.json()["manifests"].as_array().map(Vec::len)), (200, Some(0)));
    let wrong = registry.get("/v2/demo/referrers/sha256:12");
    assert_eq!((wrong.status, code(&wrong).as_str()), (400, "DIGEST_INVALID"));
    registry.expect("DELETE", &format!("/v2/demo/manifests/{first}"), b"", 202);
    assert_eq!(list("").0["manifests"].as_array().map(Vec::len), Some(2));

    // What clients of registries without referrers keep under a tag is listed too.
    let (extra, extra_bytes) = registry.image("demo", "", &noise(5, 100), &json!({}));
    let bytes = serde_json::to_vec(&json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [descriptor(&extra, &extra_bytes)],
    }))
    .expect("JSON");
    let tag = format!("sha256-{}", late.hex());
    assert_eq!(registry.put("demo", &tag, MediaType::OCI_INDEX, &bytes).status, 201);
    assert_eq!(list("").0["manifests"].as_array().map(Vec::len), Some(3));
}

#[test]
fn tags_come_page_by_page() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (_, bytes) = registry.image("demo", "tag-0", &noise(1, 10), &json!({}));
    for at in 1..7 {
        assert_eq!(registry.put("demo", &format!("tag-{at}"), MediaType::OCI_MANIFEST, &bytes).status, 201);
    }
    let mut next = Some("/v2/demo/tags/list?n=3".to_owned());
    let mut pages = Vec::new();
    while let Some(target) = next.take() {
        let page = registry.get(&target);
        pages.push(page.json()["tags"].as_array().expect("a list").len());
        let link = page
            .header("link")
            .and_then(|link| link.strip_prefix('<')?.split_once('>').map(|x| x.0.to_owned()));
        next = link;
    }
    assert_eq!(pages, [3, 3, 1]);
    registry.expect("DELETE", "/v2/demo/manifests/tag-3", b"", 202);
    registry.expect("GET", "/v2/demo/manifests/tag-3", b"", 404);
    registry.expect("GET", "/v2/demo/manifests/tag-4", b"", 200);
    let found = registry.get("/v1/search?q=dem").json();
    assert_eq!(found["results"][0]["name"], "demo");
}
