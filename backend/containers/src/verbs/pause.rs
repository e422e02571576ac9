//! `docker pause` and `docker unpause`.

use std::sync::Arc;

use strata_runtime::SupervisorError;

use crate::{Containers, Error, container::Container, containers::to_the_end, state::Status};

impl Containers {
    /// Freezes a container's processes.
    pub async fn pause(&self, name: &str) -> Result<(), Error> {
        let container = self.0.find(name)?;
        let this = self.clone();
        to_the_end(async move {
            let _alone = container.work.lock().await;
            container.record().state.check_pause(&container.id)?;
            let paused = this.0.stores.supervisor.pause(&container.runtime_id()).await;
            if let Err(error) = paused {
                return Err(this.refused("pause", &container, error).await);
            }
            let record = this
                .0
                .change(&container, |record| {
                    record.state.status = Status::Paused;
                    record.clone()
                })
                .await?;
            this.0.tell(&record, "pause", &[]);
            Ok(())
        })
        .await
    }

    /// Thaws them.
    pub async fn unpause(&self, name: &str) -> Result<(), Error> {
        let container = self.0.find(name)?;
        let this = self.clone();
        to_the_end(async move {
            let _alone = container.work.lock().await;
            container.record().state.check_unpause(&container.id)?;
            let resumed = this.0.stores.supervisor.resume(&container.runtime_id()).await;
            if let Err(error) = resumed {
                return Err(this.refused("unpause", &container, error).await);
            }
            let record = this
                .0
                .change(&container, |record| {
                    record.state.status = Status::Running;
                    record.clone()
                })
                .await?;
            this.0.tell(&record, "unpause", &[]);
            Ok(())
        })
        .await
    }
}

impl Containers {
    /// A refusal; that its process ended in this moment is no fault of ours.
    async fn refused(&self, verb: &str, container: &Arc<Container>, error: SupervisorError) -> Error {
        if self.has_just_ended(container).await {
            return Error::not_running(&container.id);
        }
        Error::internal(format!("Cannot {verb} container {}", container.id), &error)
    }
}
