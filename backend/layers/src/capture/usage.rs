//! How much was written.

use std::collections::BTreeSet;

use strata_layer::LayerPath;

use super::{CaptureError, ChangeKind, Mark, Marks, Tree, Written, changes, scan::scan};

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Files, directories and all else, deletions not counted.
    pub files: u64,
    /// Bytes of all but directories, each inode once: docker's `SizeRw`.
    pub bytes: u64,
}

/// How much was written: the writable directory's files, copied up ones included, as docker counts them.
pub fn usage(written: &Written<'_>) -> Result<Usage, CaptureError> {
    let tree = Tree::open(written.upper)?;
    let mut usage = Usage::default();
    let mut inodes = BTreeSet::new();
    let mut count = |stat: &rustix::fs::Stat| {
        usage.files += 1;
        let directory = rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Directory;
        if !directory && (stat.st_nlink < 2 || inodes.insert(stat.st_ino)) {
            usage.bytes += u64::try_from(stat.st_size).unwrap_or(0);
        }
    };
    if written.marks == Marks::Copy {
        for change in changes(written)?.into_iter().filter(|change| change.kind != ChangeKind::Deleted) {
            if let Ok(Some(stat)) = tree.stat(&change.path) {
                count(&stat);
            }
        }
    } else {
        scan(&tree, written.marks, &LayerPath::root(), false, &mut |item| {
            if item.mark != Mark::Whiteout {
                count(&item.stat);
            }
            Ok(true)
        })?;
    }
    Ok(usage)
}
