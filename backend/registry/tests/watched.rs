//! Who watches a client sees every request, in order, and nothing that is secret.

#[path = "support/account.rs"]
mod account;
mod support;

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};

use account::{PASSWORD, account, filled, login, pull};
use strata_faulty_registry::{Auth, Fault, FaultyRegistry, When};
use strata_oci::{Digest, MediaType};
use strata_registry::{Begun, Client, Event, Outbound, Purpose, Sent, Watch};
use support::{client, noise, reference, repository};

/// Keeps what it sees.
#[derive(Default)]
struct Notes(Mutex<Vec<Event>>);

impl Watch for Notes {
    fn see(&self, event: Event) {
        self.0.lock().expect("nobody panics").push(event);
    }
}

impl Notes {
    fn watching(client: &Client) -> (Arc<Self>, Client) {
        let notes = Arc::new(Self::default());
        let client = client.watched(notes.clone());
        (notes, client)
    }

    fn all(&self) -> Vec<Event> {
        self.0.lock().expect("nobody panics").clone()
    }

    fn begun(&self) -> Vec<Begun> {
        let all = self.all().into_iter();
        all.filter_map(|event| if let Event::Begun(begun) = event { Some(begun) } else { None }).collect()
    }

    /// How a request ended: its last status, bytes, and what went wrong.
    fn end(&self, number: u32) -> (Option<u16>, u64, Option<String>) {
        let mut end = (None, 0, None);
        for event in self.all() {
            match event {
                Event::Answered { request, status, .. } if request == number => end.0 = Some(status),
                Event::Ended { request, bytes, failure } if request == number => {
                    (end.1, end.2) = (bytes, failure)
                }
                _ => {}
            }
        }
        end
    }
}

