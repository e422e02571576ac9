//! What a row says of a tag.

use std::sync::Arc;

use strata_api::registry::TagFacts;
use strata_catalog::Catalog as _;
use strata_oci::{Descriptor, Digest, ImageId, Index, Manifest, Parsed, Platform, Reference};

use super::{
    source::{self, Source},
    trouble::Refused,
};
use crate::{Error, names::call};

/// A tag, and the image that its row speaks of.
pub(super) struct Found {
    pub(super) facts: TagFacts,
    /// What the tag points at.
    pub(super) top: Arc<source::Manifest>,
    /// The manifest that was chosen of an index.
    pub(super) chosen: Option<Digest>,
}

/// Asks for a tag, its image and its config.
pub(super) async fn of(source: &Source, reference: &Reference) -> Result<Found, Refused> {
    let repository = reference.repository();
    let top = source.manifest(reference).await?;
    let inner = match &top.parsed {
        Parsed::Manifest(_) => Some(top.clone()),
        Parsed::Index(index) => match choose(index) {
            Some(entry) => Some(source.manifest(&repository.with_digest(entry.digest.clone())).await?),
            None => None,
        },
    };
    let mut facts = TagFacts {
        digest: top.descriptor.digest.clone(),
        media_type: top.descriptor.media_type.to_string(),
        artifact_type: None,
        size: 0,
        created: None,
        platforms: Vec::new(),
        here: None,
    };
    if let Parsed::Index(index) = &top.parsed {
        facts.platforms = index.platforms().cloned().collect();
    }
    if let Some(Parsed::Manifest(manifest)) = inner.as_deref().map(|inner| &inner.parsed) {
        facts.size = size(manifest);
        facts.artifact_type = artifact_type(manifest);
        if let Some(config) = source.config(repository, &manifest.config).await? {
            facts.created = config.created.clone();
            if facts.platforms.is_empty() && !config.os.is_empty() {
                let platform = Platform::new(&config.os, &config.architecture, config.variant.as_deref());
                facts.platforms.push(platform);
            }
        }
        facts.here = here(source, &manifest.config.digest).await?;
    }
    let chosen = match top.parsed {
        Parsed::Index(_) => inner.map(|inner| inner.descriptor.digest.clone()),
        Parsed::Manifest(_) => None,
    };
    Ok(Found { facts, top, chosen })
}

/// The entry for this machine, else the first that is an image.
pub(super) fn choose(index: &Index) -> Option<&Descriptor> {
    index.choose(&Platform::host()).or_else(|| index.manifests.iter().find(|entry| is_image(entry)))
}

/// Whether an entry of an index is an image, not something about one.
pub(super) fn is_image(entry: &Descriptor) -> bool {
    entry.media_type.is_manifest()
        && entry.artifact_type.is_none()
        && entry.platform.as_ref().is_none_or(|platform| platform.os != "unknown")
        && !entry.annotations.contains_key(REFERENCE_TYPE)
}

/// What BuildKit notes at the entries of an index that aren't images.
pub(super) const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Compressed bytes.
pub(super) fn size(manifest: &Manifest) -> u64 {
    let layers = manifest.layers.iter().map(|layer| layer.size);
    layers.fold(manifest.config.size, u64::saturating_add)
}

/// What a manifest is, if it is no image.
fn artifact_type(manifest: &Manifest) -> Option<String> {
    let config = &manifest.config.media_type;
    manifest.artifact_type.clone().or_else(|| (!config.is_image_config()).then(|| config.to_string()))
}

/// A name of the local image with this config.
pub(super) async fn here(source: &Source, config: &Digest) -> Result<Option<String>, Error> {
    let id = ImageId(config.clone());
    source.engine.blocking(move |inner| Ok(inner.catalog.image(&id)?.as_ref().map(call))).await
}
