//! Removing a tag of the embedded registry, and what that frees.

use std::collections::HashSet;

use strata_api::registry::Freed;
use strata_blobs::BlobStore as _;
use strata_catalog::{Catalog as _, Garbage, RegistryCatalog as _, RegistryPath, Released};
use strata_oci::{Digest, Parsed, Reference, Tag};

use crate::{Engine, Error, Kind, engine::Inner, names::call, registry::path};

const MANIFEST_LIMIT: u64 = 4 << 20;

impl Engine {
    /// Says what removing a tag frees, and removes it if `really`.
    pub(super) async fn freed(&self, reference: Reference, really: bool) -> Result<Freed, Error> {
        let repository = path(reference.repository().path())?;
        let tag = reference.tag().filter(|_| reference.digest().is_none()).cloned();
        let tag = tag.ok_or_else(|| {
            let message = format!("{} names no tag: a tag is what can be removed", reference.familiar());
            Error::new(Kind::InvalidArgument, message)
        })?;
        let freed = self.blocking(move |inner| inner.freed(&repository, &tag, really)).await?;
        if really {
            tracing::info!(
                reference = reference.familiar(),
                bytes = freed.bytes,
                "tag removed from the registry"
            );
        }
        Ok(freed)
    }
}

impl Inner {
    fn freed(&self, repository: &RegistryPath, tag: &Tag, really: bool) -> Result<Freed, Error> {
        let unknown = || Error::new(Kind::NotFound, format!("tag {tag} is not known in {repository}"));
        let kept_by = self.keepers(repository, tag)?;
        let (released, garbage): (Released, Garbage) = if really {
            let released = self.catalog.registry_release(repository, tag)?.ok_or_else(unknown)?;
            (released, self.collect()?)
        } else {
            self.catalog.registry_would_release(repository, tag)?.ok_or_else(unknown)?
        };
        Ok(Freed { bytes: garbage.bytes(), blobs: garbage.blobs.len(), shared: !released.gone, kept_by })
    }

    /// Local images that have layers of what a tag points at.
    fn keepers(&self, repository: &RegistryPath, tag: &Tag) -> Result<Vec<String>, Error> {
        let Some(top) = self.catalog.registry_tag(repository, tag)? else { return Ok(Vec::new()) };
        let mut blobs: HashSet<Digest> = HashSet::new();
        let mut open = vec![top];
        while let Some(blob) = open.pop() {
            let bytes = self.blobs.read(&blob.digest, MANIFEST_LIMIT)?;
            match Parsed::from_bytes(&blob.media_type.to_string(), &bytes) {
                Ok(Parsed::Manifest(manifest)) => {
                    blobs.extend(manifest.layers.into_iter().map(|layer| layer.digest))
                }
                // The images of an index that are here; they are no indexes themselves.
                Ok(Parsed::Index(index)) => {
                    for entry in index.manifests.iter().filter(|entry| entry.media_type.is_manifest()) {
                        open.extend(self.catalog.registry_manifest(repository, &entry.digest)?);
                    }
                }
                Err(_) => {}
            }
        }
        let uses = |image: &&strata_catalog::Image| {
            image.layers.iter().flat_map(|layer| &layer.blobs).any(|blob| blobs.contains(&blob.digest))
        };
        Ok(self.catalog.images()?.iter().filter(uses).map(call).collect())
    }
}
