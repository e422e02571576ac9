//! What a client does, told as it happens: each request to a registry, its answer, and its bytes.
//!
//! What is told is fit for everybody's eyes. A place is told as host and path; never told are queries, headers, bodies, the names of
//! uploads, and the path of a place that a registry sent us to: they may stand for a right.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use http::Method;
use strata_oci::Digest;

use crate::Error;

/// Between two figures of one request.
const TICK: Duration = Duration::from_millis(100);

/// Somebody who watches what a client does. Called from within requests: must not block.
pub trait Watch: Send + Sync {
    /// Something happened.
    fn see(&self, event: Event);
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// First contact: whether this is a registry, and how it wants to be shown a login.
    Ping,
    /// A token for a scope, such as `repository:demo:pull`.
    Token {
        /// What the token is to allow.
        scope: String,
    },
    /// A manifest or index, or its head; the tag or digest.
    Manifest(String),
    /// A blob's bytes.
    Blob(Digest),
    /// Whether a blob is there.
    Check(Digest),
    /// That the registry takes a blob over from another of its repositories.
    Mount {
        /// The blob.
        digest: Digest,
        /// The other repository's path.
        from: String,
    },
    /// A place to send a blob to.
    Begin(Digest),
    /// A blob's bytes, sent.
    Send(Digest),
    /// The end of an upload.
    Finish(Digest),
    /// How much of an upload arrived.
    Progress(Digest),
    /// Storing a manifest under a tag or digest.
    Put(String),
    /// The tags of a repository.
    Tags,
    /// The repositories of a registry.
    Catalog,
    /// What refers to a manifest.
    Referrers(Digest),
    /// A search.
    Search,
}

/// A request, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its number, from 1, in the order in which they were sent.
    pub request: u32,
    /// Its method.
    pub method: Method,
    /// `host[:port]` that it goes to.
    pub host: String,
    /// Its path, as far as it may be told.
    pub path: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// The first byte that is asked for or sent: more than 0 where something broken off goes on.
    pub from: u64,
    /// Bytes that it carries.
    pub carries: u64,
    /// Whether it shows a login or token.
    pub authorized: bool,
}

/// Something that happened to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was sent.
    Begun(Begun),
    /// Its answer leads to another place.
    Redirected {
        /// Which.
        request: u32,
        /// `host[:port]` of the other place.
        host: String,
    },
    /// The head of its answer is here.
    Answered {
        /// Which.
        request: u32,
        /// The status.
        status: u16,
        /// Bytes that the answer announces.
        length: Option<u64>,
    },
    /// Bytes went over the network: how many of it so far, sent or received.
    Bytes {
        /// Which.
        request: u32,
        /// How many in all.
        bytes: u64,
    },
    /// It is over.
    Ended {
        /// Which.
        request: u32,
        /// How many bytes in all.
        bytes: u64,
        /// What went wrong, if something did.
        failure: Option<String>,
    },
}

/// A watch, and the number of the next request.
pub(crate) struct Watcher {
    watch: Arc<dyn Watch>,
    next: AtomicU32,
}

impl Watcher {
    pub(crate) fn new(watch: Arc<dyn Watch>) -> Self {
        Self { watch, next: AtomicU32::new(1) }
    }
}

/// One request that is told of, or none; over when it is dropped.
pub(crate) struct Track(Option<Tracked>);

struct Tracked {
    watcher: Arc<Watcher>,
    request: u32,
    bytes: u64,
    told: Instant,
    failure: Option<String>,
}

impl Track {
    /// Tells of a request that begins now. Its number is given here.
    pub(crate) fn begin(watcher: Option<&Arc<Watcher>>, begun: impl FnOnce() -> Begun) -> Self {
        Self(watcher.map(|watcher| {
            let request = watcher.next.fetch_add(1, Ordering::Relaxed);
            watcher.watch.see(Event::Begun(Begun { request, ..begun() }));
            Tracked { watcher: watcher.clone(), request, bytes: 0, told: Instant::now(), failure: None }
        }))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn redirected(&self, host: impl FnOnce() -> String) {
        if let Some(tracked) = &self.0 {
            tracked.tell(Event::Redirected { request: tracked.request, host: host() });
        }
    }

    pub(crate) fn answered(&self, status: u16, length: Option<u64>) {
        if let Some(tracked) = &self.0 {
            tracked.tell(Event::Answered { request: tracked.request, status, length });
        }
    }

    /// So many more bytes were received.
    pub(crate) fn received(&mut self, more: u64) {
        if let Some(tracked) = &mut self.0 {
            tracked.count(tracked.bytes + more);
        }
    }

    /// So many bytes were sent so far.
    pub(crate) fn sent(&mut self, bytes: u64) {
        if let Some(tracked) = &mut self.0 {
            tracked.count(bytes);
        }
    }

    pub(crate) fn fail(&mut self, error: &Error) {
        if let Some(tracked) = &mut self.0 {
            tracked.failure = Some(told(error));
        }
    }
}

impl Tracked {
    fn tell(&self, event: Event) {
        self.watcher.watch.see(event);
    }

    fn count(&mut self, bytes: u64) {
        self.bytes = bytes;
        if self.told.elapsed() >= TICK {
            self.told = Instant::now();
            self.tell(Event::Bytes { request: self.request, bytes });
        }
    }
}

impl Drop for Track {
    fn drop(&mut self) {
        if let Some(mut tracked) = self.0.take() {
            let failure = tracked.failure.take();
            tracked.tell(Event::Ended { request: tracked.request, bytes: tracked.bytes, failure });
        }
    }
}

/// An error without the place that it is about.
fn told(error: &Error) -> String {
    match error {
        Error::Unreachable { cause, .. } | Error::Status { cause, .. } | Error::Protocol { cause, .. } => {
            cause.clone()
        }
        Error::Redirect { cause, .. } => format!("the redirect is not followed: {cause}"),
        Error::Unauthorized { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}
