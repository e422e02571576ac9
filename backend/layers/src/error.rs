//! Why a stored layer could not be opened, read or removed.

use std::{io, path::PathBuf};

use strata_layer::{DecodeError, LayerPath};
use strata_oci::DiffId;
use thiserror::Error;

/// The file system refused something outside of any one layer.
#[derive(Debug, Error)]
#[error("cannot {action} {path}", path = .path.display())]
pub struct LayersError {
    /// What was tried, as a verb.
    pub action: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// The refusal.
    pub source: io::Error,
}

impl LayersError {
    pub(crate) fn new<E: Into<io::Error>>(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |source| Self { action, path, source: source.into() }
    }
}

/// Why a layer's index could not be read.
#[derive(Debug, Error)]
pub enum IndexError {
    /// The layer is not here.
    #[error("layer {0} is not in the store")]
    NotFound(DiffId),
    /// The file is not what was written: [`crate::Layers::rebuild_index`] makes it again from the blob.
    #[error("the index of layer {0} is damaged")]
    Damaged(DiffId),
    /// The bytes are whole but of no known form.
    #[error("the index of layer {layer} cannot be decoded")]
    Decode {
        /// Whose index.
        layer: DiffId,
        /// What is wrong.
        source: DecodeError,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] LayersError),
}

/// Why a file of a layer could not be opened.
#[derive(Debug, Error)]
pub enum OpenFileError {
    /// The layer is not here.
    #[error("layer {0} is not in the store")]
    NoLayer(DiffId),
    /// The layer has nothing at the path, or a part of it is not a directory.
    #[error("layer {layer} has no file {path}")]
    NotFound {
        /// The layer.
        layer: DiffId,
        /// The path in it.
        path: LayerPath,
    },
    /// There is something, but it has no content to show: a directory, symlink, device, pipe or whiteout.
    #[error("{path} of layer {layer} is not a regular file")]
    NotRegular {
        /// The layer.
        layer: DiffId,
        /// The path in it.
        path: LayerPath,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] LayersError),
}

/// Whether an error says that the disk, or a quota on it, is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
