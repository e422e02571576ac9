//! `docker history`.

use strata_api::engine::HistoryItem;
use strata_catalog::Catalog as _;

use crate::{
    Engine, Error,
    names::{tag_names, unix_seconds},
};

impl Engine {
    /// An image's history, newest first. A row whose image is here, an intermediate one of a build, has its id; others are `<missing>`.
    pub async fn history(&self, name: &str) -> Result<Vec<HistoryItem>, Error> {
        let name = name.to_owned();
        self.blocking(move |inner| {
            let image = inner.find(&name)?;
            let config = inner.config(&image.id)?;
            let size = |layer: Option<usize>| layer.map_or(0, |at| image.layers[at].unpacked);
            let rows = config.rows().into_iter().map(|(row, layer)| HistoryItem {
                id: "<missing>".into(),
                created: unix_seconds(row.created.as_deref()),
                created_by: row.created_by.unwrap_or_default(),
                tags: None,
                size: size(layer),
                comment: row.comment.unwrap_or_default(),
            });
            let mut rows: Vec<_> = rows.collect();
            rows.reverse();
            let mut at = Some(image);
            for row in &mut rows {
                let Some(image) = at else { break };
                row.id = image.id.to_string();
                let tags = tag_names(&image);
                row.tags = (!tags.is_empty()).then_some(tags);
                at = match &image.parent {
                    Some(parent) => inner.catalog.image(parent)?,
                    None => None,
                };
            }
            Ok(rows)
        })
        .await
    }
}
