//! `POST /images/create`: pull, with progress as it happens.

use futures_util::stream;
use http::StatusCode;
use strata_api::progress::Message;
use strata_engine::{Engine, Login, PullRequest};
use tokio::sync::mpsc::Receiver;

use super::Failure;
use crate::{
    Shutdown,
    http::{Call, Lines, Response, error},
};

/// Pulls `fromImage`: `tag`, `platform`, and the login in `X-Registry-Auth`.
///
/// A failure before anything happened has a status of its own, a later one is the stream's last line. A client that
/// leaves, or the server's end, cancels the pull.
pub async fn create((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let query = call.query();
    if query.has("fromSrc") {
        return Ok(error(StatusCode::NOT_IMPLEMENTED, "importing file systems is not built yet"));
    }
    let image = query.text("fromImage");
    let image = image
        .ok_or_else(|| Failure::invalid("the parameter fromImage is missing: expected an image's name"))?;
    // dockerd ignores a header that it can't read; so anonymous pulls work with old clients that send nonsense.
    let login =
        call.header("x-registry-auth").and_then(|header| Login::from_registry_auth(header).ok().flatten());
    let request = PullRequest { image, tag: query.text("tag"), platform: query.text("platform"), login };
    let mut messages = engine.pull(request);
    let Some(first) = messages.recv().await else {
        return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "the pull ended without a word"));
    };
    Ok(refused(&first).unwrap_or_else(|| Lines::DOS.reply(progress(first, messages, shutdown))))
}

/// The reply to a pull that failed before it began.
fn refused(first: &Message) -> Option<Response> {
    let message = first.error.as_ref()?;
    let code = first.error_detail.as_ref().and_then(|detail| u16::try_from(detail.code?).ok());
    let status =
        code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Some(error(status, message))
}

/// The messages until the pull or the server ends.
fn progress(
    first: Message,
    messages: Receiver<Message>,
    shutdown: Shutdown,
) -> impl futures_util::Stream<Item = Message> + Send + 'static {
    stream::unfold((Some(first), messages, shutdown), |(first, mut messages, shutdown)| async move {
        if let Some(first) = first {
            return Some((first, (None, messages, shutdown)));
        }
        if shutdown.has_begun() {
            return None;
        }
        let next = tokio::select! {
            message = messages.recv() => message?,
            () = shutdown.begun() => ended(),
        };
        Some((next, (None, messages, shutdown)))
    })
}

/// What a pull that the server's end cut off says last.
fn ended() -> Message {
    let message = "the server is ending, the pull was cancelled";
    let detail = strata_api::progress::ErrorDetail { code: None, message: message.into() };
    Message { error: Some(message.into()), error_detail: Some(detail), ..Message::default() }
}
