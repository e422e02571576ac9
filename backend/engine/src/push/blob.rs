//! The compressed blob of a layer that has none.

use std::{io::BufWriter, path::PathBuf, sync::PoisonError};

use flate2::{Compression, GzBuilder};
use strata_blobs::{BlobStore as _, StagedBlob as _};
use strata_catalog::{Blob, Catalog as _, Image, Layer, NewImage};
use strata_oci::MediaType;

use crate::{Error, engine::Inner};

/// What docker compresses with too.
const LEVEL: u32 = 6;

impl Inner {
    /// The blob to push a layer as. One that is made now is kept, and is the same bytes every time.
    pub(super) fn blob_to_push(&self, image: &Image, at: usize) -> Result<Blob, Error> {
        let layer = &image.layers[at];
        if let Some(blob) = layer.blobs.first() {
            return Ok(blob.clone());
        }
        // Somebody may have pushed it meanwhile.
        if let Some(blob) =
            self.catalog.layer(&layer.diff_id)?.and_then(|layer| layer.blobs.into_iter().next())
        {
            return Ok(blob);
        }
        let upload = BufWriter::with_capacity(1 << 18, self.blobs.begin()?);
        let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(upload, Compression::new(LEVEL));
        self.layers.write_tar(&layer.diff_id, &mut gzip)?;
        let finished =
            gzip.finish().and_then(|buffer| buffer.into_inner().map_err(|error| error.into_error()));
        let staged = finished.map_err(Error::internal)?.stage(None)?;
        let blob = Blob {
            digest: staged.digest().clone(),
            size: staged.size(),
            media_type: MediaType::from(MediaType::DOCKER_LAYER),
        };
        self.blobs.flush()?;
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = (|| {
            staged.publish()?;
            self.blobs.settle()?;
            let mut layers = image.layers.clone();
            layers[at] = Layer { blobs: vec![blob.clone()], ..layer.clone() };
            self.catalog.add_image(&self.again(image, layers)?, None)?;
            Ok::<_, Error>(())
        })();
        if recorded.is_err() {
            self.withdraw();
        }
        recorded.map(|()| blob)
    }

    /// An image that is here, to be added once more with what is new about it.
    pub(super) fn again(&self, image: &Image, layers: Vec<Layer>) -> Result<NewImage, Error> {
        let known = self.catalog.blob(image.id.digest())?;
        let config = known.ok_or_else(|| Error::no_such_image(&image.id.to_string()))?;
        Ok(NewImage {
            config,
            created: image.created.clone(),
            layers,
            manifests: Vec::new(),
            parent: None,
            tag: None,
            repo_digest: None,
        })
    }

    pub(super) fn blob_path(&self, blob: &Blob) -> PathBuf {
        self.blobs.path(&blob.digest)
    }
}
