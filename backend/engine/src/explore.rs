//! What the page draws: images as cards, an image with its layers, indexes, files, blame and waste.

use std::{collections::HashMap, fs::File, sync::Arc};

use bytes::Bytes;
use strata_api::{explorer, path};
use strata_catalog::{Catalog as _, Image, Layer};
use strata_layer::{Deed, LayerIndex, LayerPath, Stack};
use strata_oci::{DiffId, HistoryEntry, Platform};

use crate::{
    Elsewhere, Engine, Error, Kind,
    engine::Inner,
    list::steps,
    names::{call, digest_names, tag_names, unix_seconds},
};

impl Engine {
    /// All images that `docker images` lists as cards, newest first.
    pub async fn cards(&self) -> Result<Vec<explorer::ImageCard>, Error> {
        self.blocking(|inner| {
            let images = inner.catalog.images()?;
            let steps = steps(&images);
            let shown = images.iter().filter(|image| !steps.contains(&image.id));
            let mut cards = shown.map(|image| inner.card(image)).collect::<Result<Vec<_>, _>>()?;
            cards.sort_by_key(|card| std::cmp::Reverse(unix_seconds(card.created.as_deref())));
            Ok(cards)
        })
        .await
    }

    /// An image with its history joined with its layers.
    pub async fn detail(&self, name: &str) -> Result<explorer::ImageDetail, Error> {
        let name = name.to_owned();
        self.blocking(move |inner| inner.detail(&inner.find(&name)?)).await
    }

    /// A layer's index in its binary encoding. One that isn't known is made from what `from` has.
    pub async fn layer_index(&self, diff_id: &DiffId, from: Option<&Elsewhere>) -> Result<Bytes, Error> {
        self.index_from(from, diff_id).await
    }

    /// Opens a regular file of a layer for reading; of one that isn't here it is fetched from `from`. `path` is relative; links
    /// in it are not followed.
    pub async fn open_file(
        &self,
        diff_id: &DiffId,
        path: &[u8],
        from: Option<&Elsewhere>,
    ) -> Result<File, Error> {
        let path = layer_path(path)?;
        let (wanted, relative, elsewhere) = (diff_id.clone(), path.clone(), from.is_some());
        let found = self.blocking(move |inner| match inner.known_layer(&wanted) {
            Ok(_) => Ok(Some(inner.layers.open_file(&wanted, &relative)?)),
            Err(error) if elsewhere && error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        });
        match (found.await?, from) {
            (Some(file), _) => Ok(file),
            (None, Some(from)) => self.file_from(from, diff_id, path).await,
            (None, None) => Err(no_layer(diff_id)),
        }
    }

    /// The layers that touched a path of the image `name`, bottom first.
    pub async fn blame(&self, name: &str, path: &[u8]) -> Result<Vec<explorer::BlameRow>, Error> {
        let name = name.to_owned();
        let path = layer_path(path)?;
        self.blocking(move |inner| {
            let image = inner.find(&name)?;
            let created_by = inner.created_by(&image)?;
            let rows = strata_layer::blame(&inner.stack(&image)?, &path).into_iter().map(|touch| {
                explorer::BlameRow {
                    position: touch.layer,
                    diff_id: image.layers[touch.layer].diff_id.clone(),
                    change: match touch.deed {
                        Deed::Added => explorer::Change::Added,
                        Deed::Modified => explorer::Change::Modified,
                        Deed::Metadata => explorer::Change::Metadata,
                        Deed::Same => explorer::Change::Same,
                        Deed::Deleted(_) => explorer::Change::Deleted,
                    },
                    created_by: created_by.get(&touch.layer).cloned().unwrap_or_default(),
                    size: touch.size,
                }
            });
            Ok(rows.collect())
        })
        .await
    }

    /// What the image `name` ships in vain.
    pub async fn waste(&self, name: &str) -> Result<explorer::Waste, Error> {
        let name = name.to_owned();
        self.blocking(move |inner| {
            let waste = strata_layer::waste(&inner.stack(&inner.find(&name)?)?);
            let paths = waste.paths.into_iter().map(|wasted| explorer::WastedPath {
                path: path::encode(&wasted.path),
                bytes: wasted.bytes,
                layers: wasted.layers,
            });
            Ok(explorer::Waste {
                efficiency: waste.efficiency,
                wasted: waste.wasted,
                // JSON has no infinity; everything above the lowest layer is as bad as it gets.
                wasted_of_user: if waste.wasted_of_user.is_finite() { waste.wasted_of_user } else { 1.0 },
                paths: paths.collect(),
            })
        })
        .await
    }
}

