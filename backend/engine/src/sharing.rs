//! Which images share which layers.

use std::collections::HashMap;

use strata_api::sharing::{MapImage, MapLayer, SharingMap};
use strata_catalog::{Catalog as _, Image};
use strata_oci::DiffId;

use crate::{
    Engine, Error,
    engine::Inner,
    list::steps,
    names::{tag_names, unix_seconds},
    usage::{layers_size, shared_sizes},
};

impl Engine {
    /// The images that `docker images` lists with their layers, newest first.
    pub async fn sharing(&self) -> Result<SharingMap, Error> {
        self.blocking(|inner| inner.sharing()).await
    }
}

impl Inner {
    fn sharing(&self) -> Result<SharingMap, Error> {
        let mut images = self.catalog.images()?;
        images.sort_by_key(|image| std::cmp::Reverse(unix_seconds(image.created.as_deref())));
        let steps = steps(&images);
        let listed: Vec<&Image> = images.iter().filter(|image| !steps.contains(&image.id)).collect();
        let (mut map, mut places) = (SharingMap::default(), HashMap::new());
        for (image, shared) in listed.iter().zip(shared_sizes(&listed)) {
            let layers = self.places(image, &mut map, &mut places)?;
            let id = image.id.clone();
            map.images.push(MapImage { id, names: tag_names(image), layers, size: image.unpacked(), shared });
        }
        map.total = layers_size(&images);
        Ok(map)
    }

    /// The places of an image's layers in the map, into which those come that are new.
    fn places(
        &self,
        image: &Image,
        map: &mut SharingMap,
        places: &mut HashMap<DiffId, usize>,
    ) -> Result<Vec<usize>, Error> {
        let mut told = None;
        let mut found = Vec::with_capacity(image.layers.len());
        for (position, layer) in image.layers.iter().enumerate() {
            if let Some(place) = places.get(&layer.diff_id) {
                found.push(*place);
                continue;
            }
            if told.is_none() {
                told = Some(self.created_by(image)?);
            }
            let created_by = told.as_ref().and_then(|told| told.get(&position)).cloned().unwrap_or_default();
            places.insert(layer.diff_id.clone(), map.layers.len());
            found.push(map.layers.len());
            map.layers.push(MapLayer {
                diff_id: layer.diff_id.clone(),
                unpacked: layer.unpacked,
                created_by,
            });
        }
        Ok(found)
    }
}
