//! Blobs and manifests get to a registry whole, once, and with nobody else seeing the login.

#[path = "support/account.rs"]
mod account;
mod support;

use std::{io::Write as _, path::Path};

use account::{account, login};
use bytes::Bytes;
use strata_faulty_registry::{Auth, Fault, FaultyRegistry, When};
use strata_oci::{Digest, MediaType, Repository};
use strata_registry::{Client, Error, ErrorKind, Outbound, Sent, Uploaded};
use support::{client, noise, repository};

struct Blob {
    file: tempfile::NamedTempFile,
    digest: Digest,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(size: usize) -> Self {
        let bytes = noise(size);
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&bytes).expect("writes");
        Self { file, digest: Digest::of(&bytes), bytes }
    }

    fn path(&self) -> &Path {
        self.file.path()
    }

    async fn push(&self, client: &Client, to: &Repository, from: &[Repository]) -> Result<Uploaded, Error> {
        let outbound = Outbound { digest: &self.digest, size: self.bytes.len() as u64, path: self.path() };
        client.push_blob(to, outbound, from, &Sent::default()).await
    }
}

fn writable() -> (FaultyRegistry, Repository) {
    let registry = FaultyRegistry::start();
    registry.accept_pushes();
    let to = repository(&format!("{}/team/demo", registry.domain()));
    (registry, to)
}

#[tokio::test]
async fn what_is_there_is_not_sent_and_what_is_elsewhere_is_mounted() {
    let (registry, to) = writable();
    let (client, blob) = (client(), Blob::new(300_000));
    let sent = Sent::default();
    let outbound = Outbound { digest: &blob.digest, size: 300_000, path: blob.path() };
    assert_eq!(client.push_blob(&to, outbound, &[], &sent).await.expect("sends"), Uploaded::Sent);
    assert_eq!(sent.bytes(), 300_000);
    assert_eq!(registry.blob(&blob.digest).expect("is there"), blob.bytes);
    registry.forget();
    assert_eq!(blob.push(&client, &to, &[]).await.expect("asks"), Uploaded::Exists);
    assert!(registry.requests().iter().all(|request| request.method == "HEAD"), "{:?}", registry.requests());
    let other = repository(&format!("{}/other", registry.domain()));
    let nowhere = repository(&format!("{}/nowhere", registry.domain()));
    let foreign = repository("r.example/team/demo");
    registry.forget();
    let mounted = blob.push(&client, &other, &[foreign, nowhere, to.clone()]).await.expect("mounts");
    assert_eq!(mounted, Uploaded::Mounted(to));
    let asked: Vec<_> =
        registry.requests_for("uploads").iter().map(|request| request.query.clone()).collect();
    assert_eq!(asked.len(), 2, "another registry's repository is not asked for: {asked:?}");
}

#[tokio::test]
async fn a_cut_upload_goes_on_where_it_broke_off() {
    let (registry, to) = writable();
    let blob = Blob::new(900_000);
    registry.cut_upload(250_000);
    registry.cut_upload(300_000);
    assert_eq!(blob.push(&client(), &to, &[]).await.expect("resumes"), Uploaded::Sent);
    assert_eq!(registry.blob(&blob.digest).expect("is there"), blob.bytes);
    let patches: Vec<_> = registry
        .requests()
        .iter()
        .filter(|request| request.method == "PATCH")
        .map(|r| r.bytes.len())
        .collect();
    assert_eq!(patches, [900_000, 650_000, 350_000]);
}