impl Inner {
    fn card(&self, image: &Image) -> Result<explorer::ImageCard, Error> {
        let config = self.config(&image.id)?;
        Ok(explorer::ImageCard {
            id: image.id.clone(),
            names: tag_names(image),
            created: image.created.clone(),
            platform: Platform::new(&config.os, &config.architecture, config.variant.as_deref()),
            unpacked: image.unpacked(),
            stored: image.layers.iter().map(stored).sum(),
            layers: image.layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        })
    }

    fn detail(&self, image: &Image) -> Result<explorer::ImageDetail, Error> {
        let config = self.config(&image.id)?;
        let others: Vec<Image> =
            self.catalog.images()?.into_iter().filter(|other| other.id != image.id).collect();
        let rows = config.rows().into_iter().map(|(row, layer): (HistoryEntry, Option<usize>)| {
            explorer::HistoryRow {
                created: row.created,
                created_by: row.created_by.unwrap_or_default(),
                comment: row.comment.unwrap_or_default(),
                layer: layer.map(|position| layer_card(position, &image.layers[position], &others)),
            }
        });
        Ok(explorer::ImageDetail {
            card: self.card(image)?,
            repo_digests: digest_names(image),
            rows: rows.collect(),
            base: base(&ids(image), &others),
            config: config.config.clone().unwrap_or_default(),
        })
    }

    fn index_bytes(&self, diff_id: &DiffId) -> Result<Bytes, Error> {
        self.known_layer(diff_id)?;
        Ok(self.layers.index(diff_id)?.into())
    }

    fn known_layer(&self, diff_id: &DiffId) -> Result<Layer, Error> {
        self.catalog.layer(diff_id)?.ok_or_else(|| no_layer(diff_id))
    }

    /// The indexes of an image's layers.
    pub(crate) fn stack(&self, image: &Image) -> Result<Stack, Error> {
        let indexes = image.layers.iter().map(|layer| {
            let bytes = self.index_bytes(&layer.diff_id)?;
            Ok(Arc::new(LayerIndex::decode(&bytes).map_err(Error::internal)?))
        });
        Ok(Stack::new(indexes.collect::<Result<_, Error>>()?))
    }

    /// The instruction of each layer, by its place.
    pub(crate) fn created_by(&self, image: &Image) -> Result<HashMap<usize, String>, Error> {
        let rows = self.config(&image.id)?.rows().into_iter();
        Ok(rows.filter_map(|(row, layer)| Some((layer?, row.created_by.unwrap_or_default()))).collect())
    }
}

/// Nothing is known of a layer.
pub(crate) fn no_layer(diff_id: &DiffId) -> Error {
    Error::new(Kind::NotFound, format!("No such layer: {diff_id}"))
}

fn layer_path(path: &[u8]) -> Result<LayerPath, Error> {
    LayerPath::parse(path).map_err(|error| Error::chain(Kind::InvalidArgument, &error))
}

fn stored(layer: &Layer) -> u64 {
    layer.blobs.first().map_or(0, |blob| blob.size)
}

fn layer_card(position: usize, layer: &Layer, others: &[Image]) -> explorer::LayerCard {
    let blob = layer.blobs.first();
    explorer::LayerCard {
        position,
        diff_id: layer.diff_id.clone(),
        digest: blob.map(|blob| blob.digest.clone()),
        media_type: blob.map(|blob| blob.media_type.to_string()).unwrap_or_default(),
        stored: stored(layer),
        unpacked: layer.unpacked,
        entries: layer.entries,
        shared_with: who_shares(&layer.diff_id, others),
    }
}

/// Names of the images that have a layer.
pub(crate) fn who_shares(diff_id: &DiffId, images: &[Image]) -> Vec<String> {
    let shares = |image: &&Image| image.layers.iter().any(|layer| layer.diff_id == *diff_id);
    images.iter().filter(shares).map(call).collect()
}

fn ids(image: &Image) -> Vec<DiffId> {
    image.layers.iter().map(|layer| layer.diff_id.clone()).collect()
}

/// The local image with the most layers whose layers are the bottom of these, named ones first.
pub(crate) fn base(own: &[DiffId], others: &[Image]) -> Option<explorer::Base> {
    let candidates = others.iter().filter(|other| {
        let theirs = ids(other);
        !theirs.is_empty() && theirs.len() < own.len() && own.starts_with(&theirs)
    });
    let best = candidates.max_by_key(|other| (other.layers.len(), !other.tags.is_empty()))?;
    Some(explorer::Base { name: call(best), layers: best.layers.len() })
}
