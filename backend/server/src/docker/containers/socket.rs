//! A process on a WebSocket: what it writes goes out as messages, messages are what is typed.

use axum::extract::{
    FromRequestParts as _,
    ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
};
use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _, stream};
use strata_api::live::TerminalSize;
use strata_engine::containers::{
    AttachInput, Attached, Attachment, Containers, DetachKeys, LogRequest, Output, Typed,
};

use crate::{Shutdown, docker::Failure, http::Request};

/// What a client may send at once: a paste.
const PASTE: usize = 1 << 20;
/// What the standard leaves of a close frame for words.
const REASON: usize = 123;

/// How a WebSocket carries a process.
pub struct Manner {
    /// Keys that end the attachment; they have a meaning with a terminal only.
    pub keys: Option<DetachKeys>,
    /// Whether what is typed goes to the process.
    pub stdin: bool,
    /// Whether output is sent as text, as before API 1.28.
    pub as_text: bool,
    /// What messages of text mean.
    pub texts: Texts,
}

/// What messages of text mean; those of bytes are typed in any case.
pub enum Texts {
    /// They are typed too, as dockerd has it.
    Typed,
    /// They tell the size of this container's terminal, as [`TerminalSize`].
    Sizes(Containers, String),
    /// They tell the size of this exec's terminal, likewise.
    ExecSizes(Containers, String),
}

/// Why it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The process ended.
    Exited(i32),
    /// The client typed the keys for it.
    Detached,
    /// Everything was sent that was asked for.
    Told,
    /// There is no process and none comes.
    NotStarted,
    /// The client didn't take what was sent.
    TooSlow,
    /// The process's shim is gone.
    Lost,
    /// The server ends.
    Ending,
    /// The client closed the connection.
    Left,
}

impl End {
    /// The standard's code and our words; nothing for a client that left.
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Exited(code) => (close_code::NORMAL, format!("the process exited with code {code}")),
            Self::Detached => (close_code::NORMAL, "detached by its keys".to_owned()),
            Self::Told => (close_code::NORMAL, String::new()),
            Self::NotStarted => (close_code::ERROR, "the container was not started".to_owned()),
            Self::TooSlow => (close_code::POLICY, "output was not read for ten seconds".to_owned()),
            Self::Lost => (close_code::ERROR, "the process can't be reached any more".to_owned()),
            Self::Ending => (close_code::AWAY, "the server is ending".to_owned()),
            Self::Left => return None,
        };
        debug_assert!(reason.len() <= REASON);
        Some(CloseFrame { code, reason: reason.into() })
    }
}

/// The WebSocket that a request asks for.
///
/// # Errors
/// When it doesn't.
pub async fn upgrade(request: Request) -> Result<WebSocketUpgrade, Failure> {
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade = upgrade.map_err(|refusal| Failure::invalid(refusal.to_string()))?;
    Ok(upgrade.max_message_size(PASTE))
}

/// Sends `past`, then carries a process's bytes both ways, and says in the close frame why it is over.
pub async fn carry(
    socket: WebSocket,
    past: Option<LogRequest>,
    attachment: Option<Attachment>,
    manner: Manner,
    shutdown: Shutdown,
) -> End {
    let (mut sink, mut source) = socket.split();
    let end = tokio::select! {
        end = both_ways(&mut sink, &mut source, past, attachment, manner) => end,
        () = shutdown.begun() => End::Ending,
    };
    if let Some(frame) = end.frame() {
        // The client may have left by now.
        let _ = sink.send(Message::Close(Some(frame))).await;
    }
    end
}

/// Carries a process that runs already, from its first byte on, as [`carry`] does.
pub async fn converse(socket: WebSocket, attached: Attached, manner: Manner, shutdown: Shutdown) -> End {
    let (mut sink, mut source) = socket.split();
    let end = tokio::select! {
        end = exchange(&mut sink, &mut source, attached, manner) => end,
        () = shutdown.begun() => End::Ending,
    };
    if let Some(frame) = end.frame() {
        // The client may have left by now.
        let _ = sink.send(Message::Close(Some(frame))).await;
    }
    end
}

