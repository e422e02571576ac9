//! Why something could not be done with a snapshot.

use std::{io, path::PathBuf};

use strata_layers::CaptureError;
use thiserror::Error;

use crate::{MountError, SnapshotId};

/// Something could not be done with a snapshot.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// There is none of this name.
    #[error("there is no snapshot {0}")]
    NotFound(SnapshotId),
    /// There is one of this name already.
    #[error("there is a snapshot {0} already")]
    Exists(SnapshotId),
    /// The file system refused.
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// A path that cannot be written down: paths of layers and of the snapshots must be UTF-8.
    #[error("the path {path} is not UTF-8", path = .0.display())]
    PathText(PathBuf),
    /// A snapshot's plan is not one that we wrote.
    #[error("the plan {path} cannot be read", path = .path.display())]
    Plan {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// No way to mount works, or not the one that was asked for.
    #[error("snapshots cannot be mounted by {driver}: {why}")]
    Driver {
        /// The way.
        driver: crate::Driver,
        /// What went wrong when it was tried.
        why: String,
    },
    /// The kernel or the helper refused to mount.
    #[error("cannot mount snapshot {id}")]
    Mount {
        /// Which.
        id: SnapshotId,
        /// What was tried, and what was said to it.
        source: MountError,
    },
    /// What is read from it can't be followed, and why.
    #[error("what is read can't be followed: {0}")]
    NoReads(String),
    /// What was written could not be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

impl SnapshotError {
    pub(crate) fn io<E: Into<io::Error>>(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source: source.into() }
    }

    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Capture(error) => error.is_disk_full(),
            _ => false,
        }
    }
}
