//! Containers as the page draws them.

use axum::extract::ws::WebSocket;
use http::HeaderValue;
use strata_api::engine::ExecCreateRequest;
use strata_engine::{
    Engine, Error, Kind,
    containers::{Containers, Streams},
};

use super::images::path;
use crate::{
    Shutdown,
    docker::{Failure, socket},
    http::{Call, Content, Response, hostile_content, json},
};

/// `GET /api/containers/{id}`.
pub async fn detail(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.container_detail(call.param("id")).await?))
}

/// `GET /api/containers/{id}/file?path=PATH`, with `Range`. As hostile as a file of an image.
pub async fn file(engine: Engine, call: Call) -> Result<Response, Failure> {
    let file = engine.open_container_file(call.param("id"), &path(&call)?).await?;
    let unreadable =
        |error| Failure::from(Error::new(Kind::Internal, format!("cannot read the file: {error}")));
    let meta = file.metadata().map_err(unreadable)?;
    let changed = meta.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let etag = format!("\"{}-{}\"", changed.unwrap_or_default().as_nanos(), meta.len());
    let whole = Content { file, size: meta.len(), etag };
    let attachment = HeaderValue::from_static("attachment");
    let cache = HeaderValue::from_static("no-store");
    hostile_content(call.headers(), call.is_head(), whole, attachment, cache).await.map_err(unreadable)
}

/// The shell of a container's page: the better one of those that are there.
const SHELL: [&str; 3] = ["/bin/sh", "-c", "[ -x /bin/bash ] && exec /bin/bash; exec /bin/sh"];

/// `GET /api/containers/{id}/terminal`: a WebSocket, to the container's process, or with `?shell=on` to a shell of its own that
/// ends with the connection. Why it is closed is said in the close frame.
pub async fn terminal((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let name = call.param("id").to_owned();
    let containers = engine.containers()?.clone();
    let shell = call.query().has("shell");
    let upgrade = socket::upgrade(call.request).await?;
    if shell {
        let request = ExecCreateRequest {
            tty: true,
            attach_stdin: true,
            attach_stdout: true,
            attach_stderr: true,
            cmd: Some(SHELL.map(str::to_owned).to_vec()),
            ..ExecCreateRequest::default()
        };
        let id = containers.create_exec(&name, request).await.map_err(Error::from)?;
        return Ok(upgrade.on_upgrade(move |socket| run_shell(socket, containers, id, shutdown)));
    }
    let streams = Streams { stdin: true, stdout: true, stderr: true };
    let attachment = containers.attach(&name, streams).await.map_err(Error::from)?;
    let texts = socket::Texts::Sizes(containers, name);
    let manner = socket::Manner { keys: None, stdin: true, as_text: false, texts };
    Ok(upgrade.on_upgrade(move |socket| async move {
        socket::carry(socket, None, Some(attachment), manner, shutdown).await;
    }))
}

async fn run_shell(socket: WebSocket, containers: Containers, id: String, shutdown: Shutdown) {
    match containers.start_exec(&id, true, None).await {
        Ok(Some(attached)) => {
            let texts = socket::Texts::ExecSizes(containers.clone(), id.clone());
            let manner = socket::Manner { keys: None, stdin: true, as_text: false, texts };
            socket::converse(socket, attached, manner, shutdown).await;
            containers.hang_up_exec(&id).await;
        }
        Ok(None) => {}
        Err(error) => socket::refuse(socket, &error.to_string()).await,
    }
}
