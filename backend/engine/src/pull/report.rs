//! The messages of a pull, in the words that dockerd's clients know.

use strata_api::progress::{Detail, ErrorDetail, Message};
use strata_oci::Digest;
use tokio::sync::mpsc;

use crate::{Error, Kind};

/// What a layer is going through, as the user sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Queued,
    Waiting,
    Exists,
    Downloading { current: u64, total: u64 },
    Verifying,
    Downloaded,
    Extracting { current: u64, total: u64 },
    Complete,
}

/// Sends a pull's messages to whoever listens.
///
/// States are delivered; figures between two states are dropped when the listener is slow.
#[derive(Clone)]
pub(super) struct Report(pub(super) mpsc::Sender<Message>);

impl Report {
    /// A line without a layer; `id` is the tag in the first one.
    pub(super) async fn line(&self, id: Option<String>, status: String) {
        let message = Message { status: Some(status), id, ..Message::default() };
        let _ = self.0.send(message).await; // a listener that left cancels the pull elsewhere
    }

    /// The line after everything went well.
    pub(super) async fn status(&self, newer: bool, name: &str) {
        let status = if newer { "Downloaded newer image for" } else { "Image is up to date for" };
        self.line(None, format!("Status: {status} {name}")).await;
    }

    /// A layer's new state.
    pub(super) async fn layer(&self, digest: &Digest, step: Step) {
        let message = message(digest, step);
        match step {
            Step::Downloading { .. } | Step::Extracting { .. } => drop(self.0.try_send(message)),
            _ => drop(self.0.send(message).await),
        }
    }

    /// The end of a pull that failed.
    pub(super) async fn failure(&self, error: &Error) {
        let code = match error.kind {
            Kind::InvalidArgument => 400,
            Kind::Forbidden => 403,
            Kind::NotFound => 404,
            Kind::Conflict => 409,
            Kind::Unsupported => 501,
            // Not 401, which clients take for a question about the engine itself.
            Kind::Unauthorized | Kind::Unavailable | Kind::Cancelled | Kind::NotModified | Kind::Internal => {
                500
            }
        };
        let detail = ErrorDetail { code: Some(code), message: error.message.clone() };
        let message =
            Message { error: Some(error.message.clone()), error_detail: Some(detail), ..Message::default() };
        let _ = self.0.send(message).await;
    }
}

fn message(digest: &Digest, step: Step) -> Message {
    let figures = |current: u64, total: u64| {
        (Detail { current: Some(current), total: Some(total) }, Some(bar(current, total)))
    };
    let (status, (detail, progress)) = match step {
        Step::Queued => ("Pulling fs layer", Default::default()),
        Step::Waiting => ("Waiting", Default::default()),
        Step::Exists => ("Already exists", Default::default()),
        Step::Downloading { current, total } => ("Downloading", figures(current, total)),
        Step::Verifying => ("Verifying Checksum", Default::default()),
        Step::Downloaded => ("Download complete", Default::default()),
        Step::Extracting { current, total } => ("Extracting", figures(current, total)),
        Step::Complete => ("Pull complete", Default::default()),
    };
    Message {
        status: Some(status.into()),
        progress_detail: Some(detail),
        progress,
        id: Some(digest.short().into()),
        ..Message::default()
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
fn size(bytes: u64) -> String {
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
        let text = serde_json::to_string(&message(&Digest::of(b""), Step::Queued)).expect("serialises");
        assert_eq!(text, r#"{"status":"Pulling fs layer","progressDetail":{},"id":"e3b0c44298fc"}"#);
    }
}
