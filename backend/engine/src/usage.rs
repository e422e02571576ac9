//! `docker system df`: what takes the disk, each layer counted once.

use std::collections::{HashMap, HashSet};

use strata_api::engine::DiskUsage;
use strata_catalog::{Catalog as _, Image};
use strata_oci::DiffId;

use crate::{Engine, Error, Filters};

impl Engine {
    /// What takes the disk.
    pub async fn disk_usage(&self) -> Result<DiskUsage, Error> {
        let (mut containers, mut volumes) = (Vec::new(), Vec::new());
        if let Ok(running) = self.running() {
            containers = self.list_containers(true, None, true, Filters::default()).await?;
            volumes = running.containers.volume_usage().await?;
        }
        self.blocking(move |inner| {
            let mut images = inner.list(false, &Filters::default(), true)?;
            for image in &mut images {
                let id = image.id.to_string();
                image.containers = containers.iter().filter(|row| row.image_id == id).count() as i64;
            }
            let layers_size = layers_size(&inner.catalog.images()?);
            Ok(DiskUsage { layers_size, images, containers, volumes, ..DiskUsage::default() })
        })
        .await
    }
}

/// Bytes of all layers, each counted once.
pub(crate) fn layers_size(images: &[Image]) -> u64 {
    let mut seen = HashSet::new();
    let layers = images.iter().flat_map(|image| &image.layers);
    layers.filter(|layer| seen.insert(&layer.diff_id)).map(|layer| layer.unpacked).sum()
}

/// For each of some images, the bytes of its layers that another of them has too. Steps of builds are none of them: an image would
/// have nothing of its own.
pub(crate) fn shared_sizes(images: &[&Image]) -> Vec<u64> {
    let mut users: HashMap<&DiffId, usize> = HashMap::new();
    for image in images {
        let layers: HashSet<_> = image.layers.iter().map(|layer| &layer.diff_id).collect();
        layers.into_iter().for_each(|layer| *users.entry(layer).or_default() += 1);
    }
    let shared = |image: &Image| {
        image.layers.iter().filter(|layer| users[&layer.diff_id] > 1).map(|layer| layer.unpacked).sum()
    };
    images.iter().copied().map(shared).collect()
}
