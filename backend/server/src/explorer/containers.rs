//! Containers as the page draws them.

use axum::extract::{
    FromRequestParts as _,
    ws::{Message, WebSocket, WebSocketUpgrade},
};
use bytes::Bytes;
use http::{HeaderValue, header};
use strata_api::live::TerminalSize;
use strata_engine::{
    Engine, Error, Kind,
    containers::{Attached, Attachment, Containers, Output, Streams},
};

use super::images::path;
use crate::{
    Shutdown,
    docker::Failure,
    http::{Call, Content, Response, content, json},
};

/// What a terminal may send at once: a paste.
const PASTE: usize = 1 << 20;

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
    let mut response = content(call.headers(), call.is_head(), whole).await.map_err(unreadable)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `GET /api/containers/{id}/terminal`: a WebSocket.
pub async fn terminal((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let name = call.param("id").to_owned();
    let containers = engine.containers()?.clone();
    let (mut parts, _) = call.request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade = upgrade.map_err(|refusal| Failure::invalid(refusal.to_string()))?;
    let streams = Streams { stdin: true, stdout: true, stderr: true };
    let attachment = containers.attach(&name, streams).await.map_err(Error::from)?;
    Ok(upgrade.max_message_size(PASTE).on_upgrade(move |socket| async move {
        tokio::select! {
            () = carry(socket, attachment, &containers, &name) => {}
            () = shutdown.begun() => {}
        }
    }))
}

/// Carries a terminal's bytes until the process ends or the page leaves.
async fn carry(mut socket: WebSocket, attachment: Attachment, containers: &Containers, name: &str) {
    let Some(Attached { mut input, mut output }) = attachment.ready().await else { return };
    loop {
        tokio::select! {
            said = output.next() => match said {
                Some(Output::Stdout(bytes) | Output::Stderr(bytes)) => {
                    if socket.send(Message::Binary(bytes)).await.is_err() {
                        return;
                    }
                }
                Some(Output::Overrun) | None => break,
                Some(Output::Exit(_)) => break,
            },
            typed = socket.recv() => match typed {
                Some(Ok(Message::Binary(bytes))) => {
                    if input.write(&bytes).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Text(text))) => resize(containers, name, &Bytes::from(text)).await,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        }
    }
    // The page may have left by now.
    let _ = socket.send(Message::Close(None)).await;
}

/// A page that sends something else than a size, or for a container that has just ended, is not answered.
async fn resize(containers: &Containers, name: &str, text: &[u8]) {
    if let Ok(TerminalSize { columns, rows }) = serde_json::from_slice(text) {
        let _ = containers.resize(name, rows, columns).await;
    }
}
