//! A tag, whole: its images, their layers, who else has those, and what refers to it.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use strata_api::registry::{Image, Layer, Referrer, TagDetail};
use strata_catalog::{Catalog as _, RegistryCatalog as _};
use strata_oci::{Descriptor, Digest, Index, Manifest, Parsed, Reference, Repository};

use super::{
    facts::{self, Found, REFERENCE_TYPE, is_image, size},
    source::Source,
    trouble::Refused,
};
use crate::{Error, names::call};

/// Images of an index that are looked at.
const IMAGES: usize = 32;
/// Attestations of an index that are looked at.
const ATTESTATIONS: usize = 16;
/// Requests at the same time.
const AT_ONCE: usize = 4;
/// Tags of ours that are named for one layer.
const TAGS: usize = 40;
/// What BuildKit notes of an attestation's subject.
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// What a layer of an attestation is about.
const PREDICATE: &str = "in-toto.io/predicate-type";

/// Asks for all of a tag.
pub(super) async fn of(source: &Source, reference: &Reference) -> Result<TagDetail, Refused> {
    let repository = reference.repository();
    let found = facts::of(source, reference).await?;
    let (images, more) = images(source, repository, &found).await?;
    let mut referrers = attestations(source, repository, &found).await?;
    for subject in [Some(&found.facts.digest), found.chosen.as_ref()].into_iter().flatten() {
        // That a registry has no list of them takes nothing from the rest.
        let Ok(all) = source.referrers(repository, subject).await else { continue };
        for entry in all {
            if referrers.iter().all(|known| known.digest != entry.digest) {
                let of_part = (Some(subject) == found.chosen.as_ref()).then(|| subject.clone());
                referrers.push(referrer(entry, of_part));
            }
        }
    }
    let mut detail = TagDetail { facts: found.facts, images, referrers, more };
    name_users(source, reference, &mut detail).await?;
    Ok(detail)
}

async fn images(
    source: &Source,
    repository: &Repository,
    found: &Found,
) -> Result<(Vec<Image>, usize), Refused> {
    let entries = match &found.top.parsed {
        Parsed::Manifest(manifest) => {
            let platform = found.facts.platforms.first().cloned();
            let entry = Descriptor { platform, ..found.top.descriptor.clone() };
            return Ok((vec![image(source, &entry, Some(manifest)).await?], 0));
        }
        Parsed::Index(index) => entries(index, true),
    };
    let more = entries.len().saturating_sub(IMAGES);
    let requests = entries.into_iter().take(IMAGES).map(|entry| part(source, repository, entry));
    let images: Vec<Image> = stream::iter(requests).buffered(AT_ONCE).try_collect().await?;
    Ok((images, more))
}

/// The entries of an index that are images, or those that aren't.
fn entries(index: &Index, images: bool) -> Vec<Descriptor> {
    index.manifests.iter().filter(|entry| is_image(entry) == images).cloned().collect()
}

async fn part(source: &Source, repository: &Repository, entry: Descriptor) -> Result<Image, Error> {
    let manifest = source.manifest(&repository.with_digest(entry.digest.clone())).await;
    // A part that the registry has lost is shown as one.
    match manifest.as_deref().map(|manifest| &manifest.parsed) {
        Ok(Parsed::Manifest(manifest)) => image(source, &entry, Some(manifest)).await,
        _ => image(source, &entry, None).await,
    }
}

async fn image(source: &Source, entry: &Descriptor, manifest: Option<&Manifest>) -> Result<Image, Error> {
    let here = match manifest {
        Some(manifest) => facts::here(source, &manifest.config.digest).await?,
        None => None,
    };
    let layer = |layer: &Descriptor| Layer {
        digest: layer.digest.clone(),
        size: layer.size,
        media_type: layer.media_type.to_string(),
        images: Vec::new(),
        tags: Vec::new(),
    };
    Ok(Image {
        platform: entry.platform.clone(),
        digest: entry.digest.clone(),
        media_type: entry.media_type.to_string(),
        size: manifest.map_or(0, size),
        layers: manifest.map(|manifest| manifest.layers.iter().map(layer).collect()).unwrap_or_default(),
        here,
    })
}

/// The entries of an index that tell of its images.
async fn attestations(
    source: &Source,
    repository: &Repository,
    found: &Found,
) -> Result<Vec<Referrer>, Refused> {
    let Parsed::Index(index) = &found.top.parsed else { return Ok(Vec::new()) };
    let about = entries(index, false).into_iter().take(ATTESTATIONS);
    let requests = about.map(|entry| attestation(source, repository, entry));
    Ok(stream::iter(requests).buffered(AT_ONCE).collect().await)
}

async fn attestation(source: &Source, repository: &Repository, entry: Descriptor) -> Referrer {
    let subject = entry.annotations.get(REFERENCE_DIGEST).and_then(|digest| digest.parse().ok());
    let kind = entry.annotations.get(REFERENCE_TYPE).cloned();
    let manifest = source.manifest(&repository.with_digest(entry.digest.clone())).await;
    let mut referrer = referrer(entry, subject);
    if let Ok(Parsed::Manifest(manifest)) = manifest.as_deref().map(|manifest| &manifest.parsed) {
        let predicates = manifest.layers.iter().filter_map(|layer| layer.annotations.get(PREDICATE));
        referrer.types.extend(predicates.cloned());
    }
    if referrer.types.is_empty() {
        referrer.types.extend(kind);
    }
    referrer
}

fn referrer(entry: Descriptor, subject: Option<Digest>) -> Referrer {
    Referrer {
        digest: entry.digest,
        size: entry.size,
        types: entry.artifact_type.into_iter().collect(),
        subject,
        annotations: entry.annotations,
    }
}

/// Names who else has each layer: images here, and tags of our registry other than this one.
async fn name_users(source: &Source, reference: &Reference, detail: &mut TagDetail) -> Result<(), Error> {
    let digests: Vec<Digest> =
        detail.images.iter().flat_map(|image| &image.layers).map(|layer| layer.digest.clone()).collect();
    let own = source.ours.then(|| (reference.repository().path().to_owned(), reference.locator()));
    let (images, tags) = source
        .engine
        .blocking(move |inner| {
            let mut images: HashMap<Digest, Vec<String>> = HashMap::new();
            for image in inner.catalog.images()? {
                for blob in image.layers.iter().flat_map(|layer| &layer.blobs) {
                    let names = images.entry(blob.digest.clone()).or_default();
                    let name = call(&image);
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            let mut tags: HashMap<Digest, Vec<String>> = HashMap::new();
            for digest in digests {
                if tags.contains_key(&digest) {
                    continue;
                }
                let all = inner.catalog.registry_tags_with(&digest, TAGS)?;
                let others = all.into_iter().filter(|(repository, tag)| {
                    own.as_ref()
                        .is_none_or(|(path, name)| repository.as_str() != path || tag.as_str() != name)
                });
                tags.insert(digest, others.map(|(repository, tag)| format!("{repository}:{tag}")).collect());
            }
            Ok((images, tags))
        })
        .await?;
    for layer in detail.images.iter_mut().flat_map(|image| &mut image.layers) {
        layer.images = images.get(&layer.digest).cloned().unwrap_or_default();
        layer.tags = tags.get(&layer.digest).cloned().unwrap_or_default();
    }
    Ok(())
}
