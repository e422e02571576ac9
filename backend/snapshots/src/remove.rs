//! The end of a snapshot.

use std::{fs, io::ErrorKind, path::Path};

use crate::{SnapshotError, SnapshotId, Snapshots};

impl Snapshots {
    /// Unmounts a snapshot and removes it with all that was written; `false` if it is not there. It is invisible at
    /// once and cannot come back, whatever happens; deleting the files may take a while.
    pub fn remove(&self, id: &SnapshotId) -> Result<bool, SnapshotError> {
        let paths = self.paths(id);
        self.take_down(&paths.merged)?;
        let doomed = self.temporary();
        match fs::rename(&paths.folder, &doomed) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(SnapshotError::io("remove", paths.folder)(error)),
        }
        remove_all(&doomed)?;
        Ok(true)
    }

    /// Removes every snapshot that `keep` refuses: at start, what no container has. Returns how many.
    pub fn sweep(&self, keep: &dyn Fn(&SnapshotId) -> bool) -> Result<u64, SnapshotError> {
        let mut swept = 0;
        for id in self.list()? {
            if !keep(&id) && self.remove(&id)? {
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// Removes a directory and everything in it; nothing to remove is fine.
pub(crate) fn remove_all(path: &Path) -> Result<(), SnapshotError> {
    strata_layers::remove_tree(path).map_err(|error| SnapshotError::Io {
        action: error.action,
        path: error.path,
        source: error.source,
    })
}
