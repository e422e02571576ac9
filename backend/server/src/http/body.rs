//! Small request bodies, read whole.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;
use strata_engine::ReadAhead;
use thiserror::Error;

use super::{Body, Call};
use crate::docker::Failure;

/// A client that needs longer to send a small body is not going to.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a body was not read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// It is larger than the route takes.
    #[error("the request body is larger than {0} bytes")]
    TooLarge(usize),
    /// It didn't arrive.
    #[error("the request body did not arrive within {} seconds", PATIENCE.as_secs())]
    TooSlow,
}

impl BodyError {
    /// The status that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

/// Reads a body of at most `limit` bytes.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(BodyError::TooLarge(limit)),
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// Reads and drops a body that is not wanted, if it comes soon: a client that can't send all of it doesn't look at the
/// answer.
pub async fn pass_over(body: Body) {
    let mut pieces = body.into_data_stream();
    let all = async { while let Some(Ok(_)) = pieces.next().await {} };
    // Whoever needs longer finds the connection closed.
    let _ = tokio::time::timeout(PATIENCE, all).await;
}

/// A body for a thread that may block. To be called on the async runtime.
pub fn read_ahead(body: Body) -> ReadAhead {
    ReadAhead::new(body.into_data_stream())
}

/// What a request's body may be at most, if it is JSON.
const JSON_LIMIT: usize = 4 << 20;

/// Reads a request's JSON body, and takes it out of the call.
pub async fn read_json<T: DeserializeOwned>(call: &mut Call) -> Result<T, Failure> {
    let missing = || Failure::invalid("the request body is missing: expected JSON");
    read_json_or(call).await?.ok_or_else(missing)
}

/// The same where nothing, or `null`, may be sent.
pub async fn read_json_or<T: DeserializeOwned>(call: &mut Call) -> Result<Option<T>, Failure> {
    let kind = call.request.headers().get(header::CONTENT_TYPE).cloned();
    let kind = kind.as_ref().map_or("", |kind| kind.to_str().unwrap_or_default());
    let body = std::mem::take(call.request.body_mut());
    let bytes = read_body(body, JSON_LIMIT).await.map_err(|error| Failure::invalid(error.to_string()))?;
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    // No page of another site can send this kind without asking first.
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let message = format!("Content-Type specified ({kind}) must be 'application/json'");
        return Err(Failure::invalid(message));
    }
    // What reads an object takes a list of its fields too; no client means that.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Failure::invalid(
            "the request body is not the JSON expected: a list where an object should be",
        ));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::invalid(format!("the request body is not the JSON expected: {error}")))
}
