//! `POST /containers/{id}/attach`.

use strata_engine::{
    Engine, Error,
    containers::{DetachKeys, Streams},
};

use super::{
    frames::Framing,
    logs::{self, Wanted},
    talk::{Manner, talk},
};
use crate::{
    docker::Failure,
    http::{Call, Response, hijack},
};

/// `POST /containers/{id}/attach`: `stdin`, `stdout`, `stderr`, `stream`, `logs`, `detachKeys`.
///
/// A container that doesn't run is attached to when it is started: that is how `docker run` misses nothing.
pub async fn attach(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let containers = engine.containers()?;
    let name = call.param("id").to_owned();
    let tty = containers.has_terminal(&name).map_err(Error::from)?;
    let keys = DetachKeys::parse(&query.text("detachKeys").unwrap_or_default())
        .map_err(|error| Failure::invalid(error.to_string()))?;
    let stream = query.flag("stream");
    let streams = Streams {
        stdin: query.flag("stdin") && stream,
        stdout: query.flag("stdout"),
        stderr: query.flag("stderr"),
    };
    let attachment =
        if stream { Some(containers.attach(&name, streams).await.map_err(Error::from)?) } else { None };
    let past = if query.flag("logs") {
        let wanted = Wanted { stdout: streams.stdout, stderr: streams.stderr, ..Wanted::until_now() };
        Some(containers.logs(&name, wanted.query()).await.map_err(Error::from)?)
    } else {
        None
    };
    let framing = Framing::of(tty);
    let manner = Manner { framing, keys: tty.then_some(keys), stdin: streams.stdin };
    let media_type = framing.media_type(call.version);
    Ok(hijack(call.request, media_type, move |input, mut output| async move {
        if let Some(past) = past {
            logs::send(past, framing, &mut output).await;
        }
        if let Some(attachment) = attachment
            && let Some(attached) = attachment.ready().await
        {
            talk(attached, input, output, manner, |_| {}).await;
        }
    }))
}
