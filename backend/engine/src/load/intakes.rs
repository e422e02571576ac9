//! Layers that are unpacked side by side, while the archive is read on.
//!
//! One layer's intake has three threads, but the one that creates files is busy longest: a second layer beside it
//! uses the other cores. How many there are at once is how many cores there are, up to [`MOST`].

use std::{
    panic,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

use strata_blobs::DiskStaged;
use strata_layers::{IntakeError, Staged, Watch};

/// Intakes at once; each has a few MiB.
const MOST: usize = 4;

type Outcome = Result<Staged<DiskStaged>, IntakeError>;

/// The places for intakes.
pub(super) struct Intakes {
    free: Receiver<()>,
    give_back: Sender<()>,
}

/// Gives a place back.
struct Place(Sender<()>);

impl Intakes {
    pub(super) fn new() -> Self {
        let (give_back, free) = mpsc::channel();
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(MOST) {
            // The receiver is at hand.
            let _ = give_back.send(());
        }
        Self { free, give_back }
    }

    /// Begins an intake when there is a place.
    pub(super) fn begin(&self, intake: impl FnOnce(&Watch) -> Outcome + Send + 'static) -> Intake {
        // Cannot fail: a sender is at hand.
        let _ = self.free.recv();
        let place = Place(self.give_back.clone());
        let watch = Arc::<Watch>::default();
        let watched = watch.clone();
        let thread = thread::spawn(move || {
            let _place = place;
            intake(&watched)
        });
        Intake { thread: Some(thread), watch }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whoever gave it may be gone.
        let _ = self.0.send(());
    }
}

/// A layer that is being taken in. Dropped it ends.
pub(super) struct Intake {
    thread: Option<JoinHandle<Outcome>>,
    watch: Arc<Watch>,
}

impl Intake {
    /// Waits for its end.
    pub(super) fn finish(mut self) -> Outcome {
        let thread = self.thread.take().expect("taken only when it ends");
        thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.watch.stop();
            // Whether it stopped or had ended, nobody wants what came of it.
            let _ = thread.join();
        }
    }
}
