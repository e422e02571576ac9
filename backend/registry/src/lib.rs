//! The client of the distribution protocol: references are resolved, manifests and blobs are fetched.
//!
//! Registries are not trusted: bodies are capped, digests and sizes are checked, redirects are followed by hand,
//! and credentials only ever go to the scheme, host and port that they belong to (or to the token server that
//! this registry names over https).
//!
//! ```no_run
//! # async fn pull() -> Result<(), Box<dyn std::error::Error>> {
//! use futures_util::StreamExt;
//! use strata_registry::{Client, Options, Parsed};
//!
//! let client = Client::new(Options::default())?;
//! let reference = "busybox:1.36".parse()?;
//! let fetched = client.resolve(&reference).await?;
//! let digest = match fetched.parsed {
//!     Parsed::Index(index) => index.choose(&strata_oci::Platform::host()).ok_or("no such platform")?.digest.clone(),
//!     Parsed::Manifest(_) => fetched.descriptor.digest,
//! };
//! let Parsed::Manifest(manifest) = client.manifest(reference.repository(), &digest).await?.parsed else {
//!     return Err("an index inside an index".into());
//! };
//! let mut layer = client.blob(reference.repository(), &manifest.layers[0]);
//! while let Some(chunk) = layer.next().await {
//!     println!("{} bytes", chunk?.len());
//! }
//! # Ok(()) }
//! ```
//!
//! Everything is cancelled by dropping its future or stream.

mod authorizer;
mod blob;
mod challenge;
mod client;
mod contact;
mod content;
mod credential_helper;
mod credentials;
mod dialer;
mod docker_config;
mod download;
mod error;
mod exchange;
mod kept_logins;
mod login;
mod options;
mod origin;
mod pace;
mod peer;
mod push;
mod range;
mod reach;
mod referrers;
mod refusal;
mod resolve;
mod search;
mod session;
mod tags;
mod token;
mod transport;
mod watch;
mod wording;

pub use blob::Blob;
pub use client::Client;
pub use content::Sent;
pub use credentials::{Anonymous, Credentials, CredentialsError};
pub use docker_config::DockerConfig;
pub use download::{Download, DownloadError, Downloader};
pub use error::{Error, ErrorKind, Refusal, Request};
pub use http::Method;
pub use kept_logins::{KeptLogins, KeptLoginsError};
pub use login::{Login, LoginError, Secret};
pub use options::{Insecure, Limits, Mirror, OptionError, Options, Retry, Timeouts};
pub use push::{Outbound, Uploaded};
pub use resolve::Fetched;
pub use search::FoundRepository;
pub use strata_oci::Parsed;
pub use tags::Page;
pub use watch::{Begun, Event, Purpose, Watch};
