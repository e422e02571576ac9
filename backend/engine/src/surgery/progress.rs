//! An operation under way.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use strata_api::workshop::{SurgeryEvent, SurgeryOutcome};
use strata_layers::Watch;
use tokio::task::JoinHandle;

use crate::{Error, Kind};

/// How often it is told how far it is.
const PACE: Duration = Duration::from_millis(200);

/// An operation under way. Dropping it stops the work, and nothing comes of it.
pub(super) struct Operating {
    watch: Arc<Watch>,
    /// Layers to be made.
    layers: usize,
    /// Entries of all of them.
    entries: u64,
    work: JoinHandle<Result<SurgeryOutcome, Error>>,
}

impl Operating {
    pub(super) fn new(
        watch: Arc<Watch>,
        layers: usize,
        entries: u64,
        work: JoinHandle<Result<SurgeryOutcome, Error>>,
    ) -> Self {
        Self { watch, layers, entries, work }
    }

    /// Waits for its end.
    pub(super) async fn outcome(mut self) -> Result<SurgeryOutcome, Error> {
        let joined = (&mut self.work).await;
        joined.unwrap_or_else(|error| Err(Error::new(Kind::Internal, format!("internal error: {error}"))))
    }

    /// How far it is, until it ends.
    pub(super) fn events(self) -> impl Stream<Item = SurgeryEvent> + Send + use<> {
        let first = SurgeryEvent::Started { layers: self.layers, entries: self.entries };
        let pace = tokio::time::interval(PACE);
        stream::unfold((Some(first), Some(self), pace), |(first, operating, mut pace)| async move {
            let mut operating = operating?;
            if let Some(first) = first {
                return Some((first, (None, Some(operating), pace)));
            }
            let ended = tokio::select! {
                ended = &mut operating.work => ended,
                _ = pace.tick() => {
                    let told = operating.told();
                    return Some((told, (None, Some(operating), pace)));
                }
            };
            let last = match ended {
                Ok(Ok(SurgeryOutcome { image, name })) => SurgeryEvent::Done { image, name },
                Ok(Err(error)) => SurgeryEvent::Failed { message: error.message },
                Err(error) => SurgeryEvent::Failed { message: format!("internal error: {error}") },
            };
            Some((last, (None, None, pace)))
        })
    }

    fn told(&self) -> SurgeryEvent {
        // Directories on the way count too.
        let entries = self.watch.entries().min(self.entries);
        SurgeryEvent::Progress { entries, bytes: self.watch.unpacked() }
    }
}

impl Drop for Operating {
    /// After its end nothing listens any more.
    fn drop(&mut self) {
        self.watch.stop();
    }
}
