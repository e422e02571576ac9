//! Logins at registries that the server keeps for the page.

use http::StatusCode;
use strata_api::logins::NewLogin;
use strata_engine::Engine;

use crate::{
    docker::Failure,
    http::{Call, Response, json, read_json, status},
};

/// `GET /api/logins`.
pub async fn list(engine: Engine, _: Call) -> Response {
    json(&engine.kept_logins())
}

/// `POST /api/logins`.
pub async fn keep(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let NewLogin { registry, username, password } = read_json(&mut call).await?;
    Ok(json(&engine.keep_login(&registry, &username, password.into()).await?))
}

/// `DELETE /api/logins/{registry}`.
pub async fn forget(engine: Engine, call: Call) -> Result<Response, Failure> {
    engine.log_out(call.param("registry")).await?;
    Ok(status(StatusCode::NO_CONTENT))
}
