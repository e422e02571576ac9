//! Surgery on layers.

use futures_util::StreamExt as _;
use strata_api::workshop::SurgeryRequest;
use strata_engine::Engine;

use crate::{
    Shutdown,
    docker::Failure,
    http::{Call, Lines, Response, json, read_json},
};

/// `POST /api/surgery/plan`.
pub async fn plan(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let request: SurgeryRequest = read_json(&mut call).await?;
    Ok(json(&engine.surgery_plan(request).await?))
}

/// `POST /api/surgery`; with `events` an event per line.
pub async fn perform((engine, shutdown): (Engine, Shutdown), mut call: Call) -> Result<Response, Failure> {
    let request: SurgeryRequest = read_json(&mut call).await?;
    if call.query().flag("events") {
        let events = engine.surgery_events(request).await?;
        return Ok(Lines::UNIX.reply(events.take_until(shutdown.into_begun())));
    }
    Ok(json(&engine.surgery(request).await?))
}
