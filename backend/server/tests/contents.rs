//! Bytes out of the store: the registry's blobs, and layers' indexes and files, whole and in parts.

mod support;

use std::process::Command;

use strata_oci::Digest;
use support::{Server, big, built, demo};

#[test]
fn the_registry_is_read_by_everybody_on_this_machine() {
    let server = Server::with_demo(&demo());
    let host = server.host();
    let get = |method: &str, target: &str, headers: &[(&str, &str)]| {
        let mut all = vec![("Host", host.as_str())];
        all.extend(headers);
        server.raw(method, target, &all)
    };
    let base = get("GET", "/v2/", &[]);
    assert_eq!((base.status, base.header("docker-distribution-api-version")), (200, Some("registry/2.0")));
    assert_eq!(get("GET", "/v2/_catalog", &[]).json()["repositories"], serde_json::json!(["demo"]));
    assert_eq!(
        get("GET", "/v2/demo/tags/list", &[]).json(),
        serde_json::json!({ "name": "demo", "tags": ["latest"] })
    );

    let image = built();
    let digest = image.manifest.digest.to_string();
    for reference in ["latest", digest.as_str()] {
        let manifest = get("GET", &format!("/v2/demo/manifests/{reference}"), &[]);
        assert_eq!((manifest.status, manifest.header("docker-content-digest")), (200, Some(digest.as_str())));
        assert_eq!(manifest.header("content-type"), Some(image.manifest.media_type.as_str()));
        assert_eq!(manifest.body, image.manifest.bytes);
        let head = get("HEAD", &format!("/v2/demo/manifests/{reference}"), &[]);
        let length = image.manifest.bytes.len().to_string();
        assert_eq!(
            (head.status, head.header("content-length"), head.body.len()),
            (200, Some(length.as_str()), 0)
        );
    }
    let blob = &image.layers[0].blob;
    let target = format!("/v2/demo/blobs/{}", blob.digest);
    let whole = get("GET", &target, &[]);
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("bytes")));
    assert_eq!(Digest::of(&whole.body), blob.digest);
    let part = get("GET", &target, &[("Range", "bytes=10-19")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &blob.bytes[10..20]));
    assert_eq!(part.header("content-range"), Some(format!("bytes 10-19/{}", blob.bytes.len()).as_str()));
    let rest =
        get("GET", &target, &[("Range", "bytes=10-"), ("If-Range", whole.header("etag").expect("a tag"))]);
    assert_eq!((rest.status, rest.body.as_slice()), (206, &blob.bytes[10..]));
    assert_eq!(get("GET", &target, &[("Range", "bytes=99999999-")]).status, 416);
    let head = get("HEAD", &target, &[]);
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, Some(blob.bytes.len().to_string().as_str()), 0)
    );

    let zeros = format!("sha256:{:064}", 0);
    for (method, target, status, code) in [
        ("GET", "/v2/demo/manifests/nope".to_owned(), 404, "MANIFEST_UNKNOWN"),
        ("GET", "/v2/nope/manifests/latest".to_owned(), 404, "MANIFEST_UNKNOWN"),
        ("GET", "/v2/nope/tags/list".to_owned(), 404, "NAME_UNKNOWN"),
        ("GET", format!("/v2/demo/blobs/{zeros}"), 404, "BLOB_UNKNOWN"),
        ("GET", "/v2/demo/blobs/sha256:12".to_owned(), 400, "DIGEST_INVALID"),
        ("GET", "/v2/DEMO/tags/list".to_owned(), 400, "NAME_INVALID"),
        ("GET", "/v2/demo/..%2f..%2fetc/tags/list".to_owned(), 400, "NAME_INVALID"),
        ("GET", "/v2/_catalog?n=x".to_owned(), 400, "PAGINATION_NUMBER_INVALID"),
        ("GET", "/v2/nothing".to_owned(), 404, "NAME_UNKNOWN"),
        ("PUT", "/v2/demo/manifests/x".to_owned(), 400, "MANIFEST_INVALID"),
        ("POST", "/v2/DEMO/blobs/uploads/".to_owned(), 400, "NAME_INVALID"),
        ("PATCH", "/v2/demo/blobs/uploads/x".to_owned(), 404, "BLOB_UPLOAD_UNKNOWN"),
        ("PUT", "/v2/demo/blobs/uploads/x".to_owned(), 400, "DIGEST_INVALID"),
        ("DELETE", "/v2/demo/manifests/nope".to_owned(), 404, "MANIFEST_UNKNOWN"),
        ("DELETE", format!("/v2/demo/blobs/{zeros}"), 404, "BLOB_UNKNOWN"),
        ("DELETE", format!("/v2/demo/blobs/{}", blob.digest), 405, "UNSUPPORTED"),
        ("POST", "/v2/demo/tags/list".to_owned(), 405, "UNSUPPORTED"),
    ] {
        let reply = get(method, &target, &[]);
        assert_eq!(
            (reply.status, reply.json()["errors"][0]["code"].as_str()),
            (status, Some(code)),
            "{method} {target}: {}",
            reply.text()
        );
    }
}

