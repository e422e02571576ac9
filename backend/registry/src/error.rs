//! What can go wrong between us and a registry, worded as dockerd words it.

use std::{fmt, time::Duration};

use strata_oci::{Digest, ManifestError, VerifyError};
use thiserror::Error;

use crate::CredentialsError;

/// Why nothing (or nothing usable) came from a registry.
///
/// Display is one complete line; it names the request or the image, so nothing needs to be put around it.
#[derive(Debug, Error)]
pub enum Error {
    /// The tag or digest does not exist.
    #[error("manifest for {reference} not found: {cause}")]
    ManifestUnknown {
        /// As docker prints it.
        reference: String,
        /// The registry's words.
        cause: Refusal,
    },
    /// The repository does not exist.
    #[error("repository {repository} not found: {cause}")]
    NameUnknown {
        /// As docker prints it.
        repository: String,
        /// The registry's words.
        cause: Refusal,
    },
    /// The manifest names content that the registry does not have.
    #[error("blob {digest} of {repository} not found: {cause}")]
    BlobUnknown {
        /// As docker prints it.
        repository: String,
        /// The missing content.
        digest: Digest,
        /// The registry's words.
        cause: Refusal,
    },
    /// Whoever we are to the registry may not read this repository, or it does not exist.
    #[error(
        "pull access denied for {repository}, repository does not exist or may require 'docker login': {cause}"
    )]
    Denied {
        /// As docker prints it.
        repository: String,
        /// The registry's words.
        cause: Refusal,
    },
    /// Whoever we are to the registry may not change this repository.
    #[error("{cause}")]
    PushDenied {
        /// The registry's words.
        cause: Refusal,
    },
    /// Credentials are needed, or those given are wrong.
    #[error("{}{reason}", .request.iter().map(|request| format!("{request}: ")).collect::<String>())]
    Unauthorized {
        /// Which request, where the reason alone would not say enough.
        request: Option<Request>,
        /// The registry's or token server's words.
        reason: String,
    },
    /// The registry asks for fewer requests, for longer than we may wait.
    #[error("{cause}")]
    TooManyRequests {
        /// The registry's words.
        cause: Refusal,
        /// How long it asked us to wait, if it said.
        retry_after: Option<Duration>,
    },
    /// No connection, or it broke and repeating did not help.
    #[error("{request}: {cause}")]
    Unreachable {
        /// Which request.
        request: Request,
        /// What happened, as Go words it: `dial tcp 127.0.0.1:1: connect: connection refused`.
        cause: String,
    },
    /// The registry answered with a status that is no answer, and repeating did not help.
    #[error("{request}: {cause}")]
    Status {
        /// Which request.
        request: Request,
        /// The status code.
        status: u16,
        /// The registry's words or `received unexpected HTTP status: 500 Internal Server Error`.
        cause: String,
    },
    /// The registry does not keep to the protocol.
    #[error("{request}: {cause}")]
    Protocol {
        /// Which request.
        request: Request,
        /// What is wrong.
        cause: String,
    },
    /// The registry sends us somewhere that we do not go.
    #[error("{request}: refusing to follow redirect to {target}: {cause}")]
    Redirect {
        /// Which request.
        request: Request,
        /// Where it points, without its query.
        target: String,
        /// Why not.
        cause: &'static str,
    },
    /// More bytes than we accept.
    #[error("{request}: {what} has more than {limit} bytes")]
    TooLarge {
        /// Which request.
        request: Request,
        /// What was fetched.
        what: &'static str,
        /// The most that is accepted.
        limit: u64,
    },
    /// The bytes are not the ones asked for.
    #[error("{request}: {cause}")]
    Mismatch {
        /// Which request.
        request: Request,
        /// The difference.
        cause: VerifyError,
    },
    /// The manifest's bytes are right but of no use.
    #[error("{reference}: {cause}")]
    Manifest {
        /// As docker prints it.
        reference: String,
        /// What is wrong.
        cause: ManifestError,
    },
    /// The login could not be found out.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The client could not be set up.
    #[error("registry client: {0}")]
    Setup(String),
}

/// Coarse classes of [`enum@Error`], for statuses and exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No such repository, tag, digest or blob.
    NotFound,
    /// Credentials missing or wrong.
    Unauthorized,
    /// Not for whoever we are.
    Denied,
    /// Rate limit.
    TooManyRequests,
    /// Refused, cut, stalled, no such host, TLS, 5xx.
    Unavailable,
    /// Answers that make no sense or are not acceptable.
    Protocol,
    /// Bytes that are not what their digest or size says.
    Mismatch,
    /// Something on this side: a credential helper, certificates.
    Local,
}

impl Error {
    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::ManifestUnknown { .. } | Self::NameUnknown { .. } | Self::BlobUnknown { .. } => {
                ErrorKind::NotFound
            }
            Self::Denied { .. } | Self::PushDenied { .. } => ErrorKind::Denied,
            Self::Unauthorized { .. } => ErrorKind::Unauthorized,
            Self::TooManyRequests { .. } => ErrorKind::TooManyRequests,
            Self::Unreachable { .. } | Self::Status { .. } => ErrorKind::Unavailable,
            Self::Protocol { .. } | Self::Redirect { .. } | Self::TooLarge { .. } | Self::Manifest { .. } => {
                ErrorKind::Protocol
            }
            Self::Mismatch { .. } => ErrorKind::Mismatch,
            Self::Credentials(_) | Self::Setup(_) => ErrorKind::Local,
        }
    }
}

/// A request, printed as Go does: `Get "http://127.0.0.1:5000/v2/"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD` or `POST`.
    pub method: http::Method,
    /// Where to, without query (which can hold signatures).
    pub url: String,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, rest) = self.method.as_str().split_at(1);
        write!(f, "{first}{} \"{}\"", rest.to_ascii_lowercase(), self.url)
    }
}

/// A registry's own error: `MANIFEST_UNKNOWN` with a message, printed `manifest unknown: manifest unknown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The specification's code, upper case.
    pub code: String,
    /// The registry's text, cleaned of control characters and cut to a line.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.to_ascii_lowercase().replace('_', " "), self.message)
    }
}
