//! Processes come to their cgroups without waiting.
//!
//! All moves take one lock of the kernel's, cheap for those who fork and dear for those who move: the first move in a while
//! waits for an RCU grace period, measured 6 to 30 ms, a third of what making a container takes. For about as long
//! afterwards others needn't wait. So when a process is about to be made, we move ourselves to where we are, which changes
//! nothing, and the grace period passes while the runtime gets ready.

use std::{
    fs::{self, OpenOptions},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::Hierarchies;

/// How long after its announcement a process is expected: what a client and a runtime need before they move it.
const EXPECTED: Duration = Duration::from_millis(60);

/// Between two moves: shorter than any grace period.
const PAUSE: Duration = Duration::from_millis(4);

/// Moves that need not wait, for a while after they were announced. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct QuickMoves(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    hierarchies: Hierarchies,
    /// Until when moves are to be quick; none while no thread sees to it.
    until: Mutex<Option<Instant>>,
}

impl QuickMoves {
    pub fn new(hierarchies: Hierarchies) -> Self {
        Self(Arc::new(Shared { hierarchies, until: Mutex::default() }))
    }

    /// Announces a process.
    pub fn expect(&self) {
        let mut until = self.0.until();
        if until.replace(Instant::now() + EXPECTED).is_none() {
            let shared = Arc::clone(&self.0);
            let begun = thread::Builder::new().name("cgroup-moves".into()).spawn(move || shared.work());
            if begun.is_err() {
                // Everything is only slower.
                *until = None;
            }
        }
    }
}

impl Shared {
    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let place = self.own_place();
        loop {
            // Refused or not, the kernel took the lock. Looked up each time: somebody may have put us elsewhere meanwhile.
            let opened = place.as_ref().and_then(|place| OpenOptions::new().write(true).open(place).ok());
            let able = opened.is_some_and(|mut file| {
                let _ = std::io::Write::write(&mut file, b"0");
                true
            });
            let mut until = self.until();
            if !able || until.is_none_or(|until| until <= Instant::now()) {
                *until = None;
                return;
            }
            drop(until);
            thread::sleep(PAUSE);
        }
    }

    /// The file through which one comes to where we are; all hierarchies share the lock.
    fn own_place(&self) -> Option<PathBuf> {
        let membership = fs::read_to_string("/proc/self/cgroup").ok()?;
        Some(self.hierarchies.resolve(&membership).any()?.join("cgroup.procs"))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs, thread,
        time::{Duration, Instant},
    };

    use super::{EXPECTED, Hierarchies, QuickMoves};

    #[test]
    fn we_stay_where_we_are_and_it_ends_by_itself() {
        let place = || fs::read_to_string("/proc/self/cgroup").expect("Linux has it");
        let before = place();
        let moves = QuickMoves::new(Hierarchies::probe().expect("there is a mount table"));
        let begun = Instant::now();
        moves.expect();
        moves.expect();
        while moves.0.until().is_some() {
            assert!(begun.elapsed() < Duration::from_secs(40), "it goes on and on");
            thread::sleep(EXPECTED / 10);
        }
        assert_eq!(place(), before);
    }
}