#[tokio::test]
async fn a_pull_is_seen_request_by_request() {
    let registry = FaultyRegistry::start();
    let image = filled(&registry);
    registry.require(Auth::bearer(account()));
    let (notes, client) = Notes::watching(&client().with_login(&registry.domain(), login()));
    pull(&client, &registry).await.expect("pulls");

    let begun = notes.begun();
    let purposes: Vec<&Purpose> = begun.iter().map(|begun| &begun.purpose).collect();
    let scope = Purpose::Token { scope: "repository:demo:pull".into() };
    let blob = |digest: &Digest| Purpose::Blob(digest.clone());
    let expected = [
        &Purpose::Ping,
        &scope,
        &Purpose::Manifest("v1".into()),
        &blob(&image.config.digest),
        &blob(&image.layers[0].digest),
        &blob(&image.layers[1].digest),
    ];
    assert_eq!(purposes, expected);
    assert_eq!(begun.iter().map(|begun| begun.request).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(begun.iter().all(|begun| begun.host == registry.domain()));
    assert_eq!(
        begun.iter().map(|begun| begun.authorized).collect::<Vec<_>>(),
        [false, true, true, true, true, true]
    );
    assert_eq!(notes.end(1).0, Some(401), "which is how a registry asks for a login");
    assert_eq!(notes.end(5), (Some(200), 200_000, None));

    // A second pull needs neither first contact nor a new token, and none is invented.
    let (again, client) = Notes::watching(&client);
    pull(&client, &registry).await.expect("pulls");
    assert_eq!(again.begun()[0].purpose, Purpose::Manifest("v1".into()));
}

#[tokio::test]
async fn nothing_secret_is_seen() {
    let (registry, cdn) = (FaultyRegistry::start(), FaultyRegistry::start());
    let image = filled(&registry);
    filled(&cdn);
    registry.accept_pushes();
    registry.require(Auth::bearer(account()));
    let path = format!("/v2/demo/blobs/{}", image.layers[0].digest);
    registry.fault(
        When::path(&path).method("GET"),
        Fault::redirect(&cdn.url(&format!("{path}?signature=hidden"))),
    );
    let (notes, client) = Notes::watching(&client().with_login(&registry.domain(), login()));
    pull(&client, &registry).await.expect("pulls");
    push(&client, &registry, "pushed", 100_000).await;

    let all = format!("{:?}", notes.all());
    for secret in [PASSWORD, "s3cret", "Bearer", "hidden", "signature", "_state"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    let tokens = registry
        .requests()
        .iter()
        .filter_map(|request| request.header("authorization").map(str::to_owned))
        .collect::<Vec<_>>();
    assert!(
        !tokens.is_empty()
            && tokens.iter().all(|token| !all.contains(token.split(' ').nth(1).unwrap_or(token)))
    );
    for upload in registry.requests_for("/uploads/") {
        let id = upload.path.rsplit('/').next().unwrap_or_default();
        assert!(id.is_empty() || !all.contains(id), "what the registry calls the upload: {id}");
    }
    let redirected = notes.all().into_iter().find_map(|event| match event {
        Event::Redirected { host, .. } => Some(host),
        _ => None,
    });
    assert_eq!(redirected, Some(cdn.domain()), "the host and nothing else");
}

#[tokio::test]
async fn what_breaks_off_is_seen_to_go_on() {
    let registry = FaultyRegistry::start();
    let image = filled(&registry);
    let path = format!("/blobs/{}", image.layers[1].digest);
    registry.fault(When::path(&path).first(1), Fault::Close { after: 120_000 });
    registry.fault(When::path("/manifests/").first(1), Fault::status(503));
    let (notes, client) = Notes::watching(&client());
    pull(&client, &registry).await.expect("pulls");

    let layer = Purpose::Blob(image.layers[1].digest.clone());
    let tries: Vec<Begun> = notes.begun().into_iter().filter(|begun| begun.purpose == layer).collect();
    assert_eq!(tries.len(), 2);
    assert_eq!((tries[0].from, tries[1].from), (0, 120_000));
    let (status, bytes, failure) = notes.end(tries[0].request);
    assert_eq!((status, bytes), (Some(200), 120_000));
    assert_eq!(failure.as_deref(), Some("unexpected EOF"));
    assert_eq!(notes.end(tries[1].request), (Some(206), 180_000, None));
    let manifests: Vec<u32> = notes
        .begun()
        .into_iter()
        .filter(|begun| matches!(begun.purpose, Purpose::Manifest(_)))
        .map(|begun| begun.attempt)
        .collect();
    assert_eq!(manifests, [1, 2]);
}

#[tokio::test]
async fn a_push_is_seen_request_by_request() {
    let registry = FaultyRegistry::start();
    registry.accept_pushes();
    registry.cut_upload(40_000);
    let (notes, client) = Notes::watching(&client());
    let digest = push(&client, &registry, "team/app", 100_000).await;
    let seen: Vec<(Purpose, u64)> =
        notes.begun().into_iter().map(|begun| (begun.purpose, begun.from)).collect();
    assert_eq!(
        seen[..4].iter().map(|(purpose, _)| purpose.clone()).collect::<Vec<_>>(),
        [
            Purpose::Ping,
            Purpose::Check(digest.clone()),
            Purpose::Begin(digest.clone()),
            Purpose::Send(digest.clone()),
        ]
    );
    assert!(seen.contains(&(Purpose::Progress(digest.clone()), 0)));
    assert!(
        seen.iter().any(|(purpose, from)| *purpose == Purpose::Send(digest.clone()) && *from > 0),
        "{seen:?}"
    );
    assert_eq!(seen[seen.len() - 2].0, Purpose::Finish(digest));
    assert_eq!(seen[seen.len() - 1].0, Purpose::Put("latest".into()));

    // Mounted from there, not a byte goes over the network.
    let (notes, client) = Notes::watching(&client);
    push(&client, &registry, "team/app", 100_000).await;
    assert_eq!(notes.begun()[0].carries, 0);
    assert_eq!(notes.end(1).0, Some(200), "it is there");
}

async fn push(client: &Client, registry: &FaultyRegistry, name: &str, size: usize) -> Digest {
    let bytes = noise(size);
    let digest = Digest::of(&bytes);
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&bytes).expect("writes");
    let to = repository(&format!("{}/{name}", registry.domain()));
    let outbound = Outbound { digest: &digest, size: size as u64, path: file.path() };
    client.push_blob(&to, outbound, &[], &Sent::default()).await.expect("pushes");
    let manifest = bytes::Bytes::from_static(b"{\"schemaVersion\":2}");
    let tag = reference(&format!("{}/{name}:latest", registry.domain()));
    client.push_manifest(&tag, &MediaType::from(MediaType::OCI_MANIFEST), manifest).await.expect("stored");
    digest
}
