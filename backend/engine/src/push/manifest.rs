//! The manifest that an image is pushed with.

use std::{collections::BTreeMap, sync::PoisonError};

use strata_blobs::{BlobStore as _, StagedBlob as _};
use strata_catalog::{Blob, Catalog as _, Child, Image, NewImage, NewManifest, RepoDigest};
use strata_oci::{Compression, Descriptor, Digest, Manifest, MediaType, Parsed};

use crate::{Error, engine::Inner};

const MANIFEST_LIMIT: u64 = 4 << 20;

/// A manifest all of whose layers have blobs here.
pub(super) struct Ready {
    pub(super) blob: Blob,
    pub(super) bytes: Vec<u8>,
    pub(super) config: Blob,
    children: Vec<Child>,
    /// Whether it was made just now.
    new: bool,
}

impl Inner {
    /// The manifest that the image came with, if its blobs are here, else a docker one (an OCI one if a layer is zstd).
    pub(super) fn manifest_to_push(&self, image: &Image) -> Result<Ready, Error> {
        for known in image.manifests.iter().filter(|known| known.media_type.is_manifest()) {
            let bytes = self.blobs.read(&known.digest, MANIFEST_LIMIT)?;
            let parsed = Parsed::from_bytes(&known.media_type.to_string(), &bytes);
            let Ok(Parsed::Manifest(manifest)) = parsed else { continue };
            let has = |(layer, wanted): (&strata_catalog::Layer, &Descriptor)| {
                layer.blobs.iter().any(|blob| blob.digest == wanted.digest)
            };
            let fits = manifest.config.digest == *image.id.digest()
                && manifest.layers.len() == image.layers.len()
                && image.layers.iter().zip(&manifest.layers).all(has);
            if fits {
                let config = blob(&manifest.config);
                return Ok(Ready { blob: known.clone(), bytes, config, children: Vec::new(), new: false });
            }
        }
        self.docker_manifest(image)
    }

    fn docker_manifest(&self, image: &Image) -> Result<Ready, Error> {
        let gone = || Error::no_such_image(&image.id.to_string());
        let size = self.blobs.size(image.id.digest())?.ok_or_else(gone)?;
        let layers: Vec<Blob> =
            image.layers.iter().filter_map(|layer| layer.blobs.first().cloned()).collect();
        let kind = |layer: &Blob| layer.media_type.layer_compression();
        let oci = layers.iter().any(|layer| kind(layer) != Some(Compression::Gzip));
        let (manifest_type, config_type) = match oci {
            true => (MediaType::OCI_MANIFEST, MediaType::OCI_CONFIG),
            false => (MediaType::DOCKER_MANIFEST, MediaType::DOCKER_CONFIG),
        };
        let layer_type = |layer: &Blob| match (oci, kind(layer)) {
            (false, _) => MediaType::DOCKER_LAYER.to_owned(),
            (true, Some(Compression::None)) => MediaType::OCI_LAYER.to_owned(),
            (true, Some(Compression::Zstd)) => format!("{}+zstd", MediaType::OCI_LAYER),
            (true, _) => format!("{}+gzip", MediaType::OCI_LAYER),
        };
        let descriptor =
            |layer: &Blob| Descriptor::new(layer_type(layer).as_str(), layer.digest.clone(), layer.size);
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(manifest_type.into()),
            artifact_type: None,
            config: Descriptor::new(config_type, image.id.digest().clone(), size),
            layers: layers.iter().map(descriptor).collect(),
            subject: None,
            annotations: BTreeMap::new(),
        };
        // Indented by three as docker's, which people compare.
        let mut bytes = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b"   ");
        let mut writer = serde_json::Serializer::with_formatter(&mut bytes, format);
        serde::Serialize::serialize(&manifest, &mut writer).map_err(Error::internal)?;
        let config = blob(&manifest.config);
        let children = std::iter::once(config.clone()).chain(layers).map(Child::Here).collect();
        let blob =
            Blob { digest: Digest::of(&bytes), size: bytes.len() as u64, media_type: manifest_type.into() };
        Ok(Ready { blob, bytes, config, children, new: true })
    }

    /// Notes what the image is called in the registry now, and keeps its manifest.
    pub(super) fn record_pushed(
        &self,
        image: &Image,
        manifest: Ready,
        name: RepoDigest,
    ) -> Result<(), Error> {
        if !manifest.new {
            self.catalog.pin(&name, &image.id)?;
            return Ok(());
        }
        let staged = self.blobs.stage(&manifest.blob.digest, &manifest.bytes)?;
        self.blobs.flush()?;
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = (|| {
            staged.publish()?;
            self.blobs.settle()?;
            let new = NewImage {
                manifests: vec![NewManifest { blob: manifest.blob, children: manifest.children }],
                repo_digest: Some(name),
                ..self.again(image, image.layers.clone())?
            };
            self.catalog.add_image(&new, None)?;
            Ok(())
        })();
        if recorded.is_err() {
            self.withdraw();
        }
        recorded
    }
}

fn blob(descriptor: &Descriptor) -> Blob {
    Blob {
        digest: descriptor.digest.clone(),
        size: descriptor.size,
        media_type: descriptor.media_type.clone(),
    }
}
