//! Pulls and pushes as they happen.

use futures_util::StreamExt as _;
use strata_api::theatre::Begin;
use strata_engine::Engine;

use crate::{
    Shutdown,
    docker::{Failure, registry_login},
    http::{Call, Lines, Response, json, read_json_or},
};

/// `GET /api/theatre`.
pub async fn list(engine: Engine, _: Call) -> Result<Response, Failure> {
    Ok(json(&engine.plays()))
}

/// `GET /api/theatre/live`: a line whenever something changed.
pub async fn live((engine, shutdown): (Engine, Shutdown), _: Call) -> Result<Response, Failure> {
    Ok(Lines::UNIX.reply(engine.plays_live().take_until(shutdown.into_begun())))
}

/// `GET /api/theatre/{id}/scenes`: from the first row on.
pub async fn scenes((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    Ok(Lines::UNIX.reply(engine.scenes(call.param("id"))?.take_until(shutdown.into_begun())))
}

/// `POST /api/theatre`: begins a pull or push; whoever stops reading stops it.
pub async fn perform((engine, shutdown): (Engine, Shutdown), mut call: Call) -> Result<Response, Failure> {
    let login = registry_login(&call);
    let begin: Option<Begin> = read_json_or(&mut call).await?;
    let begin = begin.ok_or_else(|| {
        Failure::invalid("the body is missing: expected {\"deed\": \"pull\" or \"push\", \"image\": REF}")
    })?;
    Ok(Lines::UNIX.reply(engine.perform(begin, login)?.take_until(shutdown.into_begun())))
}
