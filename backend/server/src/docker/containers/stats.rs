//! `GET /containers/{id}/stats`.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use strata_api::engine::Stats;
use strata_engine::{Engine, Error};

use crate::{
    Shutdown,
    docker::Failure,
    http::{Call, Lines, Response, json},
};

/// dockerd reads the counters once a second too.
const PERIOD: Duration = Duration::from_secs(1);

/// `GET /containers/{id}/stats`: a line a second; with `stream=0` one, after a second of looking, with `one-shot` at
/// once.
pub async fn stats((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let name = call.param("id").to_owned();
    let containers = engine.containers()?.clone();
    let first = containers.stats(&name, None).await.map_err(Error::from)?;
    if query.has("stream") && !query.flag("stream") {
        if query.flag("one-shot") {
            return Ok(json(&first));
        }
        tokio::time::sleep(PERIOD).await;
        return Ok(json(&containers.stats(&name, Some(&first)).await.map_err(Error::from)?));
    }
    let later = stream::unfold((containers, name, first.clone()), |(containers, name, before)| async move {
        tokio::time::sleep(PERIOD).await;
        // Its removal is the end.
        let next: Stats = containers.stats(&name, Some(&before)).await.ok()?;
        Some((next.clone(), (containers, name, next)))
    });
    let all = stream::once(async move { first }).chain(later).take_until(shutdown.into_begun());
    Ok(Lines::UNIX.reply(all))
}
