//! `docker diff`.

use strata_api::engine::Change;

use super::create::snapshot_id;
use crate::{Containers, Error};

impl Containers {
    /// What a container has changed, by path.
    pub async fn diff(&self, name: &str) -> Result<Vec<Change>, Error> {
        let container = self.0.find(name)?;
        let id = snapshot_id(&container.id)?;
        self.0
            .blocking(move |inner| {
                let changes = inner.stores.snapshots.changes(&id);
                let changes = changes.map_err(|error| Error::internal("cannot read its changes", &error))?;
                let row = |change: strata_snapshots::Change| Change {
                    path: format!("/{}", String::from_utf8_lossy(change.path.as_bytes())),
                    kind: change.kind.number(),
                };
                Ok(changes.into_iter().map(row).collect())
            })
            .await
    }
}
