//! Peers pull from Strata's own `/v2/` and get the bytes that were put in.

use std::{collections::BTreeSet, path::Path, process::Command, sync::Arc};

use strata_forge::{Built, Compression, Form, Image, Layer};
use strata_oci::{Digest, Index, MediaType, Platform};
use strata_tests::{
    Docker, Dockerd, NetNs, Scratch, Skopeo, Strata, fixture,
    http::{Dial, Request},
    podman::Podman,
    run, skip_without, strata,
};

/// Strata with an embedded registry that holds `demo`, `odd:zstd` and, as an index of two platforms, `multi`.
struct Seeded {
    netns: Arc<NetNs>,
    strata: Strata,
    images: Vec<(&'static str, Built)>,
    _scratch: Scratch,
}

fn seeded() -> Seeded {
    let scratch = Scratch::new("seed");
    let netns = NetNs::new();
    let data = scratch.join("data");
    let images = vec![
        ("demo:latest", fixture::demo().form(Form::Oci).build()),
        ("team/zstd:1", fixture::other().form(Form::Oci).compression(Compression::Zstd(3)).build()),
        ("plain:v1.0", fixture::small("plain").form(Form::Oci).compression(Compression::None).build()),
    ];
    for (number, (name, image)) in images.iter().enumerate() {
        let layout = scratch.join(format!("layout-{number}"));
        fixture::layout(image, &layout, "x");
        seed(&data, &layout, name);
    }
    let options =
        strata::Options { netns: Some(netns.clone()), data: Some(data), ..strata::Options::default() };
    Seeded { strata: Strata::with(options), netns, images, _scratch: scratch }
}

fn seed(data: &Path, layout: &Path, name: &str) {
    run(Command::new(Strata::binary()).arg("seed").arg("--data").arg(data).arg(layout).arg(name)).ok();
}

fn needs() -> bool {
    skip_without(&["dockerd", "docker", "skopeo", "podman"])
}

#[test]
fn skopeo_copies_what_was_seeded() {
    if needs() {
        return;
    }
    let seeded = seeded();
    let skopeo = Skopeo::new(Some(&seeded.netns));
    let scratch = Scratch::new("copied");
    for (name, image) in &seeded.images {
        let remote = format!("127.0.0.1:{}/{name}", seeded.strata.port());
        let raw = skopeo.raw(&remote);
        assert_eq!(Digest::of(raw.stdout.as_bytes()), image.manifest.digest, "{name}");
        let mut inspect = skopeo.command();
        let inspect =
            run(inspect.args(["inspect", "--tls-verify=false", &format!("docker://{remote}")])).ok().json();
        assert_eq!(inspect["Digest"], image.manifest.digest.to_string());
        let layout = scratch.join(name.replace([':', '/'], "-"));
        skopeo.fetch(&remote, &layout, "copy");
        for blob in image.blobs() {
            let copied =
                std::fs::read(layout.join("blobs/sha256").join(blob.digest.hex())).expect("it was copied");
            assert_eq!(copied, blob.bytes);
        }
    }
    let tags = run(Skopeo::new(Some(&seeded.netns)).command().args([
        "list-tags",
        "--tls-verify=false",
        &format!("docker://127.0.0.1:{}/team/zstd", seeded.strata.port()),
    ]));
    assert_eq!(tags.ok().json()["Tags"], serde_json::json!(["1"]));
}

#[test]
fn podman_and_docker_pull() {
    if needs() {
        return;
    }
    let seeded = seeded();
    let podman = Podman::new(Some(&seeded.netns));
    let dockerd = Dockerd::start(&seeded.netns);
    let docker = Docker::new(&dockerd.socket());
    for (name, image) in &seeded.images {
        let remote = format!("127.0.0.1:{}/{name}", seeded.strata.port());
        let pulled = podman.pull(&remote).ok();
        assert_eq!(
            format!("sha256:{}", pulled.text().lines().last().unwrap_or_default()),
            image.id().to_string()
        );
        // dockerd 20.10 has no zstd.
        if *name != "team/zstd:1" {
            let pulled = docker.run(&["pull", &remote]).ok();
            assert!(pulled.stdout.contains(&format!("Digest: {}", image.manifest.digest)), "{pulled}");
            let id = docker.run(&["image", "inspect", "--format", "{{.Id}}", &remote]).ok();
            assert_eq!(id.text(), image.id().to_string());
        }
    }
}

/// Strata pulls from itself, and what comes out again is what went in.
#[test]
fn strata_pulls_from_its_own_registry() {
    if needs() {
        return;
    }
    let seeded = seeded();
    let docker = Docker::new(&seeded.strata.socket());
    for (name, image) in &seeded.images {
        let remote = format!("127.0.0.1:{}/{name}", seeded.strata.port());
        let pulled = docker.run(&["pull", &remote]).ok();
        assert!(pulled.stdout.contains(&format!("Digest: {}", image.manifest.digest)), "{pulled}");
    }
    assert_eq!(docker.run(&["images", "-q"]).ok().lines().len(), seeded.images.len());
}

#[test]
fn an_index_is_served_by_platform() {
    if needs() {
        return;
    }
    let scratch = Scratch::new("index");
    let build = |architecture: &str| {
        let platform = Platform::new("linux", architecture, None);
        let layer = Layer::new().file("arch", architecture);
        let image = Image::new().layer("COPY arch /", layer).platform(platform.clone()).build();
        (platform, image)
    };
    let (one, two) = (build("amd64"), build("arm64"));
    let mut layout =
        strata_forge::Layout::open(&scratch.join("layout")).expect("the scratch directory is writable");
    let manifests = [&one, &two].map(|(platform, image)| {
        let mut descriptor =
            layout.add_built(image, &platform.architecture).expect("the scratch directory is writable");
        descriptor.platform = Some(platform.clone());
        descriptor.annotations.clear();
        descriptor
    });
    let index = Index {
        schema_version: 2,
        media_type: Some(MediaType::OCI_INDEX.into()),
        manifests: manifests.to_vec(),
        annotations: Default::default(),
    };
    let descriptor = layout.add_index(&index, "multi").expect("the scratch directory is writable");
    // The seed takes the whole layout by the name; only one may be in it.
    let only = serde_json::json!({ "schemaVersion": 2, "manifests": [descriptor] });
    std::fs::write(scratch.join("layout/index.json"), only.to_string())
        .expect("the scratch directory is writable");
    let data = scratch.join("data");
    seed(&data, &scratch.join("layout"), "multi:1");
    let netns = NetNs::new();
    let strata =
        Strata::with(strata::Options { netns: Some(netns.clone()), data: Some(data), ..Default::default() });
    let remote = format!("127.0.0.1:{}/multi:1", strata.port());
    let raw = Skopeo::new(Some(&netns)).raw(&remote);
    assert_eq!(Digest::of(raw.stdout.as_bytes()), descriptor.digest);
    let docker = Docker::new(&strata.socket());
    for (platform, image) in [&one, &two] {
        docker.run(&["pull", "--platform", &platform.to_string(), &remote]).ok();
        let id = docker.run(&["image", "inspect", "--format", "{{.Id}} {{.Architecture}}", &remote]).ok();
        assert_eq!(id.text(), format!("{} {}", image.id(), platform.architecture));
    }
    let missing = docker.run(&["pull", "--platform", "linux/s390x", &remote]).fails();
    assert!(missing.stderr.contains("no matching manifest for linux/s390x"), "{missing}");
}

/// The specification's details that clients lean on.
#[test]
fn the_wire_is_as_specified() {
    if needs() {
        return;
    }
    let seeded = seeded();
    let dial: Dial = seeded.strata.tcp();
    let send = |request: Request| request.send(&dial).expect("it answers");
    let version = send(Request::get("/v2/"));
    assert_eq!(
        (version.status, version.header("docker-distribution-api-version")),
        (200, Some("registry/2.0"))
    );
    let (_, demo) = &seeded.images[0];
    let digest = demo.manifest.digest.to_string();
    for reference in ["latest", &digest] {
        let target = format!("/v2/demo/manifests/{reference}");
        for method in ["GET", "HEAD"] {
            let answer = send(Request::new(method, &target));
            assert_eq!(answer.status, 200, "{method} {target}");
            assert_eq!(answer.header("docker-content-digest"), Some(digest.as_str()));
            assert_eq!(answer.header("content-type"), Some(demo.manifest.media_type.as_str()));
            assert_eq!(answer.header("content-length"), Some(demo.manifest.bytes.len().to_string().as_str()));
            assert_eq!(answer.body.is_empty(), method == "HEAD");
        }
    }
    let layer = &demo.layers[0].blob;
    let target = format!("/v2/demo/blobs/{}", layer.digest);
    assert_eq!(send(Request::get(&target)).body, layer.bytes);
    let part = send(Request::get(&target).header("Range", "bytes=10-19"));
    assert_eq!((part.status, part.body.as_slice()), (206, &layer.bytes[10..20]));
    assert_eq!(part.header("content-range"), Some(format!("bytes 10-19/{}", layer.bytes.len()).as_str()));
    let beyond = send(Request::get(&target).header("Range", "bytes=99999999-"));
    assert_eq!(beyond.status, 416);

    let zeros = format!("sha256:{}", "0".repeat(64));
    let errors = [
        (format!("/v2/demo/manifests/{zeros}"), 404, "MANIFEST_UNKNOWN"),
        ("/v2/demo/manifests/nosuch".to_owned(), 404, "MANIFEST_UNKNOWN"),
        (format!("/v2/demo/blobs/{zeros}"), 404, "BLOB_UNKNOWN"),
        ("/v2/demo/blobs/nonsense".to_owned(), 400, "DIGEST_INVALID"),
        ("/v2/nosuch/tags/list".to_owned(), 404, "NAME_UNKNOWN"),
        ("/v2/UPPER/tags/list".to_owned(), 400, "NAME_INVALID"),
    ];
    for (target, status, code) in errors {
        let answer = send(Request::get(&target));
        assert_eq!(
            (answer.status, answer.json()["errors"][0]["code"].as_str()),
            (status, Some(code)),
            "{target}"
        );
    }
    let catalog = send(Request::get("/v2/_catalog")).json();
    let names: BTreeSet<&str> =
        catalog["repositories"].as_array().expect("a list").iter().filter_map(|v| v.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["demo", "plain", "team/zstd"]));
    let first = send(Request::get("/v2/_catalog?n=1"));
    assert_eq!(first.json()["repositories"], serde_json::json!(["demo"]));
    assert!(first.header("link").is_some_and(|link| link.contains("rel=\"next\"")), "{first:?}");
    // A blob of another repository is not served under this one's name... nor is one that was only pulled.
    let foreign = &seeded.images[2].1.layers[0].blob.digest;
    assert_eq!(send(Request::get(&format!("/v2/nosuch/blobs/{foreign}"))).status, 404);
}
