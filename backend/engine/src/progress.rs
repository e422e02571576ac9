//! What the progress messages of all streams have in common.

use strata_api::progress::{Detail, ErrorDetail, Message};
use tokio::sync::mpsc;

use crate::{Error, Kind};

/// A message about one thing, named `id`, that is only in a state.
pub(crate) fn state(id: &str, status: &str) -> Message {
    Message {
        status: Some(status.into()),
        progress_detail: Some(Detail::default()),
        id: Some(id.into()),
        ..Message::default()
    }
}

/// A message about how far one thing is.
pub(crate) fn figures(id: &str, status: &str, current: u64, total: u64) -> Message {
    Message {
        progress_detail: Some(Detail { current: Some(current), total: Some(total) }),
        progress: Some(bar(current, total)),
        ..state(id, status)
    }
}

/// A line about everything.
pub(crate) fn line(status: impl Into<String>) -> Message {
    Message { status: Some(status.into()), ..Message::default() }
}

/// Text that clients print as it is.
pub(crate) fn text(text: impl Into<String>) -> Message {
    Message { stream: Some(text.into()), ..Message::default() }
}

/// The end of something that failed.
pub(crate) fn failure(error: &Error) -> Message {
    let code = match error.kind {
        Kind::InvalidArgument | Kind::WrongDigest | Kind::OutOfRange => 400,
        Kind::Forbidden => 403,
        Kind::NotFound | Kind::MissingPart => 404,
        Kind::Conflict => 409,
        Kind::Unsupported => 501,
        // Not 401, which clients take for a question about the engine itself.
        Kind::Unauthorized | Kind::Unavailable | Kind::Cancelled | Kind::NotModified | Kind::Internal => 500,
    };
    let detail = ErrorDetail { code: Some(code), message: error.message.clone() };
    Message { error: Some(error.message.clone()), error_detail: Some(detail), ..Message::default() }
}

/// Where messages go. A state is delivered; a figure is dropped when the listener is slow.
#[derive(Clone)]
pub(crate) struct Teller {
    sender: mpsc::Sender<Message>,
    quiet: bool,
}

impl Teller {
    /// To `sender`; of a `quiet` one only texts and failures come.
    pub(crate) fn new(sender: mpsc::Sender<Message>, quiet: bool) -> Self {
        Self { sender, quiet }
    }

    /// Waits until the listener has room. Blocks. `false` if it is gone.
    pub(crate) fn tell(&self, message: Message) -> bool {
        if self.quiet && message.stream.is_none() && message.error.is_none() {
            return !self.sender.is_closed();
        }
        self.sender.blocking_send(message).is_ok()
    }

    /// Leaves a figure out if the listener has no room.
    pub(crate) fn mention(&self, message: Message) {
        if !self.quiet {
            let _ = self.sender.try_send(message);
        }
    }
}

/// `[=====>      ]  1.2MB/24MB`, for clients that print it as it is.
fn bar(current: u64, total: u64) -> String {
    const WIDTH: usize = 50;
    let done = usize::try_from(current * WIDTH as u64 / total.max(1)).unwrap_or(WIDTH).min(WIDTH);
    let rest = WIDTH - done;
    let head = if rest > 0 { ">" } else { "" };
    let space = " ".repeat(rest.saturating_sub(1));
    format!("[{}{head}{space}] {:>8}/{}", "=".repeat(done), size(current), size(total))
}

/// Four significant digits and a decimal unit, as docker prints sizes.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if value >= 1000.0 { 0 } else { 3 - (value.max(1.0).log10() as usize).min(3) };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_bars_look_like_dockers() {
        let cases = [(0, "0B"), (32, "32B"), (1000, "1kB"), (2_097_152, "2.097MB"), (24_500_000, "24.5MB")];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(bar(5, 10), format!("[{}>{}]       5B/10B", "=".repeat(25), " ".repeat(24)));
        assert_eq!(bar(10, 10), format!("[{}]      10B/10B", "=".repeat(50)));
        assert!(bar(11, 0).contains("11B/0B"));
    }

    #[test]
    fn states_have_an_empty_detail() {
        let text = serde_json::to_string(&state("e3b0c44298fc", "Pulling fs layer")).expect("serialises");
        assert_eq!(text, r#"{"status":"Pulling fs layer","progressDetail":{},"id":"e3b0c44298fc"}"#);
    }
}
