//! What the OCI distribution specification 1.1 requires of a registry, by its categories: pull, push, content discovery and
//! content management. The names of the tests are those of its end points; what goes beyond it is in the other modules.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strata_oci::{Digest, MediaType};
use strata_tests::{
    Strata,
    http::{Answer, Request},
};

use crate::scene::{Remote, code, noise};

const NAME: &str = "conformance/of-it.1_a/b--c";

fn absent() -> Digest {
    Digest::of(b"what nobody has")
}

/// A header that must be there.
#[track_caller]
fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.header(name).unwrap_or_else(|| panic!("no {name} in {:?}", answer.headers))
}

/// An error has a list of at least one, with a code.
#[track_caller]
fn is_error(answer: &Answer, status: u16, known: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(known.contains(&code(answer).as_str()), "{}", answer.text());
    assert!(header(answer, "content-type").starts_with("application/json"));
}

#[test]
fn end_1_the_api_is_spoken() {
    let strata = Strata::start();
    assert_eq!(Remote(&strata).get("/v2/").status, 200);
}

#[test]
fn end_2_blobs_are_pulled_whole_and_in_part() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let bytes = noise(1, 70_000);
    let digest = registry.blob(NAME, &bytes);
    let place = format!("/v2/{NAME}/blobs/{digest}");
    for method in ["GET", "HEAD"] {
        let answer = registry.send(Request::new(method, &place));
        assert_eq!((answer.status, header(&answer, "content-length")), (200, "70000"), "{method}");
        assert_eq!(header(&answer, "docker-content-digest"), digest.to_string());
        assert!(if method == "GET" { answer.body == bytes } else { answer.body.is_empty() });
        let none = registry.send(Request::new(method, &format!("/v2/{NAME}/blobs/{}", absent())));
        assert_eq!(none.status, 404, "{method}");
    }
    is_error(&registry.get(&format!("/v2/{NAME}/blobs/{}", absent())), 404, &["BLOB_UNKNOWN"]);
    is_error(&registry.get(&format!("/v2/{NAME}/blobs/sha256:12")), 400, &["DIGEST_INVALID"]);
    let part = |range: &str| registry.send(Request::get(&place).header("Range", range));
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=69990-", 69_990, 70_000),
        ("bytes=-5", 69_995, 70_000),
    ] {
        let answer = part(range);
        assert_eq!((answer.status, answer.body == bytes[from..to]), (206, true), "{range}");
        assert_eq!(header(&answer, "content-range"), format!("bytes {from}-{}/70000", to - 1));
    }
    assert_eq!(part("bytes=70000-").status, 416);
    // A client resumes with what it was told the blob is.
    let tag = header(&registry.get(&place), "etag").to_owned();
    let resumed = Request::get(&place).header("Range", "bytes=5-").header("If-Range", &tag);
    assert_eq!(registry.send(resumed).status, 206);
    assert_eq!(registry.send(Request::get(&place).header("If-None-Match", &tag)).status, 304);
}

#[test]
fn end_3_manifests_are_pulled_by_tag_and_digest() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (digest, bytes) = registry.image(NAME, "v1.0_A-b", &noise(1, 100), &json!({}));
    for reference in ["v1.0_A-b".to_owned(), digest.to_string()] {
        for method in ["GET", "HEAD"] {
            let target = format!("/v2/{NAME}/manifests/{reference}");
            let answer =
                registry.send(Request::new(method, &target).header("Accept", MediaType::OCI_MANIFEST));
            assert_eq!((answer.status, header(&answer, "content-type")), (200, MediaType::OCI_MANIFEST));
            assert_eq!(header(&answer, "docker-content-digest"), digest.to_string());
            assert_eq!(header(&answer, "content-length"), bytes.len().to_string());
            assert!(if method == "GET" { answer.body == bytes } else { answer.body.is_empty() });
        }
    }
    for reference in ["none".to_owned(), absent().to_string()] {
        for method in ["GET", "HEAD"] {
            let answer = registry.send(Request::new(method, &format!("/v2/{NAME}/manifests/{reference}")));
            assert_eq!(answer.status, 404, "{method} {reference}");
        }
        is_error(&registry.get(&format!("/v2/{NAME}/manifests/{reference}")), 404, &["MANIFEST_UNKNOWN"]);
    }
    is_error(&registry.get("/v2/none/manifests/x"), 404, &["NAME_UNKNOWN", "MANIFEST_UNKNOWN"]);
}

