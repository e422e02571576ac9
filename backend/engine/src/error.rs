//! What can go wrong, in the kinds that every API can tell its clients.

use thiserror::Error;

/// The kind of an error: what a client can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The named thing is not there.
    NotFound,
    /// It is, but something else depends on it or is in the way.
    Conflict,
    /// There is nothing to do: it is so already.
    NotModified,
    /// The request makes no sense.
    InvalidArgument,
    /// Bytes are not what their digest says.
    WrongDigest,
    /// What is to be stored names something that is not here.
    MissingPart,
    /// A part of something does not go where it was sent.
    OutOfRange,
    /// Credentials are missing or wrong.
    Unauthorized,
    /// Credentials are right and it is still not allowed.
    Forbidden,
    /// A registry can't be reached or is overloaded.
    Unavailable,
    /// A legitimate wish that this engine doesn't fulfil.
    Unsupported,
    /// The client went away or asked to stop.
    Cancelled,
    /// Our fault or the machine's.
    Internal,
}

/// An error with a message for the user: what was wrong, where, and what would be right.
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub struct Error {
    /// Its kind.
    pub kind: Kind,
    /// The whole message, sources included.
    pub message: String,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The message of `error` and of everything that caused it, joined as dockerd does.
    pub fn chain(kind: Kind, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message += &format!(": {cause}");
            source = cause.source();
        }
        Self { kind, message }
    }

    pub(crate) fn no_such_image(name: &str) -> Self {
        Self::new(Kind::NotFound, format!("No such image: {name}"))
    }

    pub(crate) fn internal(error: impl std::error::Error) -> Self {
        Self::chain(Kind::Internal, &error)
    }
}

impl From<strata_oci::ReferenceError> for Error {
    fn from(error: strata_oci::ReferenceError) -> Self {
        Self::chain(Kind::InvalidArgument, &error)
    }
}

impl From<strata_catalog::CatalogError> for Error {
    fn from(error: strata_catalog::CatalogError) -> Self {
        Self::chain(Kind::Internal, &error)
    }
}

impl From<strata_blobs::BlobError> for Error {
    fn from(error: strata_blobs::BlobError) -> Self {
        let kind = match error {
            strata_blobs::BlobError::NotFound(_) => Kind::NotFound,
            _ => Kind::Internal,
        };
        Self::chain(kind, &error)
    }
}

impl From<strata_registry::Error> for Error {
    fn from(error: strata_registry::Error) -> Self {
        use strata_registry::ErrorKind;
        let kind = match error.kind() {
            ErrorKind::NotFound | ErrorKind::Denied => Kind::NotFound,
            ErrorKind::Unauthorized => Kind::Unauthorized,
            ErrorKind::Unavailable | ErrorKind::TooManyRequests => Kind::Unavailable,
            ErrorKind::Protocol | ErrorKind::Mismatch | ErrorKind::Local => Kind::Internal,
        };
        Self::chain(kind, &error)
    }
}

impl From<strata_registry::DownloadError> for Error {
    fn from(error: strata_registry::DownloadError) -> Self {
        use strata_registry::DownloadError;
        let kind = match error {
            DownloadError::Address { .. } | DownloadError::Redirects { .. } => Kind::InvalidArgument,
            DownloadError::Forbidden { .. } => Kind::Forbidden,
            DownloadError::Status { .. } => Kind::NotFound,
            DownloadError::Unreachable { .. } => Kind::Unavailable,
        };
        Self::chain(kind, &error)
    }
}

impl From<strata_layers::IntakeError> for Error {
    fn from(error: strata_layers::IntakeError) -> Self {
        Self::chain(Kind::Internal, &error)
    }
}

impl From<strata_layers::SingleFileError> for Error {
    fn from(error: strata_layers::SingleFileError) -> Self {
        Self::chain(Kind::Internal, &error)
    }
}

impl From<strata_layers::LayersError> for Error {
    fn from(error: strata_layers::LayersError) -> Self {
        Self::chain(Kind::Internal, &error)
    }
}

impl From<strata_layers::PublishError> for Error {
    fn from(error: strata_layers::PublishError) -> Self {
        Self::chain(Kind::Internal, &error)
    }
}

impl From<strata_layers::RecipeError> for Error {
    fn from(error: strata_layers::RecipeError) -> Self {
        Self::chain(Kind::Internal, &error)
    }
}

impl From<strata_layers::IndexError> for Error {
    fn from(error: strata_layers::IndexError) -> Self {
        let kind = match error {
            strata_layers::IndexError::NotFound(_) => Kind::NotFound,
            _ => Kind::Internal,
        };
        Self::chain(kind, &error)
    }
}

impl From<strata_layers::OpenFileError> for Error {
    fn from(error: strata_layers::OpenFileError) -> Self {
        use strata_layers::OpenFileError;
        let kind = match error {
            OpenFileError::NoLayer(_) | OpenFileError::NotFound { .. } => Kind::NotFound,
            OpenFileError::NotRegular { .. } => Kind::InvalidArgument,
            OpenFileError::Io(_) => Kind::Internal,
        };
        Self::chain(kind, &error)
    }
}

impl From<strata_containers::Error> for Error {
    fn from(error: strata_containers::Error) -> Self {
        use strata_containers::Kind as Theirs;
        let kind = match error.kind {
            Theirs::NotFound => Kind::NotFound,
            Theirs::Conflict => Kind::Conflict,
            Theirs::InvalidArgument => Kind::InvalidArgument,
            Theirs::NotModified => Kind::NotModified,
            Theirs::Forbidden => Kind::Forbidden,
            Theirs::Unsupported => Kind::Unsupported,
            Theirs::Internal => Kind::Internal,
        };
        Self::new(kind, error.message)
    }
}

impl From<strata_network::NetworkError> for Error {
    fn from(error: strata_network::NetworkError) -> Self {
        use strata_network::Kind as Theirs;
        let kind = match error.kind() {
            Theirs::NotFound => Kind::NotFound,
            Theirs::Conflict => Kind::Conflict,
            Theirs::Invalid => Kind::InvalidArgument,
            Theirs::Forbidden => Kind::Forbidden,
            Theirs::Internal => Kind::Internal,
        };
        Self::chain(kind, &error)
    }
}
