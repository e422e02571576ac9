//! Why a registry doesn't tell, sorted by what a person can do about it.

use strata_api::registry::{Told, Trouble, TroubleKind};
use strata_registry::{Error as RegistryError, ErrorKind};

use crate::{Error, Kind};

/// Nothing is told: by the registry, or because of something here.
pub(super) enum Refused {
    /// The registry's doing.
    There(Trouble),
    /// Ours, or the question's.
    Here(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error.kind {
            Kind::NotFound => Self::There(Trouble { kind: TroubleKind::NotFound, message: error.message }),
            _ => Self::Here(error),
        }
    }
}

/// An answer for the page, or an error of ours.
pub(super) fn told<T>(outcome: Result<T, Refused>) -> Result<Told<T>, Error> {
    match outcome {
        Ok(answer) => Ok(Told::Answer(answer)),
        Err(Refused::There(trouble)) => Ok(Told::Trouble(trouble)),
        Err(Refused::Here(error)) => Err(error),
    }
}

/// The trouble that an error stands for; `speaks` is whether its host is known to be a registry, or not to be one.
pub(super) fn of(error: &RegistryError, speaks: Option<bool>) -> Trouble {
    let message = Error::chain(Kind::Unavailable, error).message;
    let no_registry = speaks == Some(false);
    let kind = match (error.kind(), error) {
        (ErrorKind::Unauthorized, _) => TroubleKind::Unauthorized,
        (ErrorKind::Denied, _) => TroubleKind::Denied,
        (ErrorKind::TooManyRequests, _) => TroubleKind::TooMany,
        (ErrorKind::NotFound | ErrorKind::Protocol, _) | (_, RegistryError::Status { .. }) if no_registry => {
            TroubleKind::NotRegistry
        }
        (ErrorKind::NotFound, _) | (_, RegistryError::Status { status: 404 | 405, .. }) => {
            TroubleKind::NotFound
        }
        (ErrorKind::Unavailable, RegistryError::Unreachable { cause, .. }) => match about_tls(cause) {
            true => TroubleKind::Tls,
            false if cause.starts_with("malformed HTTP") => TroubleKind::NotRegistry,
            false => TroubleKind::Unreachable,
        },
        (ErrorKind::Unavailable, _) => TroubleKind::Unreachable,
        (ErrorKind::Protocol | ErrorKind::Mismatch, _) => TroubleKind::Malformed,
        (ErrorKind::Local, _) => TroubleKind::Unauthorized,
    };
    Trouble { kind, message }
}

fn about_tls(cause: &str) -> bool {
    ["x509:", "tls:", "http: server gave HTTP response to HTTPS client"]
        .iter()
        .any(|part| cause.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_are_told_apart() {
        let request = || strata_registry::Request {
            method: strata_registry::Method::GET,
            url: "https://r.example/v2/".into(),
        };
        let unreachable =
            |cause: &str| RegistryError::Unreachable { request: request(), cause: cause.into() };
        let status = |status| RegistryError::Status { request: request(), status, cause: "said so".into() };
        let cases = [
            (unreachable("x509: certificate signed by unknown authority"), None, TroubleKind::Tls),
            (unreachable("http: server gave HTTP response to HTTPS client"), None, TroubleKind::Tls),
            (
                unreachable("dial tcp 127.0.0.1:1: connect: connection refused"),
                None,
                TroubleKind::Unreachable,
            ),
            (unreachable("malformed HTTP response: x"), None, TroubleKind::NotRegistry),
            (status(404), Some(false), TroubleKind::NotRegistry),
            (status(404), Some(true), TroubleKind::NotFound),
            (status(503), Some(true), TroubleKind::Unreachable),
            (
                RegistryError::Unauthorized { request: None, reason: "no".into() },
                Some(true),
                TroubleKind::Unauthorized,
            ),
            (
                RegistryError::Protocol { request: request(), cause: "x".into() },
                Some(true),
                TroubleKind::Malformed,
            ),
        ];
        for (error, speaks, kind) in cases {
            assert_eq!(of(&error, speaks).kind, kind, "{error}");
        }
    }
}