#[test]
fn end_4_and_6_blobs_are_pushed_in_two_requests_or_in_one() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    // An empty one is a blob too.
    for bytes in [noise(1, 10_000), Vec::new()] {
        let digest = Digest::of(&bytes);
        let place = registry.begin(NAME);
        assert!(place.starts_with('/') || place.starts_with("http"), "{place}");
        let target = format!("{place}?digest={digest}");
        let octets = |request: Request| {
            registry.send(request.header("Content-Type", "application/octet-stream").body(bytes.clone()))
        };
        let done = octets(Request::new("PUT", &target));
        assert_eq!(done.status, 201, "{}", done.text());
        assert!(registry.get(header(&done, "location")).body == bytes);
        // 201, or 202 with a place to send it to.
        let once = octets(Request::new("POST", &format!("/v2/once/blobs/uploads/?digest={digest}")));
        assert_eq!(once.status, 201, "{}", once.text());
        assert!(registry.get(header(&once, "location")).body == bytes);
    }
    let wrong = format!("{}?digest={}", registry.begin(NAME), absent());
    is_error(
        &registry.expect("PUT", &wrong, b"other bytes", 400),
        400,
        &["DIGEST_INVALID", "BLOB_UPLOAD_INVALID"],
    );
    is_error(&registry.expect("POST", "/v2/UPPER/blobs/uploads/", b"", 400), 400, &["NAME_INVALID"]);
}

#[test]
fn end_5_blobs_are_pushed_in_chunks() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let bytes = noise(1, 30_000);
    let digest = Digest::of(&bytes);
    let mut place = registry.begin(NAME);
    let chunk = |place: &str, from: usize, to: usize| {
        let request = Request::new("PATCH", place).header("Content-Range", &format!("{from}-{}", to - 1));
        registry.send(request.header("Content-Type", "application/octet-stream").body(&bytes[from..to]))
    };
    let early = chunk(&place, 10_000, 20_000);
    assert_eq!(early.status, 416, "the first chunk begins at nothing");
    for (from, to) in [(0, 10_000), (10_000, 20_000)] {
        let answer = chunk(&place, from, to);
        assert_eq!((answer.status, header(&answer, "range")), (202, format!("0-{}", to - 1).as_str()));
        place = header(&answer, "location").to_owned();
        let asked = registry.expect("GET", &place, b"", 204);
        assert_eq!(header(&asked, "range"), format!("0-{}", to - 1));
        place = header(&asked, "location").to_owned();
    }
    is_error(&chunk(&place, 0, 10_000), 416, &["BLOB_UPLOAD_INVALID"]);
    let target = format!("{place}?digest={digest}");
    let last = Request::new("PUT", &target).header("Content-Range", "20000-29999").body(&bytes[20_000..]);
    let done = registry.send(last);
    assert_eq!(done.status, 201, "{}", done.text());
    assert!(registry.get(header(&done, "location")).body == bytes);
    is_error(&registry.expect("GET", &place, b"", 404), 404, &["BLOB_UPLOAD_UNKNOWN"]);
    // One that was cancelled is gone.
    let place = registry.begin(NAME);
    registry.expect("DELETE", &place, b"", 204);
    registry.expect("GET", &place, b"", 404);
}

