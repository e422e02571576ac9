//! What happens in a container, a line at a time.

use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use strata_engine::Engine;
use tokio::sync::mpsc;

use crate::{
    Shutdown,
    docker::Failure,
    http::{Call, Lines, Response},
};

/// `GET /api/containers/{id}/live`.
pub async fn live((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    Ok(lines(engine.watch_container(call.param("id")).await?, shutdown))
}

/// `GET /api/containers/{id}/reads`.
pub async fn reads((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    Ok(lines(engine.container_reads(call.param("id")).await?, shutdown))
}

/// Each batch on a line, until there are no more, the server ends, or the page leaves.
fn lines<T: Serialize + Send + 'static>(batches: mpsc::Receiver<T>, shutdown: Shutdown) -> Response {
    let next =
        |mut batches: mpsc::Receiver<T>| async move { batches.recv().await.map(|batch| (batch, batches)) };
    Lines::UNIX.reply(stream::unfold(batches, next).take_until(shutdown.into_begun()))
}
