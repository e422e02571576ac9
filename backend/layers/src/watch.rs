//! Watching and stopping an intake from another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How far an intake is; all counters only grow. Whoever shows progress reads them now and then.
#[derive(Debug, Default)]
pub struct Watch {
    received: AtomicU64,
    unpacked: AtomicU64,
    entries: AtomicU64,
    stopped: AtomicBool,
}

impl Watch {
    /// Bytes taken from the source: compressed ones, as the descriptor's size counts them.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes of the uncompressed tar so far.
    pub fn unpacked(&self) -> u64 {
        self.unpacked.load(Ordering::Relaxed)
    }

    /// Entries applied so far.
    pub fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// Asks the intake to end soon, with [`crate::IntakeError::Stopped`].
    ///
    /// An intake that waits for its source notices when the source gives or fails: drop the source's other end too.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn add_received(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_unpacked(&self, bytes: u64) {
        self.unpacked.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_entry(&self) {
        self.entries.fetch_add(1, Ordering::Relaxed);
    }
}
