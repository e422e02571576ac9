//! Waiting for a whole file system.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The file system of a directory, which can be waited for as a whole (`syncfs`) instead of file by file.
///
/// The kernel tells of a write that failed behind our back once to every open descriptor that asks. So there is one
/// descriptor, opened before anything is written, and what it was told is remembered for all who wrote: ask for
/// [`FileSystem::failures`] before writing, and believe what was written only if the number is the same after
/// [`FileSystem::flush`].
#[derive(Clone, Debug)]
pub struct FileSystem(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: File,
    failures: AtomicU64,
}

impl FileSystem {
    /// The one that the directory `path` is on.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Shared { folder: File::open(path)?, failures: AtomicU64::new(0) })))
    }

    /// Waits until all that was written to it is on the disk.
    pub fn flush(&self) -> io::Result<()> {
        let done = rustix::fs::syncfs(&self.0.folder);
        if done.is_err() {
            self.0.failures.fetch_add(1, Ordering::SeqCst);
        }
        Ok(done?)
    }

    /// How many flushes failed so far.
    pub fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::SeqCst)
    }

    /// Fails if a flush failed since there were `before` failures, whoever asked for it.
    pub fn check(&self, before: u64) -> io::Result<()> {
        match self.failures() == before {
            true => Ok(()),
            false => Err(io::Error::other("the disk failed to write something since this was begun")),
        }
    }
}
