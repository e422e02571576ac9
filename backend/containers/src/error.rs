//! What can go wrong, in the kinds that an API can tell its clients, worded as dockerd words it.

use thiserror::Error;

/// The kind of an error: what a client can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The named thing is not there.
    NotFound,
    /// It is, but its state or something else is in the way.
    Conflict,
    /// The request makes no sense.
    InvalidArgument,
    /// There is nothing to do: it is so already. No error to most clients.
    NotModified,
    /// What is there doesn't allow it.
    Forbidden,
    /// A legitimate wish that this engine doesn't fulfil.
    Unsupported,
    /// Our fault or the machine's.
    Internal,
}

/// An error with a message for the user: what was wrong, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
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

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidArgument, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// Also says what was tried; sources are joined as dockerd joins them.
    pub(crate) fn internal(action: impl std::fmt::Display, error: &dyn std::error::Error) -> Self {
        let mut message = format!("{action}: {}", as_go_says(error));
        let mut source = error.source();
        while let Some(cause) = source {
            message += &format!(": {}", as_go_says(cause));
            source = cause.source();
        }
        Self::new(Kind::Internal, message)
    }

    pub(crate) fn no_such_container(name: &str) -> Self {
        Self::not_found(format!("No such container: {name}"))
    }

    pub(crate) fn not_running(id: &str) -> Self {
        Self::conflict(format!("Container {id} is not running"))
    }

    /// The same with what it happened to before it.
    pub(crate) fn about(self, what: impl std::fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }
}

/// The system's refusals without Rust's number, in small letters: clients look for those words.
fn as_go_says(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

impl From<strata_catalog::CatalogError> for Error {
    fn from(error: strata_catalog::CatalogError) -> Self {
        Self::internal("catalog", &error)
    }
}
