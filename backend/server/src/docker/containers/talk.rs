//! A client and a process that it is attached to.

use bytes::Bytes;
use strata_engine::containers::{AttachInput, Attached, DetachKeys, Output, Typed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::frames::{Framing, Of};
use crate::http::{self, Input};

const BUFFER: usize = 32 * 1024;

/// How a client is attached.
#[derive(Debug)]
pub struct Manner {
    /// How output is sent.
    pub framing: Framing,
    /// Keys that end the attachment; they have a meaning with a terminal only.
    pub keys: Option<DetachKeys>,
    /// Whether the client's input goes to the process.
    pub stdin: bool,
    /// What a client reads last that typed the keys.
    pub farewell: &'static str,
}

/// How an attachment came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The process ended, or the client left.
    Ended,
    /// The client typed the keys that detach it.
    Detached,
}

/// Carries bytes both ways until the process ends, the client leaves or types the keys for it.
///
/// `ended` is told the exit code before the client learns of the end: it may ask for it at once.
pub async fn talk(
    attached: Attached,
    input: Input,
    mut output: http::Output,
    manner: Manner,
    ended: impl FnOnce(i32) + Send,
) -> Over {
    let Attached { input: to_process, output: mut from_process } = attached;
    let Manner { framing, keys, stdin, farewell } = manner;
    let said = async {
        while let Some(item) = from_process.next().await {
            let (of, bytes) = match item {
                Output::Stdout(bytes) => (Of::Stdout, bytes),
                Output::Stderr(bytes) => (Of::Stderr, bytes),
                Output::Overrun => break,
                Output::Exit(exit) => {
                    ended(i32::from(exit.code));
                    break;
                }
            };
            if output.write_all(&framing.pack(of, bytes)).await.is_err() || output.flush().await.is_err() {
                break;
            }
        }
    };
    let typed = async {
        if !stdin || !carry_input(to_process, input, keys).await {
            // The end of the input is not the end of the output.
            std::future::pending::<()>().await;
        }
    };
    let over = tokio::select! {
        () = said => Over::Ended,
        () = typed => Over::Detached,
    };
    if over == Over::Detached && !farewell.is_empty() {
        let _ = output.write_all(&framing.pack(Of::Stdout, Bytes::from_static(farewell.as_bytes()))).await;
    }
    let _ = output.shutdown().await;
    over
}

/// Carries what the client types; whether it typed the keys that detach it.
async fn carry_input(mut to_process: AttachInput, mut input: Input, mut keys: Option<DetachKeys>) -> bool {
    let mut buffer = vec![0; BUFFER];
    while let Ok(length @ 1..) = input.read(&mut buffer).await {
        let typed = match &mut keys {
            Some(keys) => keys.filter(&buffer[..length]),
            None => Typed::Input(Bytes::copy_from_slice(&buffer[..length])),
        };
        let (bytes, detached) = match typed {
            Typed::Input(bytes) => (bytes, false),
            Typed::Detach(bytes) => (bytes, true),
        };
        if to_process.write(&bytes).await.is_err() {
            return false;
        }
        if detached {
            return true;
        }
    }
    // It may have ended by now; then there is nothing to close.
    let _ = to_process.close().await;
    false
}
