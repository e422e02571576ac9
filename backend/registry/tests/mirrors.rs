//! Mirrors: asked first, passed over when they fail.

mod support;

use std::time::{Duration, Instant};

use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, Image, Layer, When};
use strata_registry::{Client, ErrorKind, Login, Options};
use support::{fetch, noise, options, reference, repository};

fn filled(registry: &FaultyRegistry) -> Image {
    registry.add_image("demo:v1", &[Layer::plain(noise(1_000_000))])
}

/// A client that asks `mirrors` before `registry`.
fn client(registry: &FaultyRegistry, mirrors: &[String]) -> Client {
    let mirrors = mirrors.iter().map(|mirror| mirror.parse().expect("a mirror")).collect();
    let options = Options { mirrors: [(registry.domain(), mirrors)].into(), ..options() };
    Client::new(options).expect("valid options")
}

async fn pull(client: &Client, registry: &FaultyRegistry, image: &Image) {
    let name = reference(&format!("{}/demo:v1", registry.domain()));
    assert_eq!(client.resolve(&name).await.expect("resolved").descriptor, image.manifest);
    fetch(client, &repository(&format!("{}/demo", registry.domain())), &image.layers[0])
        .await
        .expect("fetched");
}

#[tokio::test]
async fn a_mirror_is_asked_instead_of_the_registry() {
    let (registry, mirror) = (FaultyRegistry::start(), FaultyRegistry::start());
    let image = filled(&registry);
    filled(&mirror);
    pull(&client(&registry, &[mirror.url("")]), &registry, &image).await;
    assert!(registry.requests().is_empty());
    assert_eq!(mirror.requests_for("/blobs/").len(), 1);
}

#[tokio::test]
async fn any_failure_of_a_mirror_is_passed_over() {
    let faults = [
        Fault::status(500),
        Fault::status(404),
        Fault::status(401),
        Fault::retry_after(429, "30"),
        Fault::html(),
        Fault::Corrupt { at: 9 },
        Fault::Length(7),
        Fault::Garbage(b"nonsense".to_vec()),
        Fault::redirect("file:///etc/passwd"),
    ];
    for fault in faults {
        let (registry, mirror) = (FaultyRegistry::start(), FaultyRegistry::start());
        let image = filled(&registry);
        filled(&mirror);
        mirror.fault(When::path("/manifests/"), fault.clone());
        let start = Instant::now();
        let name = reference(&format!("{}/demo:v1", registry.domain()));
        let client = client(&registry, &[mirror.url("")]);
        let fetched = client.resolve(&name).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(fetched.descriptor, image.manifest, "{fault:?}");
        assert!(start.elapsed() < Duration::from_secs(1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_blob_that_a_mirror_breaks_off_is_completed_by_the_registry() {
    let (registry, mirror) = (FaultyRegistry::start(), FaultyRegistry::start());
    let image = filled(&registry);
    filled(&mirror);
    mirror.fault(When::path("/blobs/"), Fault::Close { after: 400_000 });
    mirror.fault(When::path("/blobs/").after(1), Fault::status(500));
    pull(&client(&registry, &[mirror.url("")]), &registry, &image).await;
    let ranges: Vec<_> =
        registry.requests_for("/blobs/").iter().map(|r| r.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, [Some("bytes=400000-".to_owned())]);
}

#[tokio::test]
async fn a_mirror_that_is_down_is_left_alone_for_a_while() {
    let registry = FaultyRegistry::start();
    let image = filled(&registry);
    let down = FaultyRegistry::start().url("");
    let client = client(&registry, &[down]);
    pull(&client, &registry, &image).await;
    pull(&client, &registry, &image).await;
    // If all fail, it is the registry's failure that is reported.
    let name = reference(&format!("{}/demo:none", registry.domain()));
    let error = client.resolve(&name).await.expect_err("nowhere");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_mirror_is_not_shown_the_registrys_login() {
    let (registry, mirror) = (FaultyRegistry::start(), FaultyRegistry::start());
    let image = filled(&registry);
    filled(&mirror);
    let account = Account::new("user", "secret");
    registry.require(Auth::Basic(account.clone()));
    mirror.require(Auth::Basic(account));
    let client = client(&registry, &[mirror.url("")])
        .with_login(&registry.domain(), Login::password("user", "secret"));
    pull(&client, &registry, &image).await;
    assert!(registry.saw_authorization());
    assert!(!mirror.requests().is_empty() && !mirror.saw_authorization());
}

#[tokio::test]
async fn a_mirror_gets_no_login_by_naming_the_registrys_token_server_or_itself() {
    let (registry, mirror) = (FaultyRegistry::start(), FaultyRegistry::start());
    let image = filled(&registry);
    filled(&mirror);
    let account = || Some(Account::new("user", "secret"));
    let life = Duration::from_secs(60);
    registry.require(Auth::Bearer { account: account(), life, told: None, realm: None });
    for realm in [None, Some(registry.url("/token"))] {
        registry.forget();
        mirror.forget();
        mirror.require(Auth::Bearer { account: account(), life, told: None, realm });
        let known = client(&registry, &[mirror.url("")])
            .with_login(&registry.domain(), Login::password("user", "secret"));
        pull(&known, &registry, &image).await;
        // What is asked of the token server for the mirror is asked by nobody.
        assert!(!mirror.requests().is_empty() && !mirror.saw_authorization(), "{:?}", mirror.requests());
        assert!(registry.saw_authorization());
    }
}

#[tokio::test]
async fn tags_come_from_mirrors_too() {
    let (registry, mirror) = (FaultyRegistry::start(), FaultyRegistry::start());
    filled(&registry);
    filled(&mirror);
    let name = repository(&format!("{}/demo", registry.domain()));
    assert_eq!(client(&registry, &[mirror.url("")]).tags(&name).await.expect("listed").len(), 1);
    assert!(registry.requests().is_empty());
}