#[test]
fn end_7_manifests_are_pushed() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (digest, bytes) = registry.image(NAME, "1", &noise(1, 100), &json!({}));
    let put = registry.put(NAME, "2", MediaType::OCI_MANIFEST, &bytes);
    assert_eq!((put.status, header(&put, "docker-content-digest")), (201, digest.to_string().as_str()));
    assert!(registry.get(header(&put, "location")).body == bytes);
    let put = registry.put(NAME, &digest.to_string(), MediaType::OCI_MANIFEST, &bytes);
    assert_eq!(put.status, 201);
    // A manifest is kept to the byte, white space and unknown fields included.
    let mut odd: Value = serde_json::from_slice(&bytes).expect("JSON");
    odd["unknown"] = json!({ "b": 1, "a": [] });
    let odd = serde_json::to_vec_pretty(&odd).expect("JSON");
    assert_eq!(registry.put(NAME, "odd", MediaType::OCI_MANIFEST, &odd).status, 201);
    assert!(registry.get(&format!("/v2/{NAME}/manifests/odd")).body == odd);
    // An index of it, and one that names what isn't there.
    let index = |digest: &Digest| {
        let entry = json!({ "mediaType": MediaType::OCI_MANIFEST, "digest": digest, "size": bytes.len() });
        serde_json::to_vec(
            &json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [entry] }),
        )
        .expect("JSON")
    };
    assert_eq!(registry.put(NAME, "index", MediaType::OCI_INDEX, &index(&digest)).status, 201);
    let missing = registry.put(NAME, "bad", MediaType::OCI_INDEX, &index(&absent()));
    assert!((400..500).contains(&missing.status), "{}", missing.text());
    let mut lacking: Value = serde_json::from_slice(&bytes).expect("JSON");
    lacking["layers"][0]["digest"] = json!(absent());
    let lacking = serde_json::to_vec(&lacking).expect("JSON");
    let refused = registry.put(NAME, "bad", MediaType::OCI_MANIFEST, &lacking);
    is_error(&refused, 404, &["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"]);
    is_error(&registry.put(NAME, "bad", MediaType::OCI_MANIFEST, b"{"), 400, &["MANIFEST_INVALID"]);
    assert_eq!(registry.get(&format!("/v2/{NAME}/manifests/bad")).status, 404);
    // No image: another config, no layers, an artifact's type.
    let empty = registry.blob(NAME, b"{}");
    let artifact = json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST, "artifactType": "application/x.thing",
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": empty, "size": 2 },
        "layers": [{ "mediaType": "application/vnd.oci.empty.v1+json", "digest": empty, "size": 2 }],
    });
    let artifact = serde_json::to_vec(&artifact).expect("JSON");
    assert_eq!(registry.put(NAME, "thing", MediaType::OCI_MANIFEST, &artifact).status, 201);
}

#[test]
fn end_8_tags_are_listed_in_order_and_in_pages() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (_, bytes) = registry.image(NAME, "b", &noise(1, 10), &json!({}));
    for tag in ["a", "C", "c", "10", "9"] {
        assert_eq!(registry.put(NAME, tag, MediaType::OCI_MANIFEST, &bytes).status, 201);
    }
    let list = |query: &str| {
        let answer = registry.get(&format!("/v2/{NAME}/tags/list{query}"));
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!(body["name"], NAME);
        let tags: Vec<String> = serde_json::from_value(body["tags"].clone()).expect("a list of texts");
        (tags.join(" "), answer.header("link").map(str::to_owned))
    };
    assert_eq!(list(""), ("10 9 C a b c".into(), None));
    let (first, link) = list("?n=2");
    assert_eq!(first, "10 9");
    assert!(link.expect("there is more").ends_with("; rel=\"next\""));
    assert_eq!(list("?n=2&last=9").0, "C a");
    assert_eq!(list("?n=2&last=b"), ("c".into(), None));
    assert_eq!(list("?last=b").0, "c");
    assert_eq!(list("?n=0"), (String::new(), None));
    is_error(&registry.get("/v2/none/tags/list"), 404, &["NAME_UNKNOWN"]);
}

#[test]
fn end_8_many_tags_and_repositories_are_all_found() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (_, bytes) = registry.image(NAME, "tag-0", &noise(1, 10), &json!({}));
    for at in 1..250 {
        let tag = format!("tag-{at}");
        assert_eq!(registry.put(NAME, &tag, MediaType::OCI_MANIFEST, &bytes).status, 201);
    }
    for at in 0..25 {
        registry.image(&format!("many/{at}"), "1", b"layer", &json!({}));
    }
    let all = |first: &str, key: &str| {
        let (mut next, mut pages, mut found) = (Some(first.to_owned()), 0, BTreeSet::new());
        while let Some(target) = next {
            let page = registry.get(&target);
            let names: Vec<String> = serde_json::from_value(page.json()[key].clone()).expect("a list");
            let before = found.len() + names.len();
            found.extend(names);
            assert_eq!(found.len(), before, "nothing comes twice");
            pages += 1;
            let link = page.header("link").and_then(|link| link.strip_prefix('<')?.split_once('>'));
            next = link.map(|(target, _)| target.to_owned());
        }
        (pages, found.len())
    };
    assert_eq!(all(&format!("/v2/{NAME}/tags/list?n=100"), "tags"), (3, 250));
    assert_eq!(all(&format!("/v2/{NAME}/tags/list"), "tags"), (1, 250));
    assert_eq!(all("/v2/_catalog?n=10", "repositories"), (3, 26));
}

