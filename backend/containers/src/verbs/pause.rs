//! `docker pause` and `docker unpause`.

use crate::{Containers, Error, containers::to_the_end, state::Status};

impl Containers {
    /// Freezes a container's processes.
    pub async fn pause(&self, name: &str) -> Result<(), Error> {
        let container = self.0.find(name)?;
        let this = self.clone();
        to_the_end(async move {
            let _alone = container.work.lock().await;
            container.record().state.check_pause(&container.id)?;
            let paused = this.0.stores.supervisor.pause(&container.runtime_id()).await;
            paused.map_err(|error| {
                Error::internal(format!("Cannot pause container {}", container.id), &error)
            })?;
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
            resumed.map_err(|error| {
                Error::internal(format!("Cannot unpause container {}", container.id), &error)
            })?;
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
