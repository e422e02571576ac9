//! Lists of registries: repositories and tags page by page, referrers with and without the registry's own list.

#[path = "support/debian.rs"]
mod debian;
mod support;

use debian::DebianRegistry;
use strata_faulty_registry::{Fault, FaultyRegistry, Layer, When};
use strata_forge::Image;
use strata_oci::{Digest, MediaType};
use strata_registry::ErrorKind;
use support::{client, repository};

#[tokio::test]
async fn tags_come_page_by_page() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo:v1", &[Layer::plain(b"x".to_vec())]);
    for number in 0..250 {
        registry.tag("demo", &format!("t{number:03}"), &image.manifest.digest);
    }
    let (client, name) = (client(), repository(&format!("{}/demo", registry.domain())));
    let mut next = None;
    let mut pages = Vec::new();
    loop {
        let page = client.tags_page(&name, next.as_deref()).await.expect("a page");
        pages.push(page.items.len());
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    // That registry gives a hundred at a time, whatever it is asked for.
    assert_eq!(pages, [100, 100, 51]);
    assert_eq!(client.tags(&name).await.expect("all").len(), 251);
    let none = client.tags_page(&repository(&format!("{}/none", registry.domain())), None).await;
    assert_eq!(none.expect_err("unknown").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn repositories_of_a_real_registry() {
    let registry = DebianRegistry::start(false);
    let dir = tempfile::tempdir().expect("a directory");
    Image::new()
        .layer("COPY x", strata_forge::Layer::new().file("x", "x"))
        .write_layout(dir.path(), "v1")
        .expect("written");
    for name in ["a/b:1", "a/b:2", "c:1"] {
        registry.push(dir.path(), "v1", name, &[]);
    }
    let client = client();
    let page = client.catalog_page(&registry.domain, None).await.expect("a catalog");
    assert_eq!((page.items, page.next), (vec!["a/b".to_owned(), "c".to_owned()], None));
    let first = client.catalog_page(&registry.domain, Some("n=1")).await.expect("a page");
    assert_eq!(first.items, ["a/b"]);
    let second = client.catalog_page(&registry.domain, first.next.as_deref()).await.expect("the next");
    assert_eq!(second.items, ["c"]);
    assert_eq!(client.speaks(&registry.domain), Some(true));
    // It knows no referrers, and nobody put any under a tag.
    let name = repository(&format!("{}/c", registry.domain));
    assert!(client.referrers(&name, &Digest::of(b"x")).await.expect("none").is_empty());
}

#[tokio::test]
async fn what_isnt_a_registry_doesnt_speak_like_one() {
    let registry = FaultyRegistry::start();
    registry.fault(When::any(), Fault::html());
    let client = client();
    client.catalog_page(&registry.domain(), None).await.expect_err("no catalog");
    assert_eq!(client.speaks("registry.example"), None, "never asked");
}

#[tokio::test]
async fn referrers_under_a_tag() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo:v1", &[Layer::plain(b"x".to_vec())]);
    let subject = &image.manifest.digest;
    let kind = "application/vnd.dev.cosign.artifact.sig.v1+json";
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"{index}","manifests":[{{"mediaType":"{manifest}","digest":"{subject}","size":7,"artifactType":"{kind}"}}]}}"#,
        index = MediaType::OCI_INDEX,
        manifest = MediaType::OCI_MANIFEST,
    );
    let digest = registry.add_manifest("demo", MediaType::OCI_INDEX, index);
    registry.tag("demo", &format!("sha256-{}", subject.hex()), &digest);
    let name = repository(&format!("{}/demo", registry.domain()));
    let found = client().referrers(&name, subject).await.expect("by the tag");
    assert_eq!(found.iter().map(|entry| entry.artifact_type.as_deref()).collect::<Vec<_>>(), [Some(kind)]);
}
