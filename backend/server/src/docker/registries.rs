//! What has to do with other registries: push, search, login, what they have.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json as value;
use strata_engine::{Engine, Login, PushRequest};

use super::{
    Failure,
    archives::given,
    images::filters,
    pull::{follow, refused},
};
use crate::{
    Shutdown,
    http::{Call, Lines, Response, error, json, read_body},
};

/// An `AuthConfig` is a few hundred bytes; tokens are longer.
const AUTH_LIMIT: usize = 64 << 10;

/// `POST /images/{name}/push`: `tag`, `platform`, and the login in `X-Registry-Auth`.
pub async fn push((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let request = PushRequest {
        image: call.param("name").to_owned(),
        tag: query.text("tag"),
        platform: query.text("platform").and_then(|text| given(&text)),
        login: login(&call),
    };
    let mut messages = engine.push(request)?;
    let Some(first) = messages.recv().await else {
        return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "the push ended without a word"));
    };
    Ok(refused(&first)
        .unwrap_or_else(|| Lines::DOS.reply(follow(Some(first), messages, shutdown, "the push"))))
}

/// `GET /images/search`: `term`, `limit`, `filters`, and the login in `X-Registry-Auth`.
pub async fn search(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let wrong = |text: String| Failure::invalid(format!("limit {text:?} is not a number"));
    let limit = query.text("limit").map(|text| text.parse().map_err(|_| wrong(text))).transpose()?;
    let term = query.text("term").unwrap_or_default();
    let found = engine.search(&term, limit, &filters(&call)?, login(&call)).await?;
    let row = |found: strata_engine::FoundRepository| {
        value!({
            "star_count": found.star_count,
            "is_official": found.is_official,
            "name": found.name,
            "is_automated": found.is_automated,
            "description": found.description,
        })
    };
    Ok(json(&found.into_iter().map(row).collect::<Vec<_>>()))
}

/// `POST /auth`: whether a registry accepts the login in the body.
pub async fn auth(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Address {
        serveraddress: String,
    }
    let body = std::mem::take(call.request.body_mut());
    let bytes = read_body(body, AUTH_LIMIT).await.map_err(|error| Failure::invalid(error.to_string()))?;
    let wrong = |error: &dyn std::fmt::Display| Failure::invalid(format!("the login can't be read: {error}"));
    let address: Address = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
    let login = Login::from_json(&bytes).map_err(|error| wrong(&error))?;
    let login = login.ok_or_else(|| Failure::invalid("the login has neither a user name nor a token"))?;
    engine.log_in(&address.serveraddress, login).await?;
    Ok(json(&value!({ "IdentityToken": "", "Status": "Login Succeeded" })))
}

/// `GET /distribution/{name}/json`: what a registry has under a name.
pub async fn distribution(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.distribution(call.param("name"), login(&call)).await?))
}

/// dockerd ignores a header that it can't read; so anonymous pulls work with old clients that send nonsense.
pub(crate) fn login(call: &Call) -> Option<Login> {
    call.header("x-registry-auth").and_then(|header| Login::from_registry_auth(header).ok().flatten())
}
