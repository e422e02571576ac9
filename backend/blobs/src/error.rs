//! Why a blob could not be stored or read.

use std::{io, path::PathBuf};

use strata_oci::{Digest, VerifyError};
use thiserror::Error;

/// A failed operation on a blob store.
#[derive(Debug, Error)]
pub enum BlobError {
    /// The bytes are not the ones that were announced.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The store has no such blob.
    #[error("blob {0} is not in the store")]
    NotFound(Digest),
    /// The file system refused; `source` says why (a full disk among others).
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        /// What was tried, as a verb: "create", "write", "sync".
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
}

impl BlobError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the disk (or a quota on it) is full.
    pub fn is_disk_full(&self) -> bool {
        let full = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        };
        matches!(self, Self::Io { source, .. } if full(source))
    }
}
