//! `docker history`.

use strata_api::engine::HistoryItem;

use crate::{
    Engine, Error,
    names::{tag_names, unix_seconds},
};

impl Engine {
    /// An image's history, newest first; rows below the first are `<missing>`, since no image stands for them.
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
            if let Some(top) = rows.first_mut() {
                top.id = image.id.to_string();
                let tags = tag_names(&image);
                top.tags = (!tags.is_empty()).then_some(tags);
            }
            Ok(rows)
        })
        .await
    }
}
