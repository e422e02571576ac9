//! Images that are made here: by a commit, or by surgery on layers.

use std::sync::PoisonError;

use strata_blobs::{BlobStore, BlobWriter, DiskBlobs};
use strata_catalog::{Blob, Catalog as _, Layer, Lease, NewImage, Tagged};
use strata_layers::{Staged, Taken};
use strata_oci::{Digest, ImageId, MediaType};

use crate::{Error, engine::Inner};

/// A layer that was taken in and has no place yet.
pub(crate) type StagedLayer = Staged<<<DiskBlobs as BlobStore>::Writer as BlobWriter>::Staged>;

/// An image that is about to be.
pub(crate) struct Made {
    /// Its config as it will be stored.
    pub(crate) config: Vec<u8>,
    /// RFC 3339 time of creation, as the config has it.
    pub(crate) created: String,
    /// Its layers, bottom first, new ones too.
    pub(crate) layers: Vec<Layer>,
    /// The image that it was made from, if it counts as made from one.
    pub(crate) parent: Option<ImageId>,
    /// The tag that it gets.
    pub(crate) tag: Option<Tagged>,
}

/// What the catalog keeps of a layer that was made here.
pub(crate) fn layer_record(taken: &Taken) -> Layer {
    Layer {
        diff_id: taken.diff_id.clone(),
        unpacked: taken.totals.on_disk(),
        entries: taken.totals.entries,
        blobs: Vec::new(),
    }
}

impl Inner {
    /// Publishes the layers that are new, and the config; then records the image and moves the tag, in one step. Gives
    /// back `lease` on success.
    pub(crate) fn put_made(
        &self,
        made: Made,
        staged: Vec<StagedLayer>,
        lease: Lease,
    ) -> Result<ImageId, Error> {
        let digest = Digest::of(&made.config);
        let config = self.blobs.stage(&digest, &made.config)?;
        let media_type = MediaType::from("application/vnd.docker.container.image.v1+json");
        let new = NewImage {
            config: Blob { digest: digest.clone(), size: made.config.len() as u64, media_type },
            created: Some(made.created),
            layers: made.layers,
            manifests: Vec::new(),
            parent: made.parent,
            tag: made.tag,
            repo_digest: None,
        };
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let published = self.layers.publish(&self.blobs, staged, vec![config]).map_err(Error::from);
        let recorded = published.and_then(|_| Ok(self.catalog.add_image(&new, Some(lease))?));
        if recorded.is_err() {
            self.withdraw();
        }
        recorded.map(|_| ImageId(digest))
    }
}
