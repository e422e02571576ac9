//! Which images an archive holds, once all of it was read.

use strata_catalog::{Blob, Child, NewManifest, Tagged};
use strata_oci::{DiffId, ImageConfig, ImageId, Manifest, Platform, Reference};

use super::{
    docker, layout, legacy,
    members::{LayerMember, Members, invalid},
};
use crate::Error;

/// The images of an archive, in its order, whole and consistent.
pub(super) struct Found {
    pub(super) images: Vec<Image>,
}

/// An image of an archive.
#[derive(Clone)]
pub(super) struct Image {
    pub(super) id: ImageId,
    pub(super) config: Vec<u8>,
    pub(super) parsed: ImageConfig,
    pub(super) layers: Vec<LayerMember>,
    /// The manifest that the archive has of it.
    pub(super) manifest: Option<(Vec<u8>, NewManifest)>,
    pub(super) tags: Vec<Tagged>,
}

/// Reads what the archive says of itself.
pub(super) fn find(members: &mut Members<'_>, platform: &Platform) -> Result<Found, Error> {
    let images = if members.has("manifest.json") {
        docker::find(members)?
    } else if members.has("index.json") {
        layout::find(members, platform)?
    } else if members.has("repositories") || !members.folders_with("VERSION").is_empty() {
        legacy::find(members)?
    } else {
        return Err(invalid(
            "the archive holds no image: it has neither manifest.json nor index.json nor repositories \
             (docker import makes an image of the files in an archive)",
        ));
    };
    let wrong = images.iter().find(|image| !image.parsed.os.is_empty() && image.parsed.os != platform.os);
    if let Some(image) = wrong {
        let os = &image.parsed.os;
        return Err(invalid(format!("cannot load {os} image on {}", platform.os)));
    }
    Ok(Found { images })
}

impl Image {
    /// An image of a config and the layers that go with it, both as the archive has them; `name` is the config's path.
    pub(super) fn new(
        name: &str,
        config: &[u8],
        layers: Vec<LayerMember>,
        tags: Vec<Tagged>,
    ) -> Result<Self, Error> {
        let parsed: ImageConfig = serde_json::from_slice(config)
            .map_err(|error| invalid(format!("{name} in the archive is not an image's config: {error}")))?;
        let diff_ids = &parsed.rootfs.diff_ids;
        if diff_ids.len() != layers.len() {
            return Err(invalid(format!(
                "invalid manifest, layers length mismatch: expected {}, got {}",
                diff_ids.len(),
                layers.len()
            )));
        }
        let differs = |(layer, expected): &(&LayerMember, &DiffId)| layer.diff_id != **expected;
        if let Some((layer, expected)) = layers.iter().zip(diff_ids).find(differs) {
            return Err(invalid(format!(
                "a layer of {name} in the archive has diff_id {}: the config says {expected}",
                layer.diff_id
            )));
        }
        let id = ImageId(strata_oci::Digest::of(config));
        Ok(Self { id, config: config.to_vec(), parsed, layers, manifest: None, tags })
    }

    /// Keeps the manifest that the archive has of the image.
    pub(super) fn with_manifest(mut self, blob: Blob, bytes: &[u8], manifest: &Manifest) -> Self {
        let config = Blob {
            digest: manifest.config.digest.clone(),
            size: manifest.config.size,
            media_type: manifest.config.media_type.clone(),
        };
        let mut children = vec![Child::Here(config)];
        for descriptor in &manifest.layers {
            let blobs = self.layers.iter().flat_map(|layer| &layer.record.blobs);
            let here = blobs.into_iter().find(|blob| blob.digest == descriptor.digest);
            children.push(match here {
                Some(blob) => Child::Here(blob.clone()),
                None => Child::Elsewhere(descriptor.digest.clone()),
            });
        }
        self.manifest = Some((bytes.to_vec(), NewManifest { blob, children }));
        self
    }
}

/// A tag from a name that must have one.
pub(super) fn tagged(name: &str) -> Result<Tagged, Error> {
    let reference: Reference = name
        .parse()
        .map_err(|error| invalid(format!("the archive gives an image the name {name:?}: {error}")))?;
    match (reference.digest(), reference.tag()) {
        (None, Some(tag)) => {
            Ok(Tagged { repository: reference.repository().clone(), tag: tag.clone(), pulled: None })
        }
        _ => Err(invalid(format!("invalid tag {name:?}"))),
    }
}
