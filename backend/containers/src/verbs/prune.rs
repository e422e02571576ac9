//! `docker container prune`.

use jiff::Timestamp;
use strata_api::engine::ContainersPruned;

use super::create::snapshot_id;
use crate::{Containers, Error, EventKind, Filters, state::Status};

impl Containers {
    /// Removes the containers that don't run.
    pub async fn prune(&self, filters: Filters) -> Result<ContainersPruned, Error> {
        filters.only(&["label", "label!", "until"])?;
        let until = filters.until(Timestamp::now())?;
        let mut pruned = ContainersPruned::default();
        for container in self.0.all() {
            let record = container.snapshot();
            let old = until.is_none_or(|until| record.created < until);
            let at_rest = matches!(record.state.status, Status::Created | Status::Exited | Status::Dead);
            if !at_rest || !old || !filters.prunes(&record.labels()) {
                continue;
            }
            let id = snapshot_id(&record.id)?;
            let bytes = self
                .0
                .blocking(move |inner| Ok(inner.stores.snapshots.usage(&id).map_or(0, |usage| usage.bytes)))
                .await?;
            match self.remove(&record.id, false, false).await {
                Ok(()) => {
                    pruned.space_reclaimed += bytes;
                    pruned.containers_deleted.get_or_insert_default().push(record.id);
                }
                // Somebody else removed or started it.
                Err(error) => tracing::warn!(id = record.id, %error, "can't be pruned"),
            }
        }
        let bytes = pruned.space_reclaimed.to_string();
        self.0.tell_of(EventKind::Container, "prune", "", &[("reclaimed", &bytes)]);
        Ok(pruned)
    }
}
