//! Further processes in a container.

use bytes::Bytes;
use http::StatusCode;
use strata_api::engine::{ExecCreateRequest, ExecCreateResponse, ExecStartRequest};
use strata_engine::{Engine, Error, containers::DetachKeys};
use tokio::io::AsyncWriteExt as _;

use super::{
    create::Powers,
    frames::{Framing, Of},
    talk::{Manner, Over, talk},
    verbs::size,
};
use crate::{
    docker::Failure,
    http::{Call, Response, hijack, json, read_json, read_json_or, status},
};

/// `POST /containers/{id}/exec`.
pub async fn create((engine, powers): (Engine, Powers), mut call: Call) -> Result<Response, Failure> {
    let request: ExecCreateRequest = read_json(&mut call).await?;
    if powers == Powers::Contained && request.privileged {
        let message = "--privileged is only allowed through the unix socket, not from the page";
        return Err(Error::new(strata_engine::Kind::Forbidden, message).into());
    }
    let id = engine.containers()?.create_exec(call.param("id"), request).await.map_err(Error::from)?;
    let mut response = json(&ExecCreateResponse { id });
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// What dockerd says on an exec's connection when the client typed the keys that detach it.
const DETACHED: &str = "exec attach failed: error on attach stdin: read escape sequence\r\n";

/// `POST /exec/{id}/start`: attached, unless the body says `Detach`.
pub async fn start(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let request: ExecStartRequest = read_json_or(&mut call).await?.unwrap_or_default();
    let containers = engine.containers()?;
    let id = call.param("id").to_owned();
    let known = containers.inspect_exec(&id).map_err(Error::from)?;
    let keys = containers.exec_detach_keys(&id).map_err(Error::from)?;
    let keys = DetachKeys::parse(&keys).map_err(|error| Failure::invalid(error.to_string()))?;
    // The process has a terminal or not since its creation; how its output is sent is for this request to say.
    let framing = Framing::of(request.tty);
    let keys = known.process_config.tty.then_some(keys);
    let size = request.console_size.map(|[rows, columns]| (rows, columns));
    if request.detach {
        containers.start_exec(&id, false, size).await.map_err(Error::from)?;
        return Ok(status(StatusCode::OK));
    }
    let manner = Manner { framing, keys, stdin: known.open_stdin, farewell: DETACHED };
    let media_type = framing.media_type(call.version);
    let containers = containers.clone();
    Ok(hijack(call.request, media_type, move |input, mut output| async move {
        match containers.start_exec(&id, true, size).await {
            Ok(Some(attached)) => {
                let ended = |code| containers.exec_ended(&id, code);
                if talk(attached, input, output, manner, ended).await == Over::Detached {
                    containers.tell_detached(&known.container_id, Some(&id));
                }
            }
            Ok(None) => {}
            // The client has its connection by now: as with dockerd it reads there what went wrong.
            Err(error) => {
                let text = Bytes::from(format!("{error}\r\n"));
                let _ = output.write_all(&framing.pack(Of::Stdout, text)).await;
                let _ = output.shutdown().await;
            }
        }
    }))
}

/// `POST /exec/{id}/resize`: `h`, `w`.
pub async fn resize(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (rows, columns) = size(&call)?;
    engine.containers()?.resize_exec(call.param("id"), rows, columns).await.map_err(Error::from)?;
    Ok(status(StatusCode::OK))
}

/// `GET /exec/{id}/json`.
pub async fn inspect(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.containers()?.inspect_exec(call.param("id")).map_err(Error::from)?))
}