#[test]
fn end_9_and_10_what_is_deleted_is_gone() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (digest, _) = registry.image(NAME, "1", &noise(1, 100), &json!({}));
    let (other, _) = registry.image(NAME, "2", &noise(2, 100), &json!({}));
    let status = |reference: &str| registry.get(&format!("/v2/{NAME}/manifests/{reference}")).status;
    // A tag alone.
    registry.expect("DELETE", &format!("/v2/{NAME}/manifests/1"), b"", 202);
    assert_eq!((status("1"), status(&digest.to_string())), (404, 200));
    // A manifest with its tags.
    registry.expect("DELETE", &format!("/v2/{NAME}/manifests/{other}"), b"", 202);
    assert_eq!((status("2"), status(&other.to_string())), (404, 404));
    registry.expect("DELETE", &format!("/v2/{NAME}/manifests/{other}"), b"", 404);
    registry.expect("DELETE", &format!("/v2/{NAME}/manifests/2"), b"", 404);
    // A blob that nothing names.
    let layer = Digest::of(&noise(2, 100));
    registry.expect("DELETE", &format!("/v2/{NAME}/blobs/{layer}"), b"", 202);
    registry.expect("GET", &format!("/v2/{NAME}/blobs/{layer}"), b"", 404);
    registry.expect("DELETE", &format!("/v2/{NAME}/blobs/{layer}"), b"", 404);
    registry.expect("DELETE", &format!("/v2/{NAME}/blobs/sha256:1"), b"", 400);
    // It may come again.
    assert_eq!(registry.blob(NAME, &noise(2, 100)), layer);
}

#[test]
fn end_11_blobs_are_mounted_from_other_repositories() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let bytes = noise(1, 1000);
    let digest = registry.blob(NAME, &bytes);
    let mount = |to: &str, digest: &Digest, from: &str| {
        registry.send(Request::new("POST", &format!("/v2/{to}/blobs/uploads/?mount={digest}{from}")))
    };
    let mounted = mount("other", &digest, &format!("&from={NAME}"));
    assert_eq!(mounted.status, 201);
    assert!(registry.get(header(&mounted, "location")).body == bytes);
    for (digest, from) in
        [(&absent(), format!("&from={NAME}")), (&digest, "&from=none".into()), (&digest, String::new())]
    {
        let instead = mount("third", digest, &from);
        assert_eq!(instead.status, 202, "{from}");
        registry.expect("DELETE", header(&instead, "location"), b"", 204);
    }
    assert_eq!(registry.get(&format!("/v2/third/blobs/{digest}")).status, 404);
}

#[test]
fn end_12_and_13_referrers_are_listed() {
    let strata = Strata::start();
    let registry = Remote(&strata);
    let (subject, bytes) = registry.image(NAME, "1", &noise(1, 100), &json!({}));
    let of = json!({ "mediaType": MediaType::OCI_MANIFEST, "digest": subject, "size": bytes.len() });
    let list = |query: &str| registry.get(&format!("/v2/{NAME}/referrers/{subject}{query}"));
    let none = list("");
    assert_eq!((none.status, header(&none, "content-type")), (200, MediaType::OCI_INDEX));
    assert_eq!(none.json()["manifests"], json!([]));
    let (sbom, sbom_bytes) = registry.image(
        NAME,
        "",
        &noise(2, 100),
        &json!({ "subject": of, "artifactType": "application/x.sbom" }),
    );
    let (signature, _) = registry.image(
        NAME,
        "",
        &noise(3, 100),
        &json!({ "subject": of, "artifactType": "application/x.signature", "annotations": { "k": "v" } }),
    );
    let put = registry.put(NAME, &sbom.to_string(), MediaType::OCI_MANIFEST, &sbom_bytes);
    assert_eq!(header(&put, "oci-subject"), subject.to_string());
    let all = list("").json();
    assert_eq!((&all["schemaVersion"], &all["mediaType"]), (&json!(2), &json!(MediaType::OCI_INDEX)));
    assert_eq!(all["manifests"].as_array().map(Vec::len), Some(2));
    let some = list("?artifactType=application/x.signature");
    assert_eq!(header(&some, "oci-filters-applied"), "artifactType");
    let entry = &some.json()["manifests"][0];
    assert_eq!((&entry["digest"], &entry["annotations"]["k"]), (&json!(signature), &json!("v")));
    assert_eq!(
        (&entry["artifactType"], entry["size"].as_u64().is_some()),
        (&json!("application/x.signature"), true)
    );
    is_error(&registry.get(&format!("/v2/{NAME}/referrers/x")), 400, &["DIGEST_INVALID"]);
    registry.expect("DELETE", &format!("/v2/{NAME}/manifests/{sbom}"), b"", 202);
    assert_eq!(list("").json()["manifests"].as_array().map(Vec::len), Some(1));
}
