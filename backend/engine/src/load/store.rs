//! The end of a load: everything becomes visible, or nothing does.

use std::sync::PoisonError;

use strata_blobs::BlobStore as _;
use strata_catalog::{Blob, Catalog as _, NewImage};
use strata_oci::{ImageId, MediaType};

use super::{
    found::{Found, Image},
    members::Members,
};
use crate::{Error, engine::Inner, names::tag_name};

/// Tags that were taken from other images, with those.
pub(super) type Moved = Vec<(String, ImageId)>;

impl Inner {
    /// Publishes the layers that the images need, with one wait for the disk, and records the images.
    pub(super) fn store_loaded(
        &self,
        found: Found,
        mut members: Members<'_>,
    ) -> Result<(Vec<Image>, Moved), Error> {
        let images = found.images;
        let needed = |id: &strata_oci::DiffId| {
            images.iter().any(|image| image.layers.iter().any(|layer| layer.diff_id == *id))
        };
        let layers: Vec<_> = std::mem::take(&mut members.staged)
            .into_iter()
            .filter_map(|(id, staged)| needed(&id).then_some(staged))
            .collect();
        let mut small = Vec::new();
        for image in &images {
            small.push(self.blobs.stage(image.id.digest(), &image.config)?);
            if let Some((bytes, manifest)) = &image.manifest {
                small.push(self.blobs.stage(&manifest.blob.digest, bytes)?);
            }
        }
        // The long wait for the disk happens before the lock; what is left for `publish` to wait for is little.
        self.blobs.flush()?;
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = (|| {
            self.layers.publish(&self.blobs, layers, small)?;
            let mut moved = Moved::new();
            for image in &images {
                self.record_loaded(image, &mut moved)?;
            }
            Ok(moved)
        })();
        if recorded.is_err() {
            self.withdraw();
        }
        recorded.map(|moved| (images, moved))
    }

    fn record_loaded(&self, image: &Image, moved: &mut Moved) -> Result<(), Error> {
        let size = image.config.len() as u64;
        let media_type = MediaType::from(MediaType::DOCKER_CONFIG);
        let new = NewImage {
            config: Blob { digest: image.id.digest().clone(), size, media_type },
            created: image.parsed.created.clone(),
            layers: image.layers.iter().map(|layer| layer.record.clone()).collect(),
            manifests: image.manifest.iter().map(|(_, manifest)| manifest.clone()).collect(),
            parent: None,
            tag: None,
            repo_digest: None,
        };
        self.catalog.add_image(&new, None)?;
        for tag in &image.tags {
            let before = self.catalog.tag(tag, &image.id)?;
            moved.extend(before.filter(|before| *before != image.id).map(|before| (tag_name(tag), before)));
        }
        Ok(())
    }
}
