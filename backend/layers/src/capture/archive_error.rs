//! Why a tree was not archived or an archive not extracted.

use std::{io, path::PathBuf};

use rustix::io::Errno;
use strata_layer::{Escaped, PathError, Refusal};
use thiserror::Error;

use super::CaptureError;

/// A path inside of a container could not be read from or written to.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The root is not there.
    #[error("cannot open the root {path}", path = .path.display())]
    Root {
        /// Where it should be.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// Nothing is at the path.
    #[error("there is no file {}", Escaped(.0))]
    NotFound(Vec<u8>),
    /// Something on the way, or what is to be extracted to, is not a directory.
    #[error("{} is not a directory", Escaped(.0))]
    NotDirectory(Vec<u8>),
    /// What is there has no content to read.
    #[error("{} is not a regular file", Escaped(.0))]
    NotFile(Vec<u8>),
    /// Symlinks lead in a circle, or through the links of procfs, which are not followed.
    #[error("the symlinks on the way to {} lead nowhere", Escaped(.0))]
    Loop(Vec<u8>),
    /// The path does not fit.
    #[error("{} is not a path", Escaped(.path))]
    Path {
        /// The path.
        path: Vec<u8>,
        /// What is wrong with it.
        source: PathError,
    },
    /// A directory is there and the archive has something else; it was asked not to replace one by the other.
    #[error("cannot overwrite directory \"{}\" with non-directory", Escaped(.0))]
    OverDirectory(Vec<u8>),
    /// The archive has a directory and something else is there; it was asked not to replace one by the other.
    #[error("cannot overwrite non-directory \"{}\" with directory", Escaped(.0))]
    OverFile(Vec<u8>),
    /// The archive has a name that layers take for a mark, so that a commit would delete something.
    #[error("the archive has a deletion of {}: names that start with .wh. are not for files", Escaped(.0))]
    Mark(Vec<u8>),
    /// The archive is damaged, hostile or beyond a limit.
    #[error(transparent)]
    Refused(Refusal),
    /// The archive could not be read.
    #[error("the archive could not be read")]
    Input(#[source] io::Error),
    /// The file system refused.
    #[error("cannot {action} {}", Escaped(.path))]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The path inside.
        path: Vec<u8>,
        /// The refusal.
        source: io::Error,
    },
    /// The tree could not be read, or the archive not written.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

impl ArchiveError {
    pub(super) fn io<E: Into<io::Error>>(action: &'static str, path: &[u8]) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { action, path: path.to_vec(), source: source.into() }
    }

    /// What the kernel says about a path.
    pub(super) fn from_errno(action: &'static str, path: &[u8], error: Errno) -> Self {
        match error {
            Errno::NOENT => Self::NotFound(path.to_vec()),
            Errno::NOTDIR => Self::NotDirectory(path.to_vec()),
            Errno::LOOP => Self::Loop(path.to_vec()),
            error => Self::io(action, path)(error),
        }
    }

    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } | Self::Input(source) => crate::error::is_full(source),
            Self::Capture(error) => error.is_disk_full(),
            _ => false,
        }
    }
}
