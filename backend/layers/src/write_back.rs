//! Writing to the disk while layers are still taken in.
//!
//! Left alone, the kernel keeps everything in memory until the end, when the image waits for all of it. Asking every
//! now and then makes disk and processor work at the same time: measured on a loop ext4, 4.1 instead of 5.4 seconds
//! for a layer of 220 MB, 8.0 instead of 11.6 for one of 230,000 files.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use strata_blobs::FileSystem;

/// Between two flushes, and before the first: a small image is done by then and needs none.
const PAUSE: Duration = Duration::from_millis(200);

/// Flushes a file system as long as somebody is [`WriteBack::busy`].
#[derive(Clone, Debug)]
pub(crate) struct WriteBack(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file_system: FileSystem,
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many are busy.
    busy: usize,
    /// Whether the thread runs. It ends when nobody is busy.
    running: bool,
}

impl WriteBack {
    pub(crate) fn new(file_system: FileSystem) -> Self {
        Self(Arc::new(Shared { file_system, state: Mutex::default(), idle: Condvar::new() }))
    }

    pub(crate) fn file_system(&self) -> &FileSystem {
        &self.0.file_system
    }

    /// Flushes until the answer is dropped.
    pub(crate) fn busy(&self) -> Busy {
        let shared = Arc::clone(&self.0);
        let mut state = shared.lock();
        state.busy += 1;
        if !state.running {
            let shared = Arc::clone(&shared);
            // Without the thread everything is only slower.
            state.running =
                thread::Builder::new().name("write-back".into()).spawn(move || shared.work()).is_ok();
        }
        drop(state);
        Busy(shared)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        loop {
            let waited = self.idle.wait_timeout_while(self.lock(), PAUSE, |state| state.busy > 0);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.busy == 0 {
                state.running = false;
                return;
            }
            drop(state);
            // A failure is remembered there, and fails whoever publishes what was being written.
            if let Err(error) = self.file_system.flush() {
                tracing::warn!(%error, "the disk failed to write");
            }
        }
    }
}

/// Somebody writes. As long as this is held, the disk is given what is written every now and then.
#[derive(Debug)]
pub struct Busy(Arc<Shared>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.busy -= 1;
        if state.busy == 0 {
            self.0.idle.notify_all();
        }
    }
}
