//! References to manifests, right and wrong.

mod support;

use std::time::Duration;

use strata_faulty_registry::{Fault, FaultyRegistry, Form, Layer, When};
use strata_oci::{Descriptor, Digest, MediaType, Platform};
use strata_registry::{Client, Error, ErrorKind, Parsed};
use support::{client, options, reference, repository};

fn manifests() -> When {
    When::path("/manifests/")
}

#[tokio::test]
async fn tags_and_digests_are_resolved() {
    for form in [Form::Oci, Form::Docker] {
        let registry = FaultyRegistry::start();
        let image = registry.add_image_in(form, "a/b:v1", &[Layer::gzip(b"tar")]);
        let (name, digest) = (format!("{}/a/b", registry.domain()), &image.manifest.digest);
        for text in [format!("{name}:v1"), format!("{name}@{digest}"), format!("{name}:other@{digest}")] {
            let fetched = client().resolve(&reference(&text)).await.expect("resolved");
            assert_eq!(fetched.descriptor, image.manifest);
            assert_eq!(fetched.bytes, image.manifest_bytes);
            assert!(matches!(fetched.parsed, Parsed::Manifest(manifest) if manifest.layers == image.layers));
            assert_eq!(client().head(&reference(&text)).await.expect("there"), Some(image.manifest.clone()));
        }
        let request = &registry.requests_for("/manifests/")[0];
        for kind in MediaType::ACCEPT {
            assert!(request.header("accept").is_some_and(|accept| accept.contains(kind)), "{kind}");
        }
    }
}

#[tokio::test]
async fn an_index_leads_to_its_manifests() {
    let registry = FaultyRegistry::start();
    let on = |architecture: &str| {
        let image = registry.add_image(&format!("demo:{architecture}"), &[Layer::plain(architecture.into())]);
        Descriptor { platform: Some(Platform::new("linux", architecture, None)), ..image.manifest }
    };
    let entries = [on("amd64"), on("arm64")];
    let digest = registry.add_index("demo:all", &entries);
    let name = reference(&format!("{}/demo:all", registry.domain()));
    let fetched = client().resolve(&name).await.expect("resolved");
    assert_eq!(fetched.descriptor.digest, digest);
    let Parsed::Index(index) = fetched.parsed else { panic!("an index was put there") };
    let entry = index.choose(&Platform::new("linux", "arm64", None)).expect("on offer");
    let fetched = client().manifest(name.repository(), &entry.digest).await.expect("fetched");
    assert_eq!(fetched.descriptor.digest, entries[1].digest);
}

#[tokio::test]
async fn what_is_not_there_is_reported_as_docker_does() {
    let registry = FaultyRegistry::start();
    registry.add_image("demo:v1", &[]);
    let domain = registry.domain();
    let error = async |text: String| client().resolve(&reference(&text)).await.expect_err("not there");
    let unknown = error(format!("{domain}/demo:nope")).await;
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    let expected = format!("manifest for {domain}/demo:nope not found: manifest unknown: manifest unknown");
    assert_eq!(unknown.to_string(), expected);
    let expected =
        format!("repository {domain}/none not found: name unknown: repository name not known to registry");
    assert_eq!(error(format!("{domain}/none")).await.to_string(), expected);
    let head = client().head(&reference(&format!("{domain}/demo:nope"))).await.expect_err("not there");
    assert_eq!(head.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_closed_port_is_reported_as_docker_does() {
    let registry = FaultyRegistry::start();
    let domain = registry.domain();
    drop(registry);
    let error = client().resolve(&reference(&format!("{domain}/demo"))).await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        error.to_string(),
        format!("Get \"http://{domain}/v2/\": dial tcp {domain}: connect: connection refused")
    );
    let error = client().resolve(&reference("no-such-host.invalid/demo")).await.expect_err("no such host");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let start = "Get \"https://no-such-host.invalid/v2/\": dial tcp: lookup no-such-host.invalid: ";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[tokio::test]
async fn bytes_that_are_not_the_right_ones_are_refused() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo:v1", &[]);
    let domain = registry.domain();
    let outcome = async |text: &str, fault: Fault| {
        registry.heal();
        registry.fault(manifests(), fault);
        client().resolve(&reference(text)).await.expect_err("wrong bytes")
    };
    let (tag, pinned) = (format!("{domain}/demo:v1"), format!("{domain}/demo@{}", image.manifest.digest));
    let other = Fault::content_digest(&Digest::of(b"other").to_string());
    let cases = [
        (&pinned, Fault::Corrupt { at: 20 }, ErrorKind::Mismatch),
        (&tag, Fault::Corrupt { at: 20 }, ErrorKind::Mismatch),
        (&tag, other.clone(), ErrorKind::Mismatch),
        (&pinned, other, ErrorKind::Mismatch),
        (&pinned, Fault::html(), ErrorKind::Mismatch),
        (&tag, Fault::html(), ErrorKind::Protocol),
        (&tag, Fault::Endless, ErrorKind::Protocol),
        (&tag, Fault::Append(vec![b' '; 5 << 20]), ErrorKind::Protocol),
        (&tag, Fault::Stall { after: 5, pause: Duration::from_secs(30) }, ErrorKind::Unavailable),
        (&tag, Fault::Close { after: 5 }, ErrorKind::Unavailable),
        (&tag, Fault::HeaderBomb { count: 200, size: 1 }, ErrorKind::Unavailable),
    ];
    for (text, fault, kind) in cases {
        let error = outcome(text, fault.clone()).await;
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        // For head it is no answer, never a wrong one.
        if let Ok(Some(announced)) = client().head(&reference(text)).await {
            assert!(text == &tag || announced.digest == image.manifest.digest);
        }
    }
    let error = outcome(&tag, Fault::html()).await;
    assert!(error.to_string().contains("unsupported manifest media type \"text/html"), "{error}");
}

#[tokio::test]
async fn a_manifest_that_breaks_off_is_fetched_again() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo:v1", &[]);
    for fault in
        [Fault::Close { after: 5 }, Fault::Reset { after: 5 }, Fault::status(500), Fault::Garbage(vec![])]
    {
        registry.heal();
        registry.fault(manifests().first(2), fault);
        let fetched =
            client().resolve(&reference(&format!("{}/demo:v1", registry.domain()))).await.expect("at last");
        assert_eq!(fetched.descriptor.digest, image.manifest.digest);
    }
}

