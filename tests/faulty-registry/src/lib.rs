//! A registry that fails as told.
//!
//! It runs inside the test, on a free port of 127.0.0.1, serves the blobs and manifests that it is given, does to
//! chosen requests what [`Fault`] says, and remembers every request. Without faults it is a plain read-only registry
//! that docker and skopeo can pull from. It ends when dropped. It needs no async runtime.
//!
//! ```
//! use strata_faulty_registry::{Fault, FaultyRegistry, Layer, When};
//!
//! let registry = FaultyRegistry::start();
//! let image = registry.add_image("demo:latest", &[Layer::plain(b"not really a tar".to_vec())]);
//! let layer = format!("/blobs/{}", image.layers[0].digest);
//! // The first two requests for the layer are cut off, by a reset, after five bytes.
//! registry.fault(When::path(&layer).first(2), Fault::Reset { after: 5 });
//! let reference = format!("{}/demo:latest", registry.domain());
//! # let _ = reference;
//! assert_eq!(registry.requests().len(), 0);
//! ```

mod auth;
mod content;
mod fault;
mod image;
mod request;
mod response;
mod routes;
mod server;
mod tls;
mod uploads;

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use auth::{Account, Auth};
use content::Content;
pub use fault::{Fault, When};
pub use image::{Form, Image, Layer};
pub use request::Recorded;
use server::Server;
use strata_oci::{Descriptor, Digest};

/// The registry. All methods may be called while it serves.
pub struct FaultyRegistry {
    state: Arc<State>,
    server: Server,
    certificate: Option<String>,
}

/// What requests are answered from.
pub(crate) struct State {
    pub(crate) url: String,
    pub(crate) content: Mutex<Content>,
    pub(crate) auth: Mutex<Auth>,
    pub(crate) faults: Mutex<Vec<(When, Fault)>>,
    pub(crate) requests: Mutex<Vec<Recorded>>,
    pub(crate) uploads: Mutex<uploads::Uploads>,
}

/// Locks, whatever a panicking test left behind.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FaultyRegistry {
    /// Starts one that speaks plain http.
    #[track_caller]
    pub fn start() -> Self {
        Self::on_loopback(None)
    }

    /// Starts one that speaks https with a certificate of its own: see [`FaultyRegistry::certificate`].
    #[track_caller]
    pub fn start_tls() -> Self {
        Self::on_loopback(Some(tls::Identity::new(&["127.0.0.1", "localhost"])))
    }

    /// Starts one that speaks https on `listener`, with a certificate for these host names. It tells no address of its
    /// own: what it points to is on the host that was asked.
    #[track_caller]
    pub fn start_as(listener: TcpListener, names: &[&str]) -> Self {
        Self::launch(listener, String::new(), Some(tls::Identity::new(names)))
    }

    #[track_caller]
    fn on_loopback(identity: Option<tls::Identity>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback is free");
        let scheme = if identity.is_some() { "https" } else { "http" };
        let address = listener.local_addr().expect("a listener has an address");
        Self::launch(listener, format!("{scheme}://{address}"), identity)
    }

    #[track_caller]
    fn launch(listener: TcpListener, url: String, identity: Option<tls::Identity>) -> Self {
        let certificate = identity.as_ref().map(|identity| identity.pem.clone());
        let state = Arc::new(State {
            url,
            content: Mutex::default(),
            auth: Mutex::new(Auth::None),
            faults: Mutex::default(),
            requests: Mutex::default(),
            uploads: Mutex::default(),
        });
        let server = Server::start(listener, state.clone(), identity.map(|identity| identity.config));
        Self { state, server, certificate }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The domain of references to it: `127.0.0.1:PORT`.
    pub fn domain(&self) -> String {
        self.server.address.to_string()
    }

    /// The URL of a path that starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.state.url)
    }

    /// The PEM of its certificate, to be trusted; `None` over plain http.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Adds a blob, to all repositories at once.
    pub fn add_blob(&self, bytes: impl Into<Vec<u8>>) -> Digest {
        lock(&self.state.content).add_blob(bytes.into())
    }

    /// Adds a blob under a digest that need not be its own.
    pub fn add_blob_as(&self, digest: &Digest, bytes: impl Into<Vec<u8>>) {
        lock(&self.state.content).add_blob_as(digest, bytes.into());
    }

    /// Adds a manifest or index to a repository; get it by its digest, or [`FaultyRegistry::tag`] it.
    pub fn add_manifest(&self, repository: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Digest {
        lock(&self.state.content).add_manifest(repository, media_type, bytes.into())
    }

    /// Points a tag at a manifest; an existing tag moves.
    pub fn tag(&self, repository: &str, tag: &str, manifest: &Digest) {
        lock(&self.state.content).tag(repository, tag, manifest);
    }

    /// Adds a whole OCI image of these layers as `repository:tag`.
    pub fn add_image(&self, name: &str, layers: &[Layer]) -> Image {
        self.add_image_in(Form::Oci, name, layers)
    }

    /// Adds a whole image as `repository:tag`, with media types of docker or OCI.
    pub fn add_image_in(&self, form: Form, name: &str, layers: &[Layer]) -> Image {
        let image = Image::new(form, layers);
        let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
        self.add_blob(image.config_bytes.clone());
        for layer in layers {
            self.add_blob(layer.bytes.clone());
        }
        let digest =
            self.add_manifest(repository, &image.manifest.media_type.0, image.manifest_bytes.clone());
        self.tag(repository, tag, &digest);
        image
    }

    /// Adds an index of manifests (with their platforms) and tags it.
    pub fn add_index(&self, name: &str, manifests: &[Descriptor]) -> Digest {
        let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
        let (media_type, bytes) = image::index(manifests);
        let digest = self.add_manifest(repository, media_type, bytes);
        self.tag(repository, tag, &digest);
        digest
    }

    /// Makes requests fail. Of several faults that fit a request, all act, in the order they were added.
    pub fn fault(&self, when: When, fault: Fault) {
        lock(&self.state.faults).push((when, fault));
    }

    /// Removes all faults.
    pub fn heal(&self) {
        lock(&self.state.faults).clear();
    }

    /// Asks for logins from now on.
    pub fn require(&self, auth: Auth) {
        *lock(&self.state.auth) = auth;
    }

    /// Takes pushes from now on. A blob belongs to the repository that it was pushed to.
    pub fn accept_pushes(&self) {
        lock(&self.state.uploads).allowed = true;
    }

    /// Sends uploads to addresses that start with `url` instead of its own.
    pub fn upload_to(&self, url: &str) {
        lock(&self.state.uploads).elsewhere = Some(url.to_owned());
    }

    /// Of the next PATCH request only `bytes` arrive, and it gets no answer; called again, of the one after it.
    pub fn cut_upload(&self, bytes: usize) {
        lock(&self.state.uploads).cuts.push_back(bytes);
    }

    /// What it holds under a digest.
    pub fn blob(&self, digest: &Digest) -> Option<Vec<u8>> {
        lock(&self.state.content).blob(&digest.to_string()).map(|bytes| bytes.to_vec())
    }

    /// Every request so far, in the order they came.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.state.requests).clone()
    }

    /// The requests whose path contains `part`.
    pub fn requests_for(&self, part: &str) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.path.contains(part)).collect()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        lock(&self.state.requests).clear();
    }

    /// Whether any request carried an `Authorization` header.
    pub fn saw_authorization(&self) -> bool {
        self.requests().iter().any(|request| request.header("authorization").is_some())
    }
}
