//! The client: who is asked, as whom, and with which settings.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use strata_oci::{Descriptor, Digest, Repository};

use crate::{
    Blob, Error, Fetched, Limits, Login, Mirror, Options, Retry, Timeouts,
    authorizer::Authorizer,
    challenge::Challenge,
    contact::Contact,
    pace::Pace,
    peer::{Peer, peers, registry},
    refusal::Subject,
    session::Ask,
    transport::Transport,
    watch::{Watch, Watcher},
};

/// How long a mirror that could not be reached is left alone.
const MIRROR_REST: Duration = Duration::from_secs(60);

/// A client of registries; cheap to clone, all clones share connections and tokens.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    given: Option<Arc<Given>>,
    pub(crate) watcher: Option<Arc<Watcher>>,
}

/// A login that came with a call.
struct Given {
    domain: String,
    login: Login,
}

pub(crate) struct Shared {
    pub(crate) transport: Transport,
    pub(crate) authorizer: Authorizer,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) limits: Limits,
    mirrors: BTreeMap<String, Vec<Mirror>>,
    contacts: Mutex<HashMap<String, Arc<Contact>>>,
    resting: Mutex<HashMap<String, Instant>>,
}

impl Client {
    /// A client with these settings. Makes no connection yet.
    pub fn new(options: Options) -> Result<Self, Error> {
        let transport = Transport::new(&options)?;
        let shared = Shared {
            transport,
            authorizer: Authorizer::new(options.credentials, options.timeouts.response),
            timeouts: options.timeouts,
            retry: options.retry,
            limits: options.limits,
            mirrors: options.mirrors,
            contacts: Mutex::default(),
            resting: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), given: None, watcher: None })
    }

    /// The same client showing `login` to the registry `domain` (a reference's domain) instead of what its
    /// [`Credentials`](crate::Credentials) say; for `X-Registry-Auth`. Its tokens are not used by others.
    pub fn with_login(&self, domain: &str, login: Login) -> Self {
        let given = Given { domain: domain.to_owned(), login };
        Self { given: Some(Arc::new(given)), ..self.clone() }
    }

    /// The same client, telling `watch` of every request. First contacts and tokens that are known already are not asked for again.
    pub fn watched(&self, watch: Arc<dyn Watch>) -> Self {
        Self { watcher: Some(Arc::new(Watcher::new(watch))), ..self.clone() }
    }

    /// Whether `domain` answered as registries do, if it was asked anything already.
    pub fn speaks(&self, domain: &str) -> Option<bool> {
        self.shared.known(domain).map(|contact| contact.speaks)
    }

    /// Takes no notice any more of what [`Credentials`](crate::Credentials) said so far: a login was added or taken away.
    pub fn forget_logins(&self) {
        self.shared.authorizer.forget();
    }

    /// Fetches a manifest or index by digest.
    pub async fn manifest(&self, repository: &Repository, digest: &Digest) -> Result<Fetched, Error> {
        self.resolve(&repository.with_digest(digest.clone())).await
    }

    /// Fetches a blob as a stream of chunks; nothing is sent before the first poll.
    pub fn blob(&self, repository: &Repository, descriptor: &Descriptor) -> Blob {
        self.blob_from(repository, descriptor, 0)
    }

    /// The same without its first `from` bytes: they are not asked for, where the registry knows ranges.
    pub fn blob_from(&self, repository: &Repository, descriptor: &Descriptor, from: u64) -> Blob {
        Blob::new(self.clone(), repository.clone(), descriptor, from)
    }

    /// Checks that `domain` is a registry and accepts `login` (for `docker login`).
    pub async fn authenticate(&self, domain: &str, login: Login) -> Result<(), Error> {
        let peer = registry(domain, &self.shared.transport);
        let mut pace = Pace::new(self.shared.retry);
        let client = self.with_login(domain, login);
        match client.ask(&peer, &Ask::get(Subject::Registry, String::new()), &mut pace).await {
            Ok(_) => Ok(()),
            Err(Error::Unauthorized { request, reason }) => match self.shared.known(domain) {
                // dockerd says more where the registry itself checks the password.
                Some(contact) if contact.challenge() == Some(Challenge::Basic) => {
                    let url = contact.url("");
                    let reason = format!("login attempt to {url} failed with status: 401 Unauthorized");
                    Err(Error::Unauthorized { request: None, reason })
                }
                _ => Err(Error::Unauthorized { request, reason }),
            },
            Err(error) => Err(error),
        }
    }

    /// Whom to ask for a repository; at least its registry.
    pub(crate) fn peers(&self, repository: &Repository) -> Vec<Peer> {
        let mut peers = peers(repository.domain(), &self.shared.mirrors, &self.shared.transport);
        peers.retain(|peer| !peer.mirror || !self.shared.is_resting(&peer.domain));
        peers
    }

    /// The login that came with the call, if it is for this peer.
    pub(crate) fn given(&self, peer: &Peer) -> Option<&Login> {
        self.given
            .as_deref()
            .filter(|given| given.domain == peer.domain && !peer.mirror)
            .map(|given| &given.login)
    }

    /// Notes that a peer failed, and that the next is asked.
    pub(crate) fn pass_over(&self, peer: &Peer, error: &Error) {
        tracing::info!(mirror = peer.domain, %error, "mirror passed over");
        if matches!(error, Error::Unreachable { .. }) {
            self.shared.rest(&peer.domain);
        }
    }
}

impl Shared {
    pub(crate) fn known(&self, domain: &str) -> Option<Arc<Contact>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).get(domain).cloned()
    }

    pub(crate) fn keep(&self, contact: Contact) -> Arc<Contact> {
        let contact = Arc::new(contact);
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        contacts.insert(contact.domain.clone(), contact.clone());
        contact
    }

    pub(crate) fn forget(&self, domain: &str) {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).remove(domain);
    }

    fn is_resting(&self, domain: &str) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(domain).is_some_and(|since| since.elapsed() < MIRROR_REST)
    }

    fn rest(&self, domain: &str) {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).insert(domain.to_owned(), Instant::now());
    }
}
