//! How a [`Client`](crate::Client) behaves; every field has a default that suits a desktop.

use std::{collections::BTreeMap, net::IpAddr, str::FromStr, sync::Arc, time::Duration};

use reqwest::Url;
use thiserror::Error;

use crate::{Credentials, DockerConfig};

/// Settings of a [`Client`](crate::Client).
#[derive(Clone)]
pub struct Options {
    /// Tried before the registry itself, in order: domain of the reference (`docker.io`) → mirrors.
    /// Any failure of a mirror falls through to the next.
    pub mirrors: BTreeMap<String, Vec<Mirror>>,
    /// Registries that may be spoken to over plain http (or https with any certificate), besides loopback.
    pub insecure: Vec<Insecure>,
    /// Where logins come from when a call brings none.
    pub credentials: Arc<dyn Credentials>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// When to try again.
    pub retry: Retry,
    /// How much to accept.
    pub limits: Limits,
    /// Certificate authorities trusted besides the system's: PEM, one or more certificates each.
    pub authorities: Vec<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mirrors: BTreeMap::new(),
            insecure: Vec::new(),
            credentials: Arc::new(DockerConfig::from_environment()),
            user_agent: format!("strata/{} (linux; {})", env!("CARGO_PKG_VERSION"), go_architecture()),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            limits: Limits::default(),
            authorities: Vec::new(),
        }
    }
}

fn go_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For the head of a response, and for the whole of a small body (manifest, token, error).
    pub response: Duration,
    /// For the next bytes of a blob.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            response: Duration::from_secs(30),
            stall: Duration::from_secs(45),
        }
    }
}

/// When a request is tried again: after 429, 5xx, a cut or a stall; never after 401, 403 or 404.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries in a row that bring nothing new, the first included.
    pub attempts: u32,
    /// The wait before the second try; doubled, with jitter, before each further one.
    pub first_wait: Duration,
    /// The longest wait of our own choosing.
    pub longest_wait: Duration,
    /// The most that `Retry-After` may ask for, over all tries of one request; beyond that the request fails.
    pub asked_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
            asked_wait: Duration::from_secs(60),
        }
    }
}

/// How much to accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a manifest or index.
    pub manifest: u64,
    /// Bytes of an image config.
    pub config: u64,
    /// Tags of a repository.
    pub tags: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { manifest: 4 << 20, config: 8 << 20, tags: 100_000 }
    }
}

/// A registry that holds copies: `https://mirror.example` or `http://127.0.0.1:5001`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror(pub(crate) Url);

/// A registry for which plain http is allowed: `host`, `host:port`, or a network such as `10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Insecure {
    /// `host[:port]`, lower case; without a port any port.
    Host(String),
    /// Every registry that is named by an address of this network.
    Network {
        /// An address of the network.
        address: IpAddr,
        /// Leading bits that count.
        bits: u8,
    },
}

/// Why a setting was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionError {
    /// A mirror.
    #[error("mirror {0:?} is not of the form https://host[:port]: it may have no path, query or user")]
    Mirror(String),
    /// An insecure registry.
    #[error("insecure registry {0:?} is not of the form host[:port] or address/bits")]
    Insecure(String),
    /// A certificate authority.
    #[error("certificate authority is not PEM")]
    Authority,
}

impl FromStr for Mirror {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let wrong = || OptionError::Mirror(text.into());
        let url: Url = text.parse().map_err(|_| wrong())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        let ok = matches!(url.scheme(), "http" | "https") && url.has_host() && bare && nobody;
        if ok { Ok(Self(url)) } else { Err(wrong()) }
    }
}

impl FromStr for Insecure {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let wrong = || OptionError::Insecure(text.into());
        if let Some((address, bits)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| wrong())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?;
            return Ok(Self::Network { address, bits });
        }
        // A repository on that host is the cheapest grammar check there is.
        match format!("{text}/x").parse::<strata_oci::Repository>() {
            Ok(repository) if repository.path() == "x" && repository.domain() == text => {
                Ok(Self::Host(text.to_ascii_lowercase()))
            }
            _ if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
                Ok(Self::Host(text.to_ascii_lowercase()))
            }
            _ => Err(wrong()),
        }
    }
}
