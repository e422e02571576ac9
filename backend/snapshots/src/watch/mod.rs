//! Copy-on-write as it happens.
//!
//! A [`Watch`] keeps what a writable directory has in it and tells the difference whenever somebody asks. inotify on
//! the directory itself says where to look; what happened is decided by looking, so what is told is always true of the
//! directory, whichever hints were merged or came late. Nobody who works in the snapshot ever waits for us: the kernel
//! keeps the hints, and if there are more than it keeps, everything is looked at again.
//!
//! fanotify on the merged mount would need overlay's index (`EOPNOTSUPP` without), which makes the writable directory
//! an incomplete account of what was written: see [`crate::Plan`].

mod deed;
mod follow;
mod hints;
mod inotify;
mod meter;
mod origin;
mod seen;
mod whole;

use std::{sync::Arc, time::SystemTime};

use rustix::fd::OwnedFd;
use strata_layer::{Change, LayerPath};

pub use follow::Watch;
pub use meter::{Measured, Meter};

/// Some of what happened to a writable directory, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Forget what was known: the events are the writable directory whole. So for the first batch, and whenever
    /// things happened faster than they could be followed.
    pub reset: bool,
    /// What happened.
    pub events: Vec<Event>,
}

/// Something that happened to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it was noticed.
    pub at: SystemTime,
    /// Where.
    pub path: LayerPath,
    /// What.
    pub deed: Deed,
    /// What the writable directory has there now.
    pub entry: Option<Entry>,
}

/// What can happen to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It was copied from a layer below, because it was about to change; a directory, because something in it was.
    CopiedUp {
        /// Bytes of content that were copied.
        bytes: u64,
    },
    /// Something new was made, perhaps in place of something deleted.
    Created,
    /// Its content changed.
    Modified,
    /// Only mode, owner, time or extended attributes changed.
    Attributes,
    /// What a layer below has was deleted.
    WhitedOut,
    /// A directory was made that hides everything below it.
    MadeOpaque,
    /// It was moved here. What is in a directory that moved is told too.
    Renamed {
        /// From where; that path has an event of its own.
        from: LayerPath,
    },
    /// What only the writable directory had is gone.
    Gone,
}

/// What a writable directory has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Against what is below.
    pub change: Change,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of content.
    pub size: u64,
    /// The layer below that has another version, by its place in the plan, 0 at the bottom.
    pub from: Option<usize>,
    /// Bytes that were copied up for it, under this name or another.
    pub copied: u64,
    /// Whether it hides what is below it.
    pub opaque: bool,
}

/// What something in a writable directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// The mark that something below is deleted.
    Whiteout,
}

impl EntryKind {
    /// `-`, `d`, `l`, `c`, `b`, `p`, `s` as `ls -l` has them; `w` for a whiteout.
    pub fn letter(self) -> char {
        match self {
            Self::File => '-',
            Self::Directory => 'd',
            Self::Symlink => 'l',
            Self::CharDevice => 'c',
            Self::BlockDevice => 'b',
            Self::Fifo => 'p',
            Self::Socket => 's',
            Self::Whiteout => 'w',
        }
    }
}

/// Ends the waiting of a [`Watch`] from another thread.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<OwnedFd>);

impl Stopper {
    /// From now on [`Watch::next`] does not wait.
    pub fn stop(&self) {
        // It fails only if it was called 2^64 - 2 times.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }
}
