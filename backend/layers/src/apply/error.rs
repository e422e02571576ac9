//! Why an entry could not be put into the tree.

use std::io;

use strata_layer::LayerPath;
use thiserror::Error;

/// An entry of a layer could not be applied.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The file system refused; a full disk among others.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The entry's path in the layer.
        path: LayerPath,
        /// The refusal.
        source: io::Error,
    },
    /// The content ended or failed early. Whoever reads the archive knows why.
    #[error("the content of {path} could not be read")]
    Content {
        /// The entry's path in the layer.
        path: LayerPath,
        /// What the archive's reader said.
        source: io::Error,
    },
    /// The intake was asked to stop.
    #[error("the layer's intake was stopped")]
    Stopped,
}

impl ApplyError {
    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if crate::error::is_full(source))
    }

    pub(super) fn io<E: Into<io::Error>>(action: &'static str, path: &LayerPath) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { action, path: path.clone(), source: source.into() }
    }
}