#[tokio::test]
async fn an_upload_of_which_nothing_is_known_begins_anew_and_lasting_failures_end() {
    let (registry, to) = writable();
    let blob = Blob::new(100_000);
    registry.cut_upload(0);
    registry.fault(When::path("/uploads/upload-").method("GET"), Fault::status(404));
    assert_eq!(blob.push(&client(), &to, &[]).await.expect("begins anew"), Uploaded::Sent);
    let begun = registry.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(begun, 2);
    let other = Blob::new(1000);
    registry.fault(When::path("/uploads").method("PATCH"), Fault::status(503));
    let error = other.push(&client(), &to, &[]).await.expect_err("never takes it");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_empty_blob_and_a_manifest() {
    let (registry, to) = writable();
    let (client, blob) = (client(), Blob::new(0));
    assert_eq!(blob.push(&client, &to, &[]).await.expect("sends"), Uploaded::Sent);
    let reference = to.with_tag("v1".parse().expect("a tag"));
    let bytes = Bytes::from_static(b"{}");
    client.push_manifest(&reference, &MediaType::from(MediaType::OCI_MANIFEST), bytes).await.expect("puts");
    let put = registry.requests_for("/manifests/v1").pop().expect("asked");
    assert_eq!(put.header("content-type"), Some(MediaType::OCI_MANIFEST));
    assert_eq!(put.bytes, b"{}");
}

#[tokio::test]
async fn logins_of_both_kinds_open_the_way() {
    for auth in [Auth::Basic(account()), Auth::bearer(account())] {
        let (registry, to) = writable();
        registry.require(auth);
        let blob = Blob::new(10_000);
        let error = blob.push(&client(), &to, &[]).await.expect_err("nobody");
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
        let known = client().with_login(&registry.domain(), login());
        assert_eq!(blob.push(&known, &to, &[]).await.expect("sends"), Uploaded::Sent);
    }
}

#[tokio::test]
async fn an_upload_to_another_host_sees_no_login() {
    for auth in [Auth::Basic(account()), Auth::bearer(account())] {
        let (registry, to) = writable();
        let (store, _) = writable();
        registry.require(auth);
        registry.upload_to(&store.url(""));
        let known = client().with_login(&registry.domain(), login());
        let blob = Blob::new(10_000);
        // The other host knows nothing of the upload; what matters is what it was shown.
        blob.push(&known, &to, &[]).await.expect_err("it has no such upload");
        assert!(registry.saw_authorization());
        assert!(!store.requests().is_empty(), "it was asked");
        assert!(!store.saw_authorization(), "{:?}", store.requests());
    }
}

#[tokio::test]
async fn an_upload_does_not_leave_https_nor_for_a_network_that_the_registry_is_not_in() {
    for (place, why) in [
        (FaultyRegistry::start().url(""), "it leaves https"),
        ("https://169.254.169.254".to_owned(), "a network that the registry is not in"),
    ] {
        let registry = FaultyRegistry::start_tls();
        registry.accept_pushes();
        registry.require(Auth::Basic(account()));
        registry.upload_to(&place);
        let known = client().with_login(&registry.domain(), login());
        let to = repository(&format!("{}/demo", registry.domain()));
        let error = Blob::new(10_000).push(&known, &to, &[]).await.expect_err("refuses");
        assert!(error.to_string().contains(why), "{error}");
        assert!(registry.requests().iter().all(|request| request.method != "PATCH"));
    }
}

#[tokio::test]
async fn a_server_that_takes_the_registrys_place_sees_a_login_only_at_the_registrys_own_address() {
    // The same host, another port: another server.
    let (registry, neighbour) = (writable(), writable());
    neighbour.0.require(Auth::Basic(account()));
    let known = client().with_login(&registry.0.domain(), login());
    let error = Blob::new(10).push(&known, &neighbour.1, &[]).await.expect_err("nobody's login");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!neighbour.0.saw_authorization());
    // Sent there for a check, and back with an upload.
    registry.0.require(Auth::Basic(account()));
    registry.0.fault(
        When::path("/blobs/sha256:").method("HEAD"),
        Fault::redirect(&neighbour.0.url("/v2/x/blobs/y")),
    );
    let _ = Blob::new(10_000).push(&known, &registry.1, &[]).await;
    assert!(!neighbour.0.requests_for("/v2/x/").is_empty());
    assert!(!neighbour.0.saw_authorization(), "{:?}", neighbour.0.requests());
}

#[tokio::test]
async fn content_is_not_sent_where_a_redirect_leads() {
    let (registry, to) = writable();
    let (other, _) = writable();
    registry.require(Auth::Basic(account()));
    registry
        .fault(When::path("/uploads/").method("PATCH"), Fault::redirect(&other.url("/v2/x/blobs/uploads/y")));
    let known = client().with_login(&registry.domain(), login());
    let error = Blob::new(10_000).push(&known, &to, &[]).await.expect_err("refuses");
    assert!(error.to_string().contains("the request carries content"), "{error}");
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_search_asks_the_registry_itself() {
    let registry = FaultyRegistry::start();
    let known = client().with_login("r.example", login());
    let error = known.search(&registry.domain(), "demo", 5).await.expect_err("it has no search");
    assert!(!registry.saw_authorization(), "the login is another's: {error}");
    assert_eq!(registry.requests_for("/v1/search")[0].query, "q=demo&n=5");
}
