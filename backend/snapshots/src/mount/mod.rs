//! Mounting a snapshot and taking it down.

mod fuse;
mod links;
mod overlay;
mod state;

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use self::state::State;
use crate::{Driver, OptionsTooLong, Paths, Plan, SnapshotError, SnapshotId, Snapshots};

/// A snapshot that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// The root of the container's file system.
    pub merged: PathBuf,
    /// How it is mounted: the layers' directories, upper and work.
    pub plan: Plan,
}

/// The kernel or the program that mounts refused.
#[derive(Debug, Error)]
pub enum MountError {
    /// A system call.
    #[error("{call}: {source}{separator}{log}", separator = if .log.is_empty() { "" } else { "; the kernel says: " })]
    Call {
        /// What was called, with what.
        call: String,
        /// The refusal.
        #[source]
        source: io::Error,
        /// What the kernel wrote about it, if anything.
        log: String,
    },
    /// The program fuse-overlayfs.
    #[error("fuse-overlayfs: {0}")]
    Fuse(String),
    /// Too many layers for mount(2).
    #[error(transparent)]
    TooLong(#[from] OptionsTooLong),
    /// Something in the snapshot's directory.
    #[error(transparent)]
    Folder(Box<SnapshotError>),
}

impl MountError {
    fn call<E: Into<io::Error>>(call: impl Into<String>) -> impl FnOnce(E) -> Self {
        let call = call.into();
        move |source| Self::Call { call, source: source.into(), log: String::new() }
    }
}

impl Snapshots {
    /// Mounts a snapshot, unless it is mounted already, by an earlier server too.
    pub fn mount(&self, id: &SnapshotId) -> Result<Mounted, SnapshotError> {
        let plan = self.plan(id)?;
        let paths = self.paths(id);
        let _one_at_a_time = self.mounting();
        if plan.driver != Driver::Copy {
            match state::of(&paths.merged)? {
                State::Mounted => return Ok(Mounted { merged: paths.merged, plan }),
                State::Dead => take_down(&paths.merged)?,
                State::Absent => {}
            }
        }
        put_up(&plan, &paths).map_err(|source| SnapshotError::Mount { id: id.clone(), source })?;
        Ok(Mounted { merged: paths.merged, plan })
    }

    /// Whether a snapshot is mounted and works. A copy always is.
    pub fn is_mounted(&self, id: &SnapshotId) -> Result<bool, SnapshotError> {
        let plan = self.plan(id)?;
        Ok(plan.driver == Driver::Copy || state::of(Path::new(&plan.merged))? == State::Mounted)
    }

    /// Unmounts a snapshot; that it is not mounted, or not there, is fine. Who still works in it keeps it until done.
    pub fn unmount(&self, id: &SnapshotId) -> Result<(), SnapshotError> {
        self.take_down(&self.paths(id).merged)
    }

    pub(crate) fn take_down(&self, merged: &Path) -> Result<(), SnapshotError> {
        let _one_at_a_time = self.mounting();
        take_down(merged)
    }
}

/// Mounts what is planned; `paths` is where the snapshot is.
pub(crate) fn put_up(plan: &Plan, paths: &Paths) -> Result<(), MountError> {
    match plan.driver {
        Driver::Overlay { fsopen: true, .. } => overlay::by_fsopen(plan),
        Driver::Overlay { fsopen: false, .. } => overlay::by_mount(plan, &paths.folder),
        Driver::FuseOverlayfs => fuse::mount(plan, &paths.folder),
        Driver::Copy => Ok(()),
    }
}

/// Unmounts whatever is mounted there, once or more.
pub(crate) fn take_down(merged: &Path) -> Result<(), SnapshotError> {
    while state::of(merged)? != State::Absent {
        overlay::unmount(merged).or_else(|error| fuse::unmount(merged, error))?;
    }
    Ok(())
}
