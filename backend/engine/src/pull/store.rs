//! The end of a pull: everything becomes visible at once, or nothing does.

use std::{collections::HashSet, sync::PoisonError};

use strata_blobs::BlobStore as _;
use strata_catalog::{Blob, Catalog as _, Child, Layer, Lease, NewImage, NewManifest};
use strata_oci::{Descriptor, Digest, Reference};

use super::{
    layer::Part,
    resolve::{Config, Target},
};
use crate::{Engine, Error, engine::Inner};

impl Engine {
    /// Publishes what was staged, with one wait for the disk, and records the image under its name.
    pub(super) async fn store(
        &self,
        reference: &Reference,
        target: &Target,
        config: Config,
        parts: Vec<Part>,
        lease: Lease,
    ) -> Result<(), Error> {
        let (tag, pinned) = target.names(reference);
        let mut small = vec![
            (target.fetched.descriptor.digest.clone(), target.fetched.bytes.clone()),
            (target.manifest.config.digest.clone(), config.bytes),
        ];
        let layers: Vec<Layer> = parts.iter().map(|part| part.record().clone()).collect();
        let mut manifests = vec![manifest_record(target, &layers)];
        if let Some((fetched, index)) = &target.index {
            small.push((fetched.descriptor.digest.clone(), fetched.bytes.clone()));
            let chosen = &target.fetched.descriptor.digest;
            let child = |entry: &Descriptor| match &entry.digest == chosen {
                true => Child::Here(blob(&target.fetched.descriptor)),
                false => Child::Elsewhere(entry.digest.clone()),
            };
            let children = index.manifests.iter().map(child).collect();
            manifests.push(NewManifest { blob: blob(&fetched.descriptor), children });
        }
        let image = NewImage {
            config: blob(&target.manifest.config),
            created: config.parsed.created,
            layers,
            manifests,
            parent: None,
            tag,
            repo_digest: Some(pinned),
        };
        self.blocking(move |inner| inner.publish(&small, &parts, &image, lease)).await
    }
}

impl Inner {
    fn publish(
        &self,
        small: &[(Digest, bytes::Bytes)],
        parts: &[Part],
        image: &NewImage,
        lease: Lease,
    ) -> Result<(), Error> {
        let mut staged = Vec::with_capacity(small.len());
        for (digest, bytes) in small {
            staged.push(self.blobs.stage(digest, bytes)?);
        }
        // The long wait for the disk happens before the lock; what is left for `publish` to wait for is little.
        self.blobs.flush()?;
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let published = (|| {
            let staged_parts = parts.iter().filter_map(|part| match part {
                Part::Here(_) => None,
                // Without files another pull of the same layer published them, under this lock.
                Part::Staged(staged) => staged.files.lock().unwrap_or_else(PoisonError::into_inner).take(),
            });
            self.layers.publish(&self.blobs, staged_parts.collect(), staged)?;
            self.catalog.add_image(image, Some(lease))?;
            Ok(())
        })();
        if published.is_err() {
            self.withdraw();
        }
        published
    }

    /// Removes what was published without a record, while nobody else publishes.
    pub(crate) fn withdraw(&self) {
        let Ok(known) = self.catalog.known() else { return };
        let blobs = self.blobs.sweep(&|digest| known.blobs.contains(digest)).map(drop);
        let layers = self
            .layers
            .sweep(&|diff_id| known.layers.contains(diff_id) || self.builder.is_building(diff_id))
            .map(drop);
        if blobs.is_err() || layers.is_err() {
            tracing::warn!("cannot remove what a failed pull left; the next start will");
        }
    }
}

fn blob(descriptor: &Descriptor) -> Blob {
    Blob {
        digest: descriptor.digest.clone(),
        size: descriptor.size,
        media_type: descriptor.media_type.clone(),
    }
}

/// A layer's blob is here if it came as this blob; a layer known by another one leaves this one elsewhere.
fn manifest_record(target: &Target, layers: &[Layer]) -> NewManifest {
    let here: HashSet<&Digest> =
        layers.iter().flat_map(|layer| &layer.blobs).map(|blob| &blob.digest).collect();
    let layer = |descriptor: &Descriptor| match here.contains(&descriptor.digest) {
        true => Child::Here(blob(descriptor)),
        false => Child::Elsewhere(descriptor.digest.clone()),
    };
    let config = Child::Here(blob(&target.manifest.config));
    let children = std::iter::once(config).chain(target.manifest.layers.iter().map(layer)).collect();
    NewManifest { blob: blob(&target.fetched.descriptor), children }
}
