//! What a manifest and a config tell of an image.

use strata_api::{
    explorer::{HistoryRow, ImageCard, ImageDetail, LayerCard},
    remote::{Offer, RemoteImage},
};
use strata_catalog::{Catalog as _, Image};
use strata_layer::{LayerIndex, Totals};
use strata_oci::{Descriptor, DiffId, ImageConfig, ImageId, Index, Manifest, Parsed, Platform, Reference};

use super::super::{
    facts::{self, is_image, size},
    source::{self, Source},
    trouble::Refused,
};
use crate::{
    Error, Kind,
    engine::Inner,
    explore::{base, who_shares},
};

/// Asks for the image that `reference` stands for.
pub(super) async fn of(
    source: &Source,
    reference: &Reference,
    platform: Option<&Platform>,
) -> Result<RemoteImage, Refused> {
    let repository = reference.repository();
    let top = source.manifest(reference).await?;
    let (chosen, platforms) = match &top.parsed {
        Parsed::Manifest(_) => (top.clone(), Vec::new()),
        Parsed::Index(index) => {
            let entry = choose(index, platform, reference)?;
            let chosen = source.manifest(&repository.with_digest(entry.digest.clone())).await?;
            (chosen, offers(index))
        }
    };
    let Parsed::Manifest(manifest) = &chosen.parsed else {
        let message = format!("{}: the index names another index", reference.familiar());
        return Err(Error::new(Kind::Unsupported, message).into());
    };
    let config = source.config(repository, &manifest.config).await?;
    let config = config.ok_or_else(|| no_image(reference, manifest))?;
    check(&config, manifest)?;
    let repo_digest = repository.with_digest(top.descriptor.digest.clone()).familiar();
    let from = repository.with_digest(chosen.descriptor.digest.clone()).to_string();
    let (name, chosen) = (reference.familiar(), chosen.clone());
    let (detail, known, here) =
        source.engine.blocking(move |inner| inner.outside(&chosen, &config, name, repo_digest)).await?;
    Ok(RemoteImage { detail, from, known, platforms, here })
}

/// A config that doesn't go with its manifest describes nothing.
pub(super) fn check(config: &ImageConfig, manifest: &Manifest) -> Result<(), Error> {
    let (diff_ids, layers) = (config.rootfs.diff_ids.len(), manifest.layers.len());
    if diff_ids == layers {
        return Ok(());
    }
    let message = format!(
        "image {}: its config has {diff_ids} diff_ids, its manifest {layers} layers: they must be as many",
        manifest.config.digest
    );
    Err(Error::new(Kind::Internal, message))
}

/// What is no container image has no layers to look into.
pub(super) fn no_image(reference: &Reference, manifest: &Manifest) -> Error {
    let kind = manifest.artifact_type.as_ref().unwrap_or(&manifest.config.media_type.0);
    let message = format!("{} is not a container image: it is {kind:?}", reference.familiar());
    Error::new(Kind::Unsupported, message)
}

fn choose<'a>(
    index: &'a Index,
    platform: Option<&Platform>,
    reference: &Reference,
) -> Result<&'a Descriptor, Error> {
    let chosen = match platform {
        Some(platform) => index.choose(platform),
        None => facts::choose(index),
    };
    chosen.ok_or_else(|| {
        let offered: Vec<String> = index.platforms().map(ToString::to_string).collect();
        let offered = if offered.is_empty() { "none".into() } else { offered.join(", ") };
        let wanted = platform.map_or_else(String::new, |platform| format!(" for {platform}"));
        let message = format!("{} has no image{wanted}: it has {offered}", reference.familiar());
        Error::new(Kind::NotFound, message)
    })
}

fn offers(index: &Index) -> Vec<Offer> {
    let images = index.manifests.iter().filter(|entry| is_image(entry));
    images
        .filter_map(|entry| Some(Offer { platform: entry.platform.clone()?, digest: entry.digest.clone() }))
        .collect()
}

impl Inner {
    /// The image with what is known of its layers here; which of them are; and its name if all of it is.
    fn outside(
        &self,
        chosen: &source::Manifest,
        config: &ImageConfig,
        name: String,
        repo_digest: String,
    ) -> Result<(ImageDetail, Vec<bool>, Option<String>), Error> {
        let Parsed::Manifest(manifest) = &chosen.parsed else { unreachable!("checked by the caller") };
        let id = ImageId(manifest.config.digest.clone());
        let (own, others): (Vec<Image>, Vec<Image>) =
            self.catalog.images()?.into_iter().partition(|image| image.id == id);
        let diff_ids = &config.rootfs.diff_ids;
        let totals = diff_ids.iter().map(|diff_id| self.totals(diff_id)).collect::<Result<Vec<_>, _>>()?;
        let layer = |position: usize| {
            let (descriptor, diff_id) = (&manifest.layers[position], &diff_ids[position]);
            let (unpacked, entries) = totals[position].unwrap_or_default();
            LayerCard {
                position,
                diff_id: diff_id.clone(),
                digest: Some(descriptor.digest.clone()),
                media_type: descriptor.media_type.to_string(),
                stored: descriptor.size,
                unpacked,
                entries,
                shared_with: who_shares(diff_id, &others),
            }
        };
        let rows = config.rows().into_iter().map(|(row, position)| HistoryRow {
            created: row.created,
            created_by: row.created_by.unwrap_or_default(),
            comment: row.comment.unwrap_or_default(),
            layer: position.map(layer),
        });
        let detail = ImageDetail {
            card: ImageCard {
                id,
                names: vec![name],
                created: config.created.clone(),
                platform: Platform::new(&config.os, &config.architecture, config.variant.as_deref()),
                unpacked: totals.iter().flatten().map(|(unpacked, _)| unpacked).sum(),
                stored: size(manifest) - manifest.config.size,
                layers: diff_ids.clone(),
            },
            repo_digests: vec![repo_digest],
            rows: rows.collect(),
            base: base(diff_ids, &others),
            config: config.config.clone().unwrap_or_default(),
        };
        let known = totals.iter().map(Option::is_some).collect();
        Ok((detail, known, own.first().map(crate::names::call)))
    }

    /// Bytes and entries of a layer that is here or was read.
    fn totals(&self, diff_id: &DiffId) -> Result<Option<(u64, u64)>, Error> {
        if let Some(layer) = self.catalog.layer(diff_id)? {
            return Ok(Some((layer.unpacked, layer.entries)));
        }
        let index = self.inside.index(diff_id).and_then(|bytes| LayerIndex::decode(&bytes).ok());
        Ok(index.map(|index| {
            let totals: Totals = index.totals();
            (totals.on_disk(), totals.entries)
        }))
    }
}
