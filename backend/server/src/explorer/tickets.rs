//! Addresses for further browsers: `POST /api/tickets`.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json as value;

use crate::{
    http::{Call, Response, error, json},
    security::Guard,
};

/// A new address with a ticket, `{"url"}`, as `strata serve` prints one at start.
pub async fn issue(guard: Arc<Guard>, call: Call) -> Response {
    let host = call.header("host").unwrap_or_default();
    match guard.issue_ticket() {
        Ok(ticket) => json(&value!({ "url": format!("http://{host}/?token={}", ticket.expose()) })),
        Err(failure) => error(StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()),
    }
}
