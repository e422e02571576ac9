//! What can go wrong in a build.

use thiserror::Error;

/// What a client can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The Dockerfile, the context or an option makes no sense.
    InvalidArgument,
    /// An image or stage is not there.
    NotFound,
    /// It may not be done from here.
    Forbidden,
    /// Something that is fetched can't be reached.
    Unavailable,
    /// A legitimate wish that this engine doesn't fulfil.
    Unsupported,
    /// The client went away or asked to stop.
    Cancelled,
    /// Our fault or the machine's.
    Internal,
}

/// Why a build failed: a message for the user, in docker's words where docker has any.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Error {
    /// Its kind.
    pub kind: Kind,
    /// The whole message, sources included.
    pub message: String,
    /// What the step's program ended with, if it ran one.
    pub code: Option<i64>,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), code: None }
    }

    /// Something in the Dockerfile, the context or an option is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidArgument, message)
    }

    /// The machine refused; with the causes.
    pub fn internal(what: &str, error: &dyn std::error::Error) -> Self {
        Self::new(Kind::Internal, format!("{what}: {}", chain(error)))
    }

    /// The same with something said before it.
    pub fn about(self, what: impl std::fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }
}

/// An error's message with those of what caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    message
}

impl From<strata_dockerfile::evaluate::EvaluateError> for Error {
    fn from(error: strata_dockerfile::evaluate::EvaluateError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<strata_dockerfile::expand::ExpandError> for Error {
    fn from(error: strata_dockerfile::expand::ExpandError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<strata_containers::Error> for Error {
    fn from(error: strata_containers::Error) -> Self {
        use strata_containers::Kind as Theirs;
        let kind = match error.kind {
            Theirs::NotFound => Kind::NotFound,
            Theirs::InvalidArgument => Kind::InvalidArgument,
            Theirs::Forbidden => Kind::Forbidden,
            Theirs::Unsupported => Kind::Unsupported,
            Theirs::Conflict | Theirs::NotModified | Theirs::Internal => Kind::Internal,
        };
        Self::new(kind, error.message)
    }
}

impl From<strata_layers::ArchiveError> for Error {
    fn from(error: strata_layers::ArchiveError) -> Self {
        use strata_layers::ArchiveError as Theirs;
        let kind = match error {
            Theirs::Root { .. } | Theirs::Io { .. } | Theirs::Capture(_) => Kind::Internal,
            _ => Kind::InvalidArgument,
        };
        Self::new(kind, chain(&error))
    }
}

impl From<strata_snapshots::SnapshotError> for Error {
    fn from(error: strata_snapshots::SnapshotError) -> Self {
        Self::new(Kind::Internal, chain(&error))
    }
}
