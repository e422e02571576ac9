//! `docker image prune`.

use std::collections::HashSet;

use strata_api::engine::{PruneReport, Removed};
use strata_catalog::Catalog as _;
use strata_oci::ImageId;

use crate::{
    Engine, Error, Filters, Kind,
    list::moment,
    names::{digest_name, tag_name, unix_seconds},
};

impl Engine {
    /// Removes images without a tag, or with filter `dangling=false` every image that no container uses.
    ///
    /// Further filters: `until`, `label`, `label!`. What is freed are bytes of unpacked layers, as `docker system df` counts.
    pub async fn prune(&self, filters: &Filters) -> Result<PruneReport, Error> {
        filters.only(&["dangling", "label", "label!", "until"])?;
        let filters = filters.clone();
        self.blocking(move |inner| {
            // A client may add its own default to what was asked for: then the wish counts.
            let dangling_only =
                match filters.get("dangling").iter().any(|wish| matches!(wish.as_str(), "0" | "false")) {
                    true => false,
                    false => filters.flag("dangling")?.unwrap_or(true),
                };
            let until =
                filters.get("until").iter().map(|text| moment(text)).collect::<Result<Vec<_>, _>>()?;
            let mut gone: Vec<Removed> = Vec::new();
            let mut freed = 0;
            let images = inner.catalog.images()?;
            let parents: HashSet<&ImageId> =
                images.iter().filter_map(|image| image.parent.as_ref()).collect();
            for image in &images {
                // It goes with what was made from it, or stays.
                let nameless = image.tags.is_empty() && image.repo_digests.is_empty();
                if nameless && parents.contains(&image.id) {
                    continue;
                }
                // A child that went before has taken it along, or one that stays needs it.
                let needed = image.tags.is_empty() && !inner.catalog.children(&image.id)?.is_empty();
                if needed || inner.catalog.image(&image.id)?.is_none() {
                    continue;
                }
                let labels = inner.labels(image)?;
                let created = unix_seconds(image.created.as_deref());
                let unwanted = filters.get("label!").iter().any(|label| match label.split_once('=') {
                    Some((name, value)) => labels.get(name).is_some_and(|have| have == value),
                    None => labels.contains_key(label),
                });
                let spared = (dangling_only && !image.tags.is_empty())
                    || !until.iter().all(|limit| created <= *limit)
                    || !filters.labels("label", &labels)
                    || unwanted;
                if spared {
                    continue;
                }
                // By its names one after the other, so that it is said which; the last takes the image along.
                let tags = image.tags.iter().map(tag_name);
                let mut names: Vec<String> = tags.chain(image.repo_digests.iter().map(digest_name)).collect();
                if names.is_empty() {
                    names.push(image.id.to_string());
                }
                for name in names {
                    let (removed, garbage) = match inner.remove(&name, false, true) {
                        Ok(removed) => removed,
                        // A container needs it, or it went with the name before.
                        Err(error) if matches!(error.kind, Kind::Conflict | Kind::NotFound) => continue,
                        Err(error) => return Err(error),
                    };
                    gone.extend(removed);
                    freed += garbage.layers.iter().map(|layer| layer.unpacked).sum::<u64>();
                }
            }
            let report =
                PruneReport { images_deleted: (!gone.is_empty()).then_some(gone), space_reclaimed: freed };
            inner.events.pruned(freed);
            Ok(report)
        })
        .await
    }
}
