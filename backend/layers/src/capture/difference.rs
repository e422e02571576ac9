//! When docker takes a file for changed.

use rustix::fs::{FileType, Stat};

/// Whether two versions of a path differ by what docker compares: type, mode, owner and device; and, but for
/// directories, time and size. Content is not read: nothing changes it without its time unless it means to hide it.
pub(crate) fn differ(old: &Stat, new: &Stat) -> bool {
    let directory = FileType::from_raw_mode(old.st_mode) == FileType::Directory;
    old.st_mode != new.st_mode
        || old.st_uid != new.st_uid
        || old.st_gid != new.st_gid
        || old.st_rdev != new.st_rdev
        || (!directory && (old.st_size != new.st_size || !same_time(old, new)))
}

/// A time without a fraction is one that an archive rounded: it equals any of its second.
fn same_time(old: &Stat, new: &Stat) -> bool {
    old.st_mtime == new.st_mtime
        && (old.st_mtime_nsec == new.st_mtime_nsec || old.st_mtime_nsec == 0 || new.st_mtime_nsec == 0)
}
