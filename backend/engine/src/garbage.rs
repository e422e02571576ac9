//! Unlinks what the catalog has no reason to keep.

use std::sync::PoisonError;

use strata_blobs::BlobStore as _;
use strata_catalog::{Catalog as _, Garbage};

use crate::{Error, engine::Inner};

impl Inner {
    /// Drops the records of what nothing needs, then its bytes.
    ///
    /// Nobody publishes in the meantime: a layer that is taken in again right now would lose its directory. What
    /// can't be unlinked is reported and left to the next start, which removes everything without a record.
    pub(crate) fn collect(&self) -> Result<Garbage, Error> {
        let (garbage, doomed) = {
            let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
            let garbage = self.catalog.collect()?;
            let doomed: Vec<_> =
                garbage.layers.iter().map(|layer| self.layers.detach(&layer.diff_id)).collect();
            for blob in &garbage.blobs {
                if let Err(error) = self.blobs.remove(&blob.digest) {
                    tracing::warn!(digest = %blob.digest, %error, "cannot remove a blob; the next start will");
                }
            }
            (garbage, doomed)
        };
        // Detached layers are out of everybody's way, so their many files need no lock.
        for layer in doomed {
            if let Err(error) = layer.and_then(|layer| layer.map_or(Ok(()), |layer| layer.delete())) {
                tracing::warn!(%error, "cannot remove a layer; the next start will");
            }
        }
        Ok(garbage)
    }
}
