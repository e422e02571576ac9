//! Containers as the page draws them.

use http::HeaderValue;
use strata_engine::{Engine, Error, Kind, containers::Streams};

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

/// `GET /api/containers/{id}/terminal`: a WebSocket. Why it is closed is said in the close frame.
pub async fn terminal((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let name = call.param("id").to_owned();
    let containers = engine.containers()?.clone();
    let upgrade = socket::upgrade(call.request).await?;
    let streams = Streams { stdin: true, stdout: true, stderr: true };
    let attachment = containers.attach(&name, streams).await.map_err(Error::from)?;
    let texts = socket::Texts::Sizes(containers, name);
    let manner = socket::Manner { keys: None, stdin: true, as_text: false, texts };
    Ok(upgrade.on_upgrade(move |socket| async move {
        socket::carry(socket, None, Some(attachment), manner, shutdown).await;
    }))
}
