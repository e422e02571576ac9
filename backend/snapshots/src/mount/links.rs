//! Short names for long paths.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{MountError, Plan, SnapshotError};

/// Makes the directory of links that [`Plan::short_options`] speaks of, in the snapshot's directory.
pub(super) fn make(plan: &Plan, folder: &Path) -> Result<PathBuf, MountError> {
    let links = folder.join("links");
    let fail = |error: SnapshotError| MountError::Folder(Box::new(error));
    crate::remove::remove_all(&links).map_err(fail)?;
    std::fs::create_dir(&links).map_err(|error| fail(SnapshotError::io("create", &links)(error)))?;
    let numbered = plan.lowers.iter().enumerate().map(|(position, lower)| (format!("{position:x}"), lower));
    let named = [("upper".to_owned(), &plan.upper), ("work".to_owned(), &plan.work)];
    for (name, target) in numbered.chain(named) {
        let link = links.join(name);
        symlink(target, &link).map_err(|error| fail(SnapshotError::io("create", &link)(error)))?;
    }
    Ok(links)
}
