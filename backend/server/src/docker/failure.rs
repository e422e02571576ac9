//! Errors of the engine as dockerd tells them: `{"message"}` and a status by kind.

use axum::response::IntoResponse;
use http::StatusCode;
use strata_engine::{Error, Kind};

use crate::http::{Response, error};

/// An error on its way to a client of the engine API, or of our own.
#[derive(Debug)]
pub struct Failure(Error);

impl Failure {
    /// A wrong request.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self(Error::new(Kind::InvalidArgument, message))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The status of a kind of error.
pub(crate) fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::NotFound | Kind::MissingPart => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::NotModified => StatusCode::NOT_MODIFIED,
        Kind::InvalidArgument | Kind::WrongDigest => StatusCode::BAD_REQUEST,
        Kind::OutOfRange => StatusCode::RANGE_NOT_SATISFIABLE,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        // A registry that can't be reached is 500 with dockerd too.
        Kind::Unavailable | Kind::Cancelled | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = status(self.0.kind);
        if status.is_server_error() {
            tracing::warn!(kind = ?self.0.kind, message = %self.0.message, "a request failed");
        }
        error(status, self.0.message)
    }
}
