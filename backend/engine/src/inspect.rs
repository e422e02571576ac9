//! `docker image inspect`.

use std::{collections::BTreeMap, time::SystemTime};

use strata_api::engine::{GraphDriver, ImageInspect, Metadata, RootFs};
use strata_catalog::Image;

use crate::{
    Engine, Error,
    engine::Inner,
    names::{digest_names, tag_names},
};

const YEAR_ONE: &str = "0001-01-01T00:00:00Z";

impl Engine {
    /// Everything about an image.
    pub async fn inspect(&self, name: &str) -> Result<ImageInspect, Error> {
        let name = name.to_owned();
        self.blocking(move |inner| {
            let image = inner.find(&name)?;
            inner.inspect(&image)
        })
        .await
    }
}

impl Inner {
    fn inspect(&self, image: &Image) -> Result<ImageInspect, Error> {
        let config = self.config(&image.id)?;
        Ok(ImageInspect {
            id: image.id.clone(),
            repo_tags: tag_names(image),
            repo_digests: digest_names(image),
            parent: image.parent.as_ref().map(ToString::to_string).unwrap_or_default(),
            comment: config.comment.clone().or_else(|| last_comment(&config)).unwrap_or_default(),
            created: config.created.clone().unwrap_or_else(|| YEAR_ONE.into()),
            container: config.container.clone().unwrap_or_default(),
            container_config: config.container_config.clone().unwrap_or_default(),
            docker_version: config.docker_version.clone().unwrap_or_default(),
            author: config.author.clone().unwrap_or_default(),
            config: config.config.clone().unwrap_or_default(),
            architecture: config.architecture.clone(),
            variant: config.variant.clone().filter(|variant| !variant.is_empty()),
            os: config.os.clone(),
            size: image.unpacked(),
            virtual_size: image.unpacked(),
            graph_driver: GraphDriver { data: self.directories(image), name: "overlay2".into() },
            root_fs: RootFs {
                kind: "layers".into(),
                layers: image.layers.iter().map(|layer| layer.diff_id.clone()).collect(),
            },
            metadata: Metadata { last_tag_time: image.last_tagged.map_or_else(|| YEAR_ONE.into(), rfc3339) },
        })
    }

    /// Where the layers are, under overlay2's names: the top one, and those below it top first.
    fn directories(&self, image: &Image) -> BTreeMap<String, String> {
        let path = |layer: &strata_catalog::Layer| self.layers.tree(&layer.diff_id).display().to_string();
        let mut paths = image.layers.iter().rev().map(path);
        let mut data = BTreeMap::new();
        if let Some(upper) = paths.next() {
            data.insert("UpperDir".to_owned(), upper);
        }
        let lower: Vec<String> = paths.collect();
        if !lower.is_empty() {
            data.insert("LowerDir".to_owned(), lower.join(":"));
        }
        data
    }
}

/// dockerd shows the comment of the last history row when the config itself has none.
fn last_comment(config: &strata_oci::ImageConfig) -> Option<String> {
    config.history.last().and_then(|row| row.comment.clone())
}

fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| YEAR_ONE.to_owned(), |time| time.to_string())
}
