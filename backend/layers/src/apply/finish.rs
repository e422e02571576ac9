//! What is left to do of a file when it is there: its content, owner, mode, attributes and time.
//!
//! Creating a small file and filling it take about as long, so the latter is done in a thread of its own, as soon as there are
//! enough of them. Nothing else depends on when it is done: names are made in the order of the archive, by the applier.

use std::{
    fs::File,
    io::Write as _,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use rustix::fs::{self, Gid, Mode, Timestamps, Uid};
use strata_layer::{LayerPath, Xattr};

use super::{ApplyError, attributes::set_xattr};

/// Files that are handed over at once. So many are open, and so many again wait.
const BATCH: usize = 16;

/// An open file that is not yet as its entry says.
pub(super) struct Unfinished {
    pub file: File,
    /// What is to be written to it.
    pub content: Vec<u8>,
    /// If it isn't right already.
    pub owner: Option<(Uid, Gid)>,
    /// If it isn't right already.
    pub mode: Option<Mode>,
    pub xattrs: Vec<Xattr>,
    pub times: Timestamps,
    /// For errors.
    pub path: LayerPath,
}

impl Unfinished {
    /// Content, owner, mode, attributes, time: in this order, because each takes away some of what follows it.
    pub fn finish(mut self) -> Result<(), ApplyError> {
        let path = &self.path;
        self.file.write_all(&self.content).map_err(ApplyError::io("write", path))?;
        if let Some((uid, gid)) = self.owner {
            fs::fchown(&self.file, Some(uid), Some(gid)).map_err(ApplyError::io("set the owner of", path))?;
        }
        if let Some(mode) = self.mode {
            fs::fchmod(&self.file, mode).map_err(ApplyError::io("set the mode of", path))?;
        }
        for xattr in &self.xattrs {
            set_xattr(&self.file, path, xattr)?;
        }
        fs::futimens(&self.file, &self.times).map_err(ApplyError::io("set the time of", path))
    }
}

/// Finishes files aside.
#[derive(Default)]
pub(super) struct Finisher {
    batch: Vec<Unfinished>,
    worker: Option<Worker>,
}

struct Worker {
    batches: SyncSender<Vec<Unfinished>>,
    thread: JoinHandle<Result<(), ApplyError>>,
}

impl Finisher {
    /// Takes a file. An error may be an earlier one's.
    pub fn add(&mut self, file: Unfinished) -> Result<(), ApplyError> {
        self.batch.push(file);
        if self.batch.len() < BATCH {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        if self.worker.is_none() {
            let (sender, batches) = sync_channel::<Vec<Unfinished>>(1);
            let work = move || batches.into_iter().flatten().try_for_each(Unfinished::finish);
            match thread::Builder::new().name("files".into()).spawn(work) {
                Ok(thread) => self.worker = Some(Worker { batches: sender, thread }),
                Err(_) => return batch.into_iter().try_for_each(Unfinished::finish),
            }
        }
        match self.worker.as_ref().map(|worker| worker.batches.send(batch)) {
            // It ends early only when something failed.
            Some(Err(_)) => self.wait(),
            _ => Ok(()),
        }
    }

    /// Waits until all are finished.
    pub fn wait(&mut self) -> Result<(), ApplyError> {
        let last = std::mem::take(&mut self.batch).into_iter().try_for_each(Unfinished::finish);
        let Some(Worker { batches, thread }) = self.worker.take() else { return last };
        drop(batches);
        let earlier = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        earlier.and(last)
    }
}

impl Drop for Finisher {
    /// Whoever removes the tree next must find nobody in it.
    fn drop(&mut self) {
        self.batch.clear();
        if let Some(Worker { batches, thread }) = self.worker.take() {
            drop(batches);
            let _ = thread.join();
        }
    }
}
