//! A new snapshot.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::{Driver, Paths, Placeholder, Plan, SnapshotError, SnapshotId, Snapshots, copy, init, remove};

impl Snapshots {
    /// Makes the snapshot `id` over the directories of some layers, bottom first, and makes it durable. The layers
    /// must stay as long as it does.
    ///
    /// A layer that comes several times is mounted once, where it comes last: layers are counted by the answer's
    /// `lowers`. The root of what is written starts with the metadata of the root below. A copy is made here; all else is
    /// quick. On an error nothing is left.
    pub fn prepare(
        &self,
        id: &SnapshotId,
        lowers: &[PathBuf],
        placeholders: &[Placeholder],
    ) -> Result<Plan, SnapshotError> {
        self.prepare_as(id, lowers, placeholders, true)
    }

    /// As [`Self::prepare`], but without waiting for the disk: for what need not outlive the machine.
    pub fn prepare_briefly(
        &self,
        id: &SnapshotId,
        lowers: &[PathBuf],
        placeholders: &[Placeholder],
    ) -> Result<Plan, SnapshotError> {
        self.prepare_as(id, lowers, placeholders, false)
    }

    fn prepare_as(
        &self,
        id: &SnapshotId,
        lowers: &[PathBuf],
        placeholders: &[Placeholder],
        durable: bool,
    ) -> Result<Plan, SnapshotError> {
        let target = self.paths(id);
        if target.folder.exists() {
            return Err(SnapshotError::Exists(id.clone()));
        }
        let plan = plan(self.driver().driver, lowers, &target)?;
        let folder = self.temporary();
        let made = fill(&Paths::of(&folder), &plan, lowers, placeholders, durable).and_then(|()| {
            fs::rename(&folder, &target.folder).map_err(|error| match error.kind() {
                std::io::ErrorKind::DirectoryNotEmpty => SnapshotError::Exists(id.clone()),
                _ => SnapshotError::io("rename to", &target.folder)(error),
            })
        });
        if let Err(error) = made {
            if let Err(left) = remove::remove_all(&folder) {
                tracing::warn!(%left, "cannot remove an unfinished snapshot; the next start will");
            }
            return Err(error);
        }
        if durable {
            sync(&self.shared.root)?;
        }
        Ok(plan)
    }
}

/// What is to be mounted, once everything has its place.
pub(crate) fn plan(driver: Driver, lowers: &[PathBuf], target: &Paths) -> Result<Plan, SnapshotError> {
    let text = |path: &Path| match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(SnapshotError::PathText(path.into())),
    };
    let lowers = lowers.iter().chain([&target.init]).map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(Plan {
        driver,
        lowers: topmost(lowers),
        upper: text(&target.upper)?,
        work: text(&target.work)?,
        merged: text(&target.merged)?,
    })
}

/// Of a layer that an image has several times, the topmost: the kernel refuses a directory that comes twice (`ELOOP`).
/// Whatever the lower ones do to a path, the topmost does again and has the last word.
fn topmost(lowers: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<_> = lowers.into_iter().rev().filter(|lower| seen.insert(lower.clone())).collect();
    kept.reverse();
    kept
}

/// Makes all directories of a snapshot.
pub(crate) fn fill(
    paths: &Paths,
    plan: &Plan,
    lowers: &[PathBuf],
    placeholders: &[Placeholder],
    durable: bool,
) -> Result<(), SnapshotError> {
    for path in [&paths.folder, &paths.init, &paths.upper, &paths.work, &paths.merged] {
        fs::DirBuilder::new().mode(0o700).create(path).map_err(SnapshotError::io("create", path))?;
    }
    let marks = plan.driver.marks();
    init::fill(&paths.init, &paths.upper, lowers, marks, placeholders)?;
    if plan.driver == Driver::Copy {
        let layers: Vec<_> = lowers.iter().chain([&paths.init]).cloned().collect();
        copy::copy(&layers, marks, &paths.merged)?;
    }
    let text = serde_json::to_vec_pretty(plan).expect("a plan is text and numbers");
    let fail = || SnapshotError::io("write", &paths.plan);
    let mut file = File::create(&paths.plan).map_err(fail())?;
    file.write_all(&text).map_err(fail())?;
    if !durable {
        return Ok(());
    }
    file.sync_all().map_err(fail())?;
    [&paths.init, &paths.upper, &paths.folder].into_iter().try_for_each(|path| sync(path))
}

/// Makes a directory's names and metadata durable.
pub(crate) fn sync(path: &Path) -> Result<(), SnapshotError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(SnapshotError::io("sync", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_mounted_once_where_it_comes_last() {
        let lowers = ["a", "b", "a", "c", "b"].map(String::from).into();
        assert_eq!(topmost(lowers), ["a", "c", "b"]);
    }
}
