//! One container in memory: its record, who works on it, who waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strata_runtime::{Attached, Id, ProcessKey, Streams};
use tokio::sync::{oneshot, watch};

use crate::{record::Record, restart::Backoff};

/// A container.
pub(crate) struct Container {
    /// Its id.
    pub id: String,
    record: Mutex<Record>,
    /// Held by whoever changes what it is: start, the end of its process, remove.
    pub work: Arc<tokio::sync::Mutex<()>>,
    /// Held while its record is written, so that the last state is the one that stays.
    pub writing: tokio::sync::Mutex<()>,
    /// Clients that attached before there was a process.
    waiting: Mutex<Vec<(Streams, oneshot::Sender<Attached>)>>,
    /// Its ends, for those who wait.
    pub ends: watch::Sender<Ends>,
    /// How long to wait before the next restart.
    pub backoff: Mutex<Backoff>,
    /// Ends the pause before a restart, and the probes of its health.
    pub interrupt: watch::Sender<u64>,
}

/// What those who wait look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    /// How often it came to rest.
    pub count: u64,
    /// Whether it is gone.
    pub removed: bool,
    /// Exit code of the last end.
    pub code: i32,
    /// Why it could not be removed or started.
    pub error: Option<String>,
}

impl Container {
    pub(crate) fn new(record: Record) -> Self {
        let code = record.state.exit_code;
        Self {
            id: record.id.clone(),
            record: Mutex::new(record),
            work: Arc::default(),
            writing: tokio::sync::Mutex::default(),
            waiting: Mutex::default(),
            ends: watch::Sender::new(Ends { code, ..Ends::default() }),
            backoff: Mutex::default(),
            interrupt: watch::Sender::new(0),
        }
    }

    /// Its record. Not to be held over anything that takes time.
    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of its record.
    pub(crate) fn snapshot(&self) -> Record {
        self.record().clone()
    }

    /// Its name to the runtime: ids are made here, so they fit.
    pub(crate) fn runtime_id(&self) -> Id {
        Id::parse(&self.id).expect("64 hex digits are an id")
    }

    /// Its first process.
    pub(crate) fn key(&self) -> ProcessKey {
        ProcessKey::container(self.runtime_id())
    }

    /// Waits for the next process to attach to.
    pub(crate) fn attach_later(&self, streams: Streams) -> oneshot::Receiver<Attached> {
        let (tell, attached) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((streams, tell));
        attached
    }

    /// Those who wait to be attached; dropping them tells them that nothing comes.
    pub(crate) fn take_waiting(&self) -> Vec<(Streams, oneshot::Sender<Attached>)> {
        std::mem::take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends pauses and probes.
    pub(crate) fn interrupt(&self) {
        self.interrupt.send_modify(|count| *count += 1);
    }

    /// It came to rest.
    pub(crate) fn rest(&self, code: i32, error: Option<String>) {
        self.ends.send_modify(|ends| {
            ends.count += 1;
            ends.code = code;
            ends.error = error;
        });
    }
}
