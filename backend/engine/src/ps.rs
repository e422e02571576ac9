//! `docker ps` and `docker inspect`: containers, with what only the images know of them.

use std::collections::{BTreeSet, HashMap};

use strata_api::engine::{ContainerInspect, ContainerSummary};
use strata_catalog::Catalog as _;
use strata_containers::ListQuery;

use crate::{Engine, Error, Filters, engine::Inner};

impl Engine {
    /// The containers, the one created last first; `size` measures them and their images.
    pub async fn list_containers(
        &self,
        all: bool,
        limit: Option<usize>,
        size: bool,
        filters: Filters,
    ) -> Result<Vec<ContainerSummary>, Error> {
        let containers = self.containers()?.clone();
        let names = filters.get("ancestor").to_vec();
        let ancestors = self.blocking(move |inner| Ok(inner.ids(&names))).await?;
        let query = ListQuery { all, limit, size, filters: filters.into(), ancestors };
        let rows = containers.list(query).await?;
        self.blocking(move |inner| Ok(inner.complete(rows))).await
    }
}

impl Engine {
    /// Everything about a container; with `size`, what its writable layer takes, and that with its image.
    pub async fn inspect_container(&self, name: &str, size: bool) -> Result<ContainerInspect, Error> {
        let mut seen = self.containers()?.inspect(name, size).await?;
        if size {
            let image = seen.image.clone();
            let below = self.blocking(move |inner| Ok(inner.size_of(&image))).await?;
            seen.size_root_fs = seen.size_rw.map(|own| own + below);
        }
        Ok(seen)
    }
}

impl Inner {
    /// The ids of the images that are called so; what is no image has no containers.
    fn ids(&self, names: &[String]) -> Vec<String> {
        let ids: BTreeSet<String> =
            names.iter().filter_map(|name| self.find(name).ok()).map(|image| image.id.to_string()).collect();
        ids.into_iter().collect()
    }

    /// Adds the images' part. An image that lost the name which the container was created with goes by its id.
    fn complete(&self, mut rows: Vec<ContainerSummary>) -> Vec<ContainerSummary> {
        // Many containers are of few images.
        let mut meant: HashMap<String, Option<String>> = HashMap::new();
        let mut sizes: HashMap<String, u64> = HashMap::new();
        for row in &mut rows {
            if let Some(size) = &mut row.size_root_fs {
                *size += *sizes.entry(row.image_id.clone()).or_insert_with(|| self.size_of(&row.image_id));
            }
            let look = || self.find(&row.image).ok().map(|found| found.id.to_string());
            let same = meant.entry(row.image.clone()).or_insert_with(look).as_ref() == Some(&row.image_id);
            if !same && !row.image_id.is_empty() {
                row.image.clone_from(&row.image_id);
            }
        }
        rows
    }

    /// What the layers of an image take; nothing for none.
    fn size_of(&self, image: &str) -> u64 {
        let found = image.parse().ok().and_then(|id| self.catalog.image(&id).ok().flatten());
        found.map_or(0, |image| image.unpacked())
    }
}
