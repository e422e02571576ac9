//! Debian's docker-registry, filled by skopeo.

#[path = "support/debian.rs"]
mod debian;
mod support;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use debian::{DebianRegistry, PASSWORD};
use serde_json::json;
use strata_faulty_registry::{FaultyRegistry, Layer};
use strata_oci::{Digest, MediaType};
use strata_registry::{Client, Error, ErrorKind, Login, Parsed};
use support::{client, fetch, noise, reference, repository};

/// A tar of one file.
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = vec![0; content.len().next_multiple_of(512) - content.len() + 1024];
    [&header[..], content, &padding].concat()
}

/// An OCI layout with one image of two layers, tagged `v1`; the layers' tars.
fn layout(dir: &Path) -> Vec<Vec<u8>> {
    let tars = vec![tar("small", b"hello"), tar("large", &noise(3_000_000))];
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs).expect("created");
    let store = |kind: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).expect("written");
        json!({"mediaType": kind, "digest": digest, "size": bytes.len()})
    };
    let layers: Vec<_> = tars.iter().map(|tar| Layer::gzip(tar)).collect();
    let diff_ids: Vec<_> = layers.iter().map(|layer| &layer.diff_id).collect();
    let config = json!({"architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": [{"created_by": "a"}, {"created_by": "b"}]});
    let config = store(MediaType::OCI_CONFIG, config.to_string().as_bytes());
    let gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    let layers: Vec<_> = layers.iter().map(|layer| store(gzip, &layer.bytes)).collect();
    let manifest =
        json!({"schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST, "config": config, "layers": layers});
    let mut entry = store(MediaType::OCI_MANIFEST, manifest.to_string().as_bytes());
    entry["annotations"] = json!({"org.opencontainers.image.ref.name": "v1"});
    let index = json!({"schemaVersion": 2, "manifests": [entry]});
    fs::write(dir.join("index.json"), index.to_string()).expect("written");
    fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("written");
    tars
}

async fn pull(client: &Client, name: &str) -> Result<(String, Vec<usize>), Error> {
    let name = reference(name);
    let fetched = client.resolve(&name).await?;
    assert_eq!(client.head(&name).await?.as_ref(), Some(&fetched.descriptor));
    let Parsed::Manifest(manifest) = fetched.parsed else { panic!("one image was pushed") };
    client.config(name.repository(), &manifest.config).await?;
    let mut sizes = Vec::new();
    for layer in &manifest.layers {
        sizes.push(fetch(client, name.repository(), layer).await?.len());
    }
    Ok((fetched.descriptor.media_type.0, sizes))
}

#[tokio::test]
async fn what_skopeo_pushed_is_pulled() {
    let registry = DebianRegistry::start(false);
    let oci = registry.dir.path().join("layout");
    layout(&oci);
    registry.push(&oci, "v1", "demo:oci", &["--format", "oci"]);
    registry.push(&oci, "v1", "demo:docker", &["--format", "v2s2"]);
    registry.push(&oci, "v1", "zstd:v1", &["--format", "oci", "--dest-compress-format", "zstd"]);
    let domain = &registry.domain;
    let client = client();
    let (kind, sizes) = pull(&client, &format!("{domain}/demo:oci")).await.expect("pulled");
    assert_eq!((kind.as_str(), sizes.len()), (MediaType::OCI_MANIFEST, 2));
    let (kind, sizes) = pull(&client, &format!("{domain}/demo:docker")).await.expect("pulled");
    assert_eq!((kind.as_str(), sizes.len()), (MediaType::DOCKER_MANIFEST, 2));
    pull(&client, &format!("{domain}/zstd:v1")).await.expect("pulled");
    let mut tags = client.tags(&repository(&format!("{domain}/demo"))).await.expect("listed");
    tags.sort();
    assert_eq!(tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["docker", "oci"]);

    let unknown = client.resolve(&reference(&format!("{domain}/demo:nope"))).await.expect_err("not there");
    let expected = format!("manifest for {domain}/demo:nope not found: manifest unknown: manifest unknown");
    assert_eq!(unknown.to_string(), expected);
    let gone = strata_oci::Descriptor::new("x", Digest::of(b"gone"), 4);
    let gone = fetch(&client, &repository(&format!("{domain}/demo")), &gone).await.expect_err("not there");
    assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");

    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        client.head(&reference(&format!("{domain}/demo:oci"))).await.expect("there");
        quickest = quickest.min(start.elapsed());
    }
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
}

#[tokio::test]
async fn a_locked_registry_opens_to_the_right_password() {
    let registry = DebianRegistry::start(true);
    let oci = registry.dir.path().join("layout");
    layout(&oci);
    registry.push(&oci, "v1", "demo:v1", &[]);
    let domain = &registry.domain;
    let name = format!("{domain}/demo:v1");
    let right = client().with_login(domain, Login::password("user", PASSWORD));
    assert_eq!(pull(&right, &name).await.expect("pulled").1.len(), 2);
    right.authenticate(domain, Login::password("user", PASSWORD)).await.expect("accepted");
    let nobody = pull(&client(), &name).await.expect_err("locked");
    assert_eq!(
        nobody.to_string(),
        format!("Get \"http://{domain}/v2/demo/manifests/v1\": no basic auth credentials")
    );
    let wrong = client().with_login(domain, Login::password("user", "wrong"));
    let wrong = pull(&wrong, &name).await.expect_err("wrong");
    assert_eq!(wrong.to_string(), "unauthorized: authentication required");
    assert_eq!(wrong.kind(), ErrorKind::Unauthorized);
}

/// The faulty registry, without faults, is one that other tools accept.
#[test]
fn skopeo_pulls_from_the_faulty_registry() {
    let registry = FaultyRegistry::start();
    let layers = [Layer::gzip(&tar("a", b"hello")), Layer::gzip(&tar("b", &noise(100_000)))];
    for (form, name) in [
        (strata_faulty_registry::Form::Oci, "x/demo:oci"),
        (strata_faulty_registry::Form::Docker, "x/demo:docker"),
    ] {
        registry.add_image_in(form, name, &layers);
        for auth in [strata_faulty_registry::Auth::None, strata_faulty_registry::Auth::anonymous_bearer()] {
            registry.require(auth);
            let dir = tempfile::tempdir().expect("a temporary directory");
            let output = std::process::Command::new("skopeo")
                .args(["--insecure-policy", "copy", "--src-tls-verify=false"])
                .arg(format!("docker://{}/{name}", registry.domain()))
                .arg(format!("dir:{}", dir.path().display()))
                .output()
                .expect("skopeo is installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
