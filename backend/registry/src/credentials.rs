//! Where logins come from.

use futures_util::future::BoxFuture;
use thiserror::Error;

use crate::Login;

/// A source of logins, asked once per registry and token.
pub trait Credentials: Send + Sync {
    /// The login for `registry`: the domain of a reference (`docker.io`, `127.0.0.1:5000`); `None` is anonymous.
    fn login<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Option<Login>, CredentialsError>>;
}

/// Never has a login.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anonymous;

impl Credentials for Anonymous {
    fn login<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Login>, CredentialsError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Why a login could not be found out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CredentialsError {
    /// The configuration cannot be read.
    #[error("cannot read {path}: {reason}")]
    Config {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A helper failed.
    #[error("error getting credentials - helper: {helper}: {reason}")]
    Helper {
        /// The program.
        helper: String,
        /// Its words, or what happened to it.
        reason: String,
    },
}