#[tokio::test]
async fn docker_schema_1_is_refused_clearly() {
    let registry = FaultyRegistry::start();
    let body = br#"{"schemaVersion":1,"name":"demo","tag":"old","fsLayers":[]}"#;
    let digest =
        registry.add_manifest("demo", "application/vnd.docker.distribution.manifest.v1+prettyjws", *body);
    registry.tag("demo", "old", &digest);
    let error =
        client().resolve(&reference(&format!("{}/demo:old", registry.domain()))).await.expect_err("schema 1");
    assert!(matches!(error, Error::Manifest { .. }));
    assert!(error.to_string().contains("docker schema version 1, which is no longer supported"), "{error}");
}

#[tokio::test]
async fn a_head_that_does_not_say_all_is_no_answer() {
    let registry = FaultyRegistry::start();
    registry.add_image("demo:v1", &[]);
    let name = reference(&format!("{}/demo:v1", registry.domain()));
    let faults = [
        Fault::NoHeader("Docker-Content-Digest".into()),
        Fault::content_digest("sha256:short"),
        Fault::NoHeader("Content-Type".into()),
        Fault::status(405),
    ];
    for fault in faults {
        registry.heal();
        registry.fault(manifests().method("HEAD"), fault);
        assert_eq!(client().head(&name).await.expect("no error"), None);
        client().resolve(&name).await.expect("a GET says all");
    }
}

#[tokio::test]
async fn all_pages_of_tags_are_read() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo:v1", &[]);
    for n in 0..250 {
        registry.tag("demo", &format!("t{n:03}"), &image.manifest.digest);
    }
    let name = repository(&format!("{}/demo", registry.domain()));
    let tags = client().tags(&name).await.expect("listed");
    assert_eq!(tags.len(), 251);
    assert_eq!(tags[0].as_str(), "t000");
    assert_eq!(registry.requests_for("/tags/list").len(), 3);
    // A link that leads in a circle, and one that leads elsewhere.
    for link in
        ["</v2/demo/tags/list?n=1000>; rel=\"next\"", "<http://169.254.169.254/x?n=1000>; rel=\"next\""]
    {
        registry.heal();
        registry.fault(When::path("/tags/list"), Fault::Header { name: "Link".into(), value: link.into() });
        assert_eq!(client().tags(&name).await.expect("listed").len(), 100);
    }
    let none =
        client().tags(&repository(&format!("{}/none", registry.domain()))).await.expect_err("no such name");
    assert_eq!(none.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn https_on_this_machine_is_found_and_needs_no_authority() {
    let registry = FaultyRegistry::start_tls();
    let image = registry.add_image("demo:v1", &[Layer::plain(vec![7; 100_000])]);
    let client = client();
    for _ in 0..2 {
        let fetched =
            client.resolve(&reference(&format!("{}/demo:v1", registry.domain()))).await.expect("over https");
        assert_eq!(fetched.descriptor, image.manifest);
    }
    let name = repository(&format!("{}/demo", registry.domain()));
    support::fetch(&client, &name, &image.layers[0]).await.expect("over https");
}

#[tokio::test]
async fn an_unchanged_image_is_known_in_two_round_trips() {
    let registry = FaultyRegistry::start();
    registry.add_image("demo:v1", &[]);
    let client = Client::new(options()).expect("valid options");
    let name = reference(&format!("{}/demo:v1", registry.domain()));
    client.head(&name).await.expect("there");
    assert_eq!(registry.requests().len(), 2);
    client.head(&name).await.expect("there");
    assert_eq!(registry.requests().len(), 3);
    // The quickest of several: the machine may be busy with other tests.
    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        let start = std::time::Instant::now();
        client.head(&name).await.expect("there");
        quickest = quickest.min(start.elapsed());
    }
    assert!(quickest < Duration::from_millis(25), "{quickest:?}");
}

#[tokio::test]
async fn a_registry_that_goes_away_is_reported_like_one_that_never_was() {
    let registry = FaultyRegistry::start();
    registry.add_image("demo:v1", &[]);
    let (client, domain) = (client(), registry.domain());
    let name = reference(&format!("{domain}/demo:v1"));
    client.resolve(&name).await.expect("there");
    drop(registry);
    let error = client.resolve(&name).await.expect_err("gone");
    assert_eq!(
        error.to_string(),
        format!("Get \"http://{domain}/v2/\": dial tcp {domain}: connect: connection refused")
    );
}

#[tokio::test]
async fn the_name_of_this_machine_will_do() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo:v1", &[]);
    let port = registry.address().port();
    let fetched = client().resolve(&reference(&format!("localhost:{port}/demo:v1"))).await.expect("resolved");
    assert_eq!(fetched.descriptor, image.manifest);
}
