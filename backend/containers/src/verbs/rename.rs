//! `docker rename`.

use crate::{Containers, Error, containers::to_the_end, names, state::Status};

impl Containers {
    /// Gives a container another name.
    pub async fn rename(&self, name: &str, new: &str) -> Result<(), Error> {
        if name.is_empty() || new.is_empty() {
            return Err(Error::invalid("Neither old nor new names may be empty"));
        }
        let container = self.0.find(name)?;
        let new = names::parse(&format!("/{new}"))
            .map_err(|error| error.about("Error when allocating new name"))?;
        let this = self.clone();
        to_the_end(async move {
            let _alone = container.work.lock().await;
            let old = container.record().name.clone();
            if old == new {
                return Err(Error::invalid("Renaming a container with the same name as its current name"));
            }
            if matches!(container.record().state.status, Status::Dead | Status::Removing) {
                return Err(Error::conflict("Container is marked for removal and cannot be renamed"));
            }
            let (id, to) = (container.id.clone(), new.clone());
            let renamed = this.0.blocking(move |inner| {
                inner.stores.catalog.rename_container(&id, &to).map_err(super::create::taken)
            });
            renamed.await.map_err(|error| error.about("Error when allocating new name"))?;
            let record = this
                .0
                .change(&container, |record| {
                    record.name.clone_from(&new);
                    record.clone()
                })
                .await?;
            this.0.stores.networks.rename(&container.id, &new);
            this.0.tell(&record, "rename", &[("oldName", format!("/{old}"))]);
            Ok(())
        })
        .await
    }
}
