//! The messages of a pull, in the words that dockerd's clients know.

use strata_api::progress::Message;
use strata_oci::Digest;
use tokio::sync::mpsc;

use crate::{Error, progress};

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
    /// One that nobody listens to.
    pub(super) fn unheard() -> Self {
        Self(mpsc::channel(1).0)
    }

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
        let _ = self.0.send(progress::failure(error)).await;
    }
}

fn message(digest: &Digest, step: Step) -> Message {
    let id = digest.short();
    match step {
        Step::Queued => progress::state(id, "Pulling fs layer"),
        Step::Waiting => progress::state(id, "Waiting"),
        Step::Exists => progress::state(id, "Already exists"),
        Step::Downloading { current, total } => progress::figures(id, "Downloading", current, total),
        Step::Verifying => progress::state(id, "Verifying Checksum"),
        Step::Downloaded => progress::state(id, "Download complete"),
        Step::Extracting { current, total } => progress::figures(id, "Extracting", current, total),
        Step::Complete => progress::state(id, "Pull complete"),
    }
}
