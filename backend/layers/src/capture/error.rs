//! Why a written tree could not be read or captured.

use std::{io, path::PathBuf};

use strata_layer::{LayerPath, PathError};
use thiserror::Error;

/// A written tree could not be read or captured.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// A directory of the snapshot could not be opened.
    #[error("cannot open {path}", path = .path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The file system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The path inside the tree.
        path: LayerPath,
        /// The refusal.
        source: io::Error,
    },
    /// Something lies too deep for a path: programs can make such, archives cannot hold it.
    #[error("something in {folder} has no path that fits in a layer")]
    Path {
        /// The directory that it is in.
        folder: LayerPath,
        /// What is wrong with the path.
        source: PathError,
    },
    /// Whoever takes the archive failed.
    #[error("the archive could not be written")]
    Output(#[source] io::Error),
}

impl CaptureError {
    pub(crate) fn io<E: Into<io::Error>>(action: &'static str, path: &LayerPath) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { action, path: path.clone(), source: source.into() }
    }

    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Open { source, .. } | Self::Io { source, .. } | Self::Output(source) => {
                crate::error::is_full(source)
            }
            Self::Path { .. } => false,
        }
    }
}
