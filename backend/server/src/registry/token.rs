//! `/v2/token`: tokens for those who have an account, as the distribution project's token specification has it.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};
use serde_json::json as value;

use super::{refused, with_version};
use crate::{
    http::{Call, Query, Response, json, read_body},
    security::{Access, Granted, Guard, Shown, TOKEN_LIFE},
};

/// A form holds a password and some scopes.
const FORM: usize = 64 << 10;

/// `GET`: for the name and password in `Authorization`; `scope` (several), `offline_token`.
pub async fn get(guard: Arc<Guard>, call: Call) -> Response {
    let query = call.query();
    let offline = query.flag("offline_token");
    grant(guard, Shown::Headers(call.headers().clone()), query.texts("scope").join(" "), offline).await
}

/// `POST`: OAuth 2 with a form, `grant_type` `password` or `refresh_token`; `scope`, `access_type`.
pub async fn post(guard: Arc<Guard>, mut call: Call) -> Response {
    let body = std::mem::take(call.request.body_mut());
    let form = match read_body(body, FORM).await {
        Ok(bytes) => Query::parse(&String::from_utf8_lossy(&bytes)),
        Err(error) => return wrong("invalid_request", &error.to_string()),
    };
    let text = |key: &str| form.text(key).unwrap_or_default();
    let shown = match text("grant_type").as_str() {
        "password" => Shown::Password(text("username"), text("password")),
        "refresh_token" => Shown::Refresh(text("refresh_token")),
        _ => return wrong("unsupported_grant_type", "expected grant_type password or refresh_token"),
    };
    grant(guard, shown, text("scope"), text("access_type") == "offline").await
}

async fn grant(guard: Arc<Guard>, shown: Shown, scopes: String, offline: bool) -> Response {
    if !guard.door().has_tokens() {
        return refused(StatusCode::NOT_FOUND, "UNSUPPORTED", "this registry issues no tokens");
    }
    // Judging a password takes a while, which must not hold up others.
    let judged =
        tokio::task::spawn_blocking(move || guard.door().grant(&shown, &Access::parse_all(&scopes), offline));
    let Some(Granted { access, refresh, scopes, at }) = judged.await.ok().flatten() else {
        let mut response =
            refused(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "incorrect username or password");
        let challenge = HeaderValue::from_static("Basic realm=\"strata\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        return response;
    };
    let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    let issued = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    let mut body = value!({
        "token": access,
        "access_token": access,
        "expires_in": TOKEN_LIFE,
        "issued_at": issued.map(|at| at.to_string()),
        "scope": scopes.join(" "),
    });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    let mut response = with_version(json(&body));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error as OAuth 2 has it (RFC 6749, section 5.2).
fn wrong(error: &str, description: &str) -> Response {
    let mut response = json(&value!({ "error": error, "error_description": description }));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
