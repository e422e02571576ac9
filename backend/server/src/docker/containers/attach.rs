//! `POST /containers/{id}/attach` and `GET /containers/{id}/attach/ws`.

use strata_engine::{
    Engine, Error,
    containers::{Attachment, DetachKeys, LogRequest, Streams},
};

use super::{
    frames::Framing,
    logs::{self, Wanted},
    socket,
    talk::{Manner, Over, talk},
};
use crate::{
    Shutdown,
    docker::Failure,
    http::{Call, Query, Response, hijack},
};

/// What a request asks for, and what it is given.
struct Asked {
    name: String,
    tty: bool,
    streams: Streams,
    keys: DetachKeys,
    past: Option<LogRequest>,
    attachment: Option<Attachment>,
}

/// Reads `stdin`, `stdout`, `stderr` (all of them if `whole`), `stream`, `logs` and `detachKeys`, and attaches.
///
/// A container that doesn't run is attached to when it is started: that is how `docker run` misses nothing.
async fn ask(engine: &Engine, name: &str, query: Query, whole: bool) -> Result<Asked, Failure> {
    let containers = engine.containers()?;
    let name = name.to_owned();
    let tty = containers.has_terminal(&name).map_err(Error::from)?;
    let keys = query.text("detachKeys").unwrap_or_default();
    let wrong = |_| Failure::invalid(format!("Invalid detach keys ({keys}) provided"));
    let keys = DetachKeys::parse(&keys).map_err(wrong)?;
    let stream = query.flag("stream");
    let streams = Streams {
        stdin: (whole || query.flag("stdin")) && stream,
        stdout: whole || query.flag("stdout"),
        stderr: whole || query.flag("stderr"),
    };
    let attachment =
        if stream { Some(containers.attach(&name, streams).await.map_err(Error::from)?) } else { None };
    let past = if query.flag("logs") {
        let wanted = Wanted { stdout: streams.stdout, stderr: streams.stderr, ..Wanted::until_now() };
        Some(containers.logs(&name, wanted.query()).await.map_err(Error::from)?)
    } else {
        None
    };
    Ok(Asked { name, tty, streams, keys, past, attachment })
}

/// `POST /containers/{id}/attach`: `stdin`, `stdout`, `stderr`, `stream`, `logs`, `detachKeys`.
pub async fn attach(engine: Engine, call: Call) -> Result<Response, Failure> {
    let Asked { name, tty, streams, keys, past, attachment } =
        ask(&engine, call.param("id"), call.query(), false).await?;
    let containers = engine.containers()?.clone();
    let framing = Framing::of(tty);
    let manner = Manner { framing, keys: tty.then_some(keys), stdin: streams.stdin, farewell: "" };
    let media_type = framing.media_type(call.version);
    Ok(hijack(call.request, media_type, move |input, mut output| async move {
        if let Some(past) = past {
            logs::send(past, framing, &mut output).await;
        }
        if let Some(attachment) = attachment
            && let Some(attached) = attachment.ready().await
            && talk(attached, input, output, manner, |_| {}).await == Over::Detached
        {
            containers.tell_detached(&name, None);
        }
    }))
}

/// `GET /containers/{id}/attach/ws`: the same over a WebSocket, one stream for all output. Which streams can be chosen from
/// API 1.42 on; before it is all of them.
pub async fn attach_socket((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let Asked { name, tty, streams, keys, past, attachment } =
        ask(&engine, call.param("id"), call.query(), !call.version.since(42)).await?;
    let containers = engine.containers()?.clone();
    let upgrade = socket::upgrade(call.request).await?;
    let manner = socket::Manner {
        keys: tty.then_some(keys),
        stdin: streams.stdin,
        as_text: !call.version.since(28),
        texts: socket::Texts::Typed,
    };
    Ok(upgrade.on_upgrade(move |websocket| async move {
        if socket::carry(websocket, past, attachment, manner, shutdown).await == socket::End::Detached {
            containers.tell_detached(&name, None);
        }
    }))
}
