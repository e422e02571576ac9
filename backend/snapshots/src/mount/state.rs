//! Whether something is mounted.

use std::path::Path;

use rustix::{
    fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx},
    io::Errno,
};

use crate::SnapshotError;

/// What a directory has mounted on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing, or the directory is not there.
    Absent,
    /// A file system that answers.
    Mounted,
    /// A file system whose program is gone.
    Dead,
}

/// Asks the directory itself: `/proc/self/mountinfo` grows with every container.
pub(crate) fn of(merged: &Path) -> Result<State, SnapshotError> {
    // The kernel remembers what a program told it before it died.
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_FORCE_SYNC;
    match statx(CWD, merged, flags, StatxFlags::BASIC_STATS) {
        Ok(found) if found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) => Ok(State::Mounted),
        Ok(_) | Err(Errno::NOENT) => Ok(State::Absent),
        Err(Errno::NOTCONN | Errno::CONNABORTED) => Ok(State::Dead),
        Err(error) => Err(SnapshotError::io("look at", merged)(error)),
    }
}
