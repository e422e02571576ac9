//! `POST /images/create`: pull and import, with progress as it happens.

use futures_util::stream;
use http::StatusCode;
use strata_api::progress::Message;
use strata_engine::{Engine, ImportRequest, PullRequest};
use tokio::sync::mpsc::Receiver;

use super::{Failure, registries::login};
use crate::{
    Shutdown,
    http::{Call, Lines, Response, error, pass_over, read_ahead},
};

/// Pulls `fromImage`: `tag`, `platform`, and the login in `X-Registry-Auth`.
///
/// A failure before anything happened has a status of its own, a later one is the stream's last line. A client that
/// leaves, or the server's end, cancels the pull.
pub async fn create((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let query = call.query();
    if query.has("fromSrc") {
        return import(engine, shutdown, call).await;
    }
    let image = query.text("fromImage");
    let image = image
        .ok_or_else(|| Failure::invalid("the parameter fromImage is missing: expected an image's name"))?;
    let request =
        PullRequest { image, tag: query.text("tag"), platform: query.text("platform"), login: login(&call) };
    let mut messages = engine.pull(request);
    let Some(first) = messages.recv().await else {
        return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "the pull ended without a word"));
    };
    Ok(refused(&first)
        .unwrap_or_else(|| Lines::DOS.reply(follow(Some(first), messages, shutdown, "the pull"))))
}

/// Imports `fromSrc`, a URL or `-` for the body: `repo`, `tag`, `message`, `changes`, `platform`.
async fn import(engine: Engine, shutdown: Shutdown, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let text = |key| query.text(key).unwrap_or_default();
    let request = ImportRequest {
        source: query.text("fromSrc").unwrap_or_else(|| "-".into()),
        repo: text("repo"),
        tag: text("tag"),
        message: text("message"),
        changes: query.texts("changes"),
        platform: query.text("platform"),
    };
    if let Err(error) = request.check() {
        pass_over(call.request.into_body()).await;
        return Err(error.into());
    }
    let mut messages = engine.import(read_ahead(call.request.into_body()), request)?;
    let Some(first) = messages.recv().await else {
        return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "the import ended without a word"));
    };
    Ok(refused(&first)
        .unwrap_or_else(|| Lines::DOS.reply(follow(Some(first), messages, shutdown, "the import"))))
}

/// The reply to a pull that failed before it began.
pub(super) fn refused(first: &Message) -> Option<Response> {
    let message = first.error.as_ref()?;
    let code = first.error_detail.as_ref().and_then(|detail| u16::try_from(detail.code?).ok());
    let status =
        code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Some(error(status, message))
}

/// The messages until what they are about, named `what`, or the server ends.
pub(super) fn follow(
    first: Option<Message>,
    messages: Receiver<Message>,
    shutdown: Shutdown,
    what: &'static str,
) -> impl futures_util::Stream<Item = Message> + Send + 'static {
    stream::unfold((first, messages, shutdown), move |(first, mut messages, shutdown)| async move {
        if let Some(first) = first {
            return Some((first, (None, messages, shutdown)));
        }
        if shutdown.has_begun() {
            return None;
        }
        let next = tokio::select! {
            message = messages.recv() => message?,
            () = shutdown.begun() => ended(what),
        };
        Some((next, (None, messages, shutdown)))
    })
}

/// What something that the server's end cut off says last.
fn ended(what: &str) -> Message {
    let message = format!("the server is ending, {what} was cancelled");
    let detail = strata_api::progress::ErrorDetail { code: None, message: message.clone() };
    Message { error: Some(message), error_detail: Some(detail), ..Message::default() }
}
