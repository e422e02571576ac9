//! Why a layer was not taken in.

use std::io;

use strata_blobs::BlobError;
use strata_layer::Refusal;
use strata_oci::{DiffId, VerifyError};
use thiserror::Error;

use crate::{ApplyError, CompressionError, LayersError, error::is_full};

/// A layer was not taken in. Nothing of it is left.
///
/// When the bytes are not the announced ones, that is the error, whatever else they made go wrong.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// The source failed: the network, mostly.
    #[error("the layer's bytes could not be received")]
    Source(#[source] io::Error),
    /// The bytes are not the ones that were announced.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The blob could not be written.
    #[error("the layer's blob could not be written")]
    Store(#[source] io::Error),
    /// The blob could not be finished.
    #[error(transparent)]
    Blob(BlobError),
    /// The right bytes, but not of a known compression, or a bomb.
    #[error(transparent)]
    Compression(#[from] CompressionError),
    /// The right bytes, but not an archive that may be unpacked.
    #[error("layer refused: {0}")]
    Archive(Refusal),
    /// The archive could not be unpacked.
    #[error(transparent)]
    Apply(ApplyError),
    /// The uncompressed bytes are not what the image's config says.
    #[error("layer unpacks to {actual}: the image's config says {expected}")]
    DiffId {
        /// What the bytes hash to.
        actual: DiffId,
        /// What was asked for.
        expected: DiffId,
    },
    /// Our own directories failed.
    #[error(transparent)]
    Layers(#[from] LayersError),
    /// [`crate::Watch::stop`] was called.
    #[error("the layer's intake was stopped")]
    Stopped,
}

impl IntakeError {
    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Store(source) => is_full(source),
            Self::Blob(error) => error.is_disk_full(),
            Self::Apply(error) => error.is_disk_full(),
            Self::Layers(error) => is_full(&error.source),
            _ => false,
        }
    }

    /// Whether this machine is at fault rather than what was taken in.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Blob(_) | Self::Apply(_) | Self::Layers(_) | Self::Stopped)
    }

    /// Whether the bytes themselves are at fault, so that it is worth knowing if they are the announced ones.
    pub(super) fn blames_bytes(&self) -> bool {
        matches!(self, Self::Compression(_) | Self::Archive(_))
    }
}
