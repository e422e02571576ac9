//! Builds of workshops.

use futures_util::{Stream, StreamExt as _};
use http::StatusCode;
use strata_api::workshop::{BuildEvent, BuildRequest};
use strata_engine::Engine;

use crate::{
    Shutdown,
    docker::Failure,
    http::{Call, Lines, Response, json, read_json_or, status},
};

/// `GET /api/workshops/{id}/cache?base=REF&base=REF…`.
pub async fn cache(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.workshop_cache(call.param("id"), call.query().texts("base")).await?))
}

/// `POST /api/workshops/{id}/build`: an event per line.
pub async fn begin((engine, shutdown): (Engine, Shutdown), mut call: Call) -> Result<Response, Failure> {
    let request: BuildRequest = read_json_or(&mut call).await?.unwrap_or_default();
    Ok(told(engine.build_workshop(call.param("id"), request).await?, shutdown))
}

/// `GET /api/builds?workshop=ID`.
pub async fn list(engine: Engine, call: Call) -> Result<Response, Failure> {
    // An empty one is another question than none.
    let workshop = call.query().texts("workshop").into_iter().next();
    Ok(json(&engine.builds(workshop.as_deref()).await?))
}

/// `GET /api/builds/{id}`.
pub async fn look(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.build_detail(call.param("id")).await?))
}

/// `GET /api/builds/{id}/events`: an event per line, from the first on.
pub async fn events((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    Ok(told(engine.build_events(call.param("id")).await?, shutdown))
}

/// `DELETE /api/builds/{id}`.
pub async fn end(engine: Engine, call: Call) -> Result<Response, Failure> {
    engine.end_build(call.param("id")).await?;
    Ok(status(StatusCode::NO_CONTENT))
}

/// `POST /api/builds/{id}/steps/{step}/shell`.
pub async fn shell(engine: Engine, call: Call) -> Result<Response, Failure> {
    let text = call.param("step");
    let step = text.parse().map_err(|_| Failure::invalid(format!("{text:?} is no number of a step")))?;
    Ok(json(&engine.step_shell(call.param("id"), step).await?))
}

fn told(events: impl Stream<Item = BuildEvent> + Send + 'static, shutdown: Shutdown) -> Response {
    Lines::UNIX.reply(events.take_until(shutdown.into_begun()))
}