#[test]
fn layers_have_indexes_and_files() {
    let server = Server::with_demo(&demo());
    server.unix("POST", &format!("/images/create?fromImage={}/demo&tag=latest", server.host()));
    let layer = format!("/api/layers/{}", built().layers[0].diff_id);
    let index = server.tcp("GET", &format!("{layer}/index"), &[]);
    assert_eq!(
        (index.status, index.header("cache-control")),
        (200, Some("private, max-age=31536000, immutable"))
    );
    assert!(!index.body.is_empty());
    let tag = index.header("etag").expect("a tag").to_owned();
    assert_eq!(server.tcp("GET", &format!("{layer}/index"), &[("If-None-Match", &tag)]).status, 304);

    let file = |path: &str, headers: &[(&str, &str)]| {
        server.tcp("GET", &format!("{layer}/file?path={path}"), headers)
    };
    let whole = file("big", &[]);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("application/octet-stream")));
    assert!(whole.body == big());
    assert_eq!(whole.header("content-disposition"), Some("attachment; filename*=UTF-8''big"));
    assert!(whole.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    let part = file("big", &[("Range", "bytes=131000-131200")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &big()[131_000..=131_200]));
    assert_eq!(file("big", &[("Range", "bytes=-1")]).body, &big()[300_000..]);
    assert_eq!(file("big", &[("Range", "bytes=300001-")]).status, 416);
    let odd = file("odd%20%FF%2B%25", &[]);
    assert_eq!((odd.status, odd.text().as_str()), (200, "odd"));
    assert_eq!(odd.header("content-disposition"), Some("attachment; filename*=UTF-8''odd%20%FF%2B%25"));
    for (path, status) in [("nope", 404), ("", 400), ("../../../etc/passwd", 400), ("etc/../../x", 400)] {
        let reply = file(path, &[]);
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        assert!(reply.json()["message"].is_string());
    }
    assert_eq!(server.tcp("GET", "/api/layers/nonsense/index", &[]).status, 400);
    assert_eq!(server.tcp("GET", &format!("/api/layers/sha256:{:064}/index", 0), &[]).status, 404);

    let detail = server.tcp("GET", "/api/image?ref=demo", &[]);
    assert_eq!(detail.status, 404, "its name has the registry: {}", detail.text());
    let detail = server.tcp("GET", &format!("/api/image?ref={}%2Fdemo", server.host()), &[]);
    assert_eq!(detail.json()["rows"].as_array().map(Vec::len), Some(3));
    let blame =
        server.tcp("GET", &format!("/api/blame?ref={}/demo&path=etc/motd", server.host()), &[]).json();
    assert_eq!((&blame[0]["change"], &blame[1]["change"]), (&"added".into(), &"deleted".into()));
    assert_eq!(server.tcp("GET", &format!("/api/waste?ref={}/demo", server.host()), &[]).status, 200);
    assert_eq!(server.tcp("GET", "/api/image", &[]).status, 400);
}

#[test]
fn skopeo_can_pull() {
    let Ok(version) = Command::new("skopeo").arg("--version").output() else {
        eprintln!("skipped: skopeo is not installed");
        return;
    };
    assert!(version.status.success());
    let server = Server::with_demo(&demo());
    let copied = Command::new("skopeo")
        .args(["copy", "--src-tls-verify=false", &format!("docker://{}/demo:latest", server.host())])
        .arg(format!("dir:{}", server.dir.path().join("copy").display()))
        .output()
        .expect("runs");
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}
