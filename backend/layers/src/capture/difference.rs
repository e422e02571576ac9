//! When docker takes a file for changed.

use rustix::fs::{FileType, Stat};
use strata_layer::Change;

/// How two versions of a path differ by what docker compares: type, mode, owner and device; and, but for directories,
/// time and size. Content is not read: nothing changes it without its time unless it means to hide it.
pub fn difference(old: &Stat, new: &Stat) -> Change {
    let kind = |stat: &Stat| FileType::from_raw_mode(stat.st_mode);
    let directory = kind(old) == FileType::Directory;
    let content = !directory && (old.st_size != new.st_size || !same_time(old, new));
    if kind(old) != kind(new) || old.st_rdev != new.st_rdev || content {
        return Change::Modified;
    }
    let metadata = |stat: &Stat| (stat.st_mode, stat.st_uid, stat.st_gid);
    if metadata(old) != metadata(new) { Change::Metadata } else { Change::Unchanged }
}

/// A time without a fraction is one that an archive rounded: it equals any of its second.
fn same_time(old: &Stat, new: &Stat) -> bool {
    old.st_mtime == new.st_mtime
        && (old.st_mtime_nsec == new.st_mtime_nsec || old.st_mtime_nsec == 0 || new.st_mtime_nsec == 0)
}
