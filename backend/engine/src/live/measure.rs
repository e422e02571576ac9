//! How much of the files that were copied up is changed, found out when there is time for it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use strata_api::live::{Batch, Measured};
use strata_layer::LayerPath;
use strata_snapshots::{self as snapshots, EntryKind, Meter};
use tokio::sync::mpsc;

use super::PATIENCE;

/// Files told at a time.
const MOST: usize = 256;
/// Between two looks, or as long as the last one took: a file that is written to all the time is read half of it at
/// most.
const REST: Duration = Duration::from_millis(100);

/// Files to measure, each once however often it is written to.
#[derive(Clone, Default)]
pub(super) struct Wanted(Arc<Shared>);

#[derive(Default)]
struct Shared {
    files: Mutex<Files>,
    more: Condvar,
}

#[derive(Default)]
struct Files {
    paths: BTreeSet<LayerPath>,
    /// Nobody is left who adds any.
    over: bool,
}

/// Ends the measuring when it is dropped.
pub(super) struct Asker(Wanted);

impl Asker {
    /// Asks for files to be measured.
    pub(super) fn add(&self, paths: Vec<LayerPath>) {
        if !paths.is_empty() {
            self.0.lock().paths.extend(paths);
            self.0.0.more.notify_one();
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.0.more.notify_one();
    }
}

impl Wanted {
    fn lock(&self) -> MutexGuard<'_, Files> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some of what is asked for; waits for something. Nothing when nobody asks any more.
    fn take(&self) -> Option<Vec<LayerPath>> {
        let mut files = self.lock();
        while files.paths.is_empty() && !files.over {
            let waited = self.0.more.wait_timeout(files, PATIENCE);
            files = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if files.over {
            return None;
        }
        let mut taken = Vec::new();
        while taken.len() < MOST
            && let Some(path) = files.paths.pop_first()
        {
            taken.push(path);
        }
        Some(taken)
    }
}

/// The files of a batch that were copied up.
pub(super) fn copied(batch: &snapshots::Batch) -> Vec<LayerPath> {
    let is_copied = |entry: &snapshots::Entry| entry.kind == EntryKind::File && entry.copied > 0;
    let copied = batch.events.iter().filter(|event| event.entry.as_ref().is_some_and(is_copied));
    copied.map(|event| event.path.clone()).collect()
}

/// Measures what is asked for, on a thread of its own, until nobody asks or nobody listens.
pub(super) fn start(mut meter: Meter, sender: mpsc::Sender<Batch>) -> Asker {
    let wanted = Wanted::default();
    let asker = Asker(wanted.clone());
    // Not one of the runtime's threads, of which there are only so many: it mostly waits.
    let work = move || {
        while let Some(paths) = wanted.take() {
            let begun = Instant::now();
            let mut measured = Vec::new();
            for path in paths {
                if sender.is_closed() {
                    return;
                }
                // One that can't be read is one of which nothing is known.
                if let Ok(Some(found)) = meter.measure(&path) {
                    let path = strata_api::path::encode(path.as_bytes());
                    measured.push(Measured { path, changed: found.changed, whole: found.whole });
                }
            }
            let batch = Batch { measured, ..Batch::default() };
            if !batch.measured.is_empty() && sender.blocking_send(batch).is_err() {
                return;
            }
            std::thread::sleep(begun.elapsed().max(REST));
        }
    };
    if let Err(error) = std::thread::Builder::new().name("measure".into()).spawn(work) {
        tracing::warn!(%error, "what changed in files that were copied up isn't measured");
    }
    asker
}
