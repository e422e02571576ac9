//! Errors in the distribution API's words.

use axum::response::IntoResponse;
use http::StatusCode;
use strata_engine::{Error, Kind};

use super::refused;
use crate::{docker, http::Response};

/// An error and the code it has here.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    error: Error,
}

impl Failure {
    /// `unknown` is the code if the thing isn't there, `invalid` if its name is none.
    pub fn of(unknown: &'static str, invalid: &'static str) -> impl Fn(Error) -> Self {
        move |error| {
            let code = match error.kind {
                Kind::NotFound => unknown,
                Kind::InvalidArgument => invalid,
                Kind::WrongDigest => "DIGEST_INVALID",
                Kind::MissingPart => "MANIFEST_BLOB_UNKNOWN",
                Kind::OutOfRange => "BLOB_UPLOAD_INVALID",
                Kind::Unavailable => "UNAVAILABLE",
                Kind::Unauthorized => "UNAUTHORIZED",
                Kind::Forbidden => "DENIED",
                Kind::Unsupported => "UNSUPPORTED",
                Kind::Conflict | Kind::NotModified | Kind::Cancelled | Kind::Internal => "UNKNOWN",
            };
            Self { code, error }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.error.kind {
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Unsupported => StatusCode::METHOD_NOT_ALLOWED,
            kind => docker::failure_status(kind),
        };
        refused(status, self.code, &self.error.message)
    }
}