/// Says why there is nothing to carry: a browser tells its page no other answer.
pub async fn refuse(mut socket: WebSocket, why: &str) {
    let mut end = why.len().min(REASON);
    while !why.is_char_boundary(end) {
        end -= 1;
    }
    let frame = CloseFrame { code: close_code::ERROR, reason: why[..end].into() };
    // The client may have left by now.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

async fn both_ways(
    sink: &mut (impl Sink<Message> + Unpin),
    source: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    past: Option<LogRequest>,
    attachment: Option<Attachment>,
    manner: Manner,
) -> End {
    if let Some(mut past) = past {
        while let Ok(Some(line)) = past.lines.next().await {
            if sink.send(message(line.bytes, manner.as_text)).await.is_err() {
                return End::Left;
            }
        }
    }
    let Some(attachment) = attachment else { return End::Told };
    let mut early = Vec::new();
    let attached = tokio::select! {
        attached = attachment.ready() => match attached {
            Some(attached) => attached,
            None => return End::NotStarted,
        },
        () = listen(source, &mut early) => return End::Left,
    };
    let mut source = stream::iter(early.into_iter().map(Ok)).chain(source);
    exchange(sink, &mut source, attached, manner).await
}

/// What the process says to the client, and what the client types to the process, until one of them ends.
async fn exchange(
    sink: &mut (impl Sink<Message> + Unpin),
    source: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    attached: Attached,
    manner: Manner,
) -> End {
    let Manner { keys, stdin, as_text, texts } = manner;
    let Attached { input, mut output } = attached;
    let said = async {
        loop {
            let bytes = match output.next().await {
                Some(Output::Stdout(bytes) | Output::Stderr(bytes)) => bytes,
                Some(Output::Exit(exit)) => return End::Exited(i32::from(exit.code)),
                Some(Output::Overrun) => return End::TooSlow,
                None => return End::Lost,
            };
            if sink.send(message(bytes, as_text)).await.is_err() {
                return End::Left;
            }
        }
    };
    let heard = hear(source, input, keys, stdin, &texts);
    tokio::select! {
        end = said => end,
        end = heard => end,
    }
}

/// Carries what the client sends until it leaves or detaches.
async fn hear(
    source: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    mut input: AttachInput,
    mut keys: Option<DetachKeys>,
    stdin: bool,
    texts: &Texts,
) -> End {
    loop {
        let bytes = match source.next().await {
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Text(text))) => match texts {
                Texts::Typed => Bytes::from(text),
                Texts::Sizes(..) | Texts::ExecSizes(..) => {
                    resize(texts, text.as_bytes()).await;
                    continue;
                }
            },
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                if stdin {
                    // It may have ended by now; then there is nothing to close.
                    let _ = input.close().await;
                }
                return End::Left;
            }
        };
        if !stdin {
            continue;
        }
        let (bytes, detached) = match keys.as_mut().map(|keys| keys.filter(&bytes)) {
            None => (bytes, false),
            Some(Typed::Input(bytes)) => (bytes, false),
            Some(Typed::Detach(bytes)) => (bytes, true),
        };
        if input.write(&bytes).await.is_err() {
            // It has ended: its last words are on their way.
            std::future::pending::<()>().await;
        }
        if detached {
            return End::Detached;
        }
    }
}

/// Keeps what the client sends before there is a process; returns when it has left.
async fn listen(
    source: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
    early: &mut Vec<Message>,
) {
    let mut room = PASTE;
    while let Some(Ok(message)) = source.next().await {
        let size = match &message {
            Message::Close(_) => return,
            Message::Binary(bytes) => bytes.len(),
            Message::Text(text) => text.len(),
            Message::Ping(_) | Message::Pong(_) => continue,
        };
        early.push(message);
        match room.checked_sub(size.max(1)) {
            Some(left) => room = left,
            // The rest waits in the connection.
            None => return std::future::pending().await,
        }
    }
}

fn message(bytes: Bytes, as_text: bool) -> Message {
    match as_text {
        true => Message::Text(String::from_utf8_lossy(&bytes).into_owned().into()),
        false => Message::Binary(bytes),
    }
}

/// A client that sends something else than a size, or for a container that has just ended, is not answered.
async fn resize(texts: &Texts, text: &[u8]) {
    let Ok(TerminalSize { columns, rows }) = serde_json::from_slice(text) else { return };
    let _ = match texts {
        Texts::Typed => Ok(()),
        Texts::Sizes(containers, name) => containers.resize(name, rows, columns).await,
        Texts::ExecSizes(containers, id) => containers.resize_exec(id, rows, columns).await,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_but_a_clients_own_is_explained_within_the_standards_limit() {
        let ends = [
            End::Exited(i32::MIN),
            End::Detached,
            End::Told,
            End::NotStarted,
            End::TooSlow,
            End::Lost,
            End::Ending,
        ];
        for end in ends {
            let frame = end.frame().expect("said");
            assert!(frame.reason.len() <= REASON && frame.code >= 1000, "{end:?}");
        }
        assert_eq!(End::Left.frame(), None);
    }
}
