//! `docker rm`.

use std::sync::Arc;

use crate::{
    Containers, Error,
    container::Container,
    containers::to_the_end,
    request::{MountKind, MountPlan},
    state::Status,
    verbs::snapshot_id,
    volumes::remove_tree,
};

impl Containers {
    /// Removes a container with its file system and log. With `force` it is killed first; with `volumes` those of its
    /// volumes go that have no name of their own and that nobody else uses.
    pub async fn remove(&self, name: &str, force: bool, volumes: bool) -> Result<(), Error> {
        let container = self.0.find(name)?;
        container.record().state.check_remove(&container.id, name, force)?;
        let (this, name) = (self.clone(), name.to_owned());
        to_the_end(async move {
            if container.record().state.status.is_up() {
                container.record().host.auto_remove = false;
                match this.kill_now(&container).await {
                    Err(error) if error.kind != crate::Kind::Conflict => {
                        return Err(error.about(format!(
                            "Could not kill running container {}, cannot remove - ",
                            container.id
                        )));
                    }
                    _ => {}
                }
            }
            let _alone = container.work.lock().await;
            container.record().state.check_remove(&container.id, &name, force)?;
            this.take_apart(&container, volumes).await
        })
        .await
    }

    /// Removes a container that was to go with its process, its volumes included; failures are logged.
    pub(crate) async fn remove_quietly(&self, container: &Arc<Container>) {
        if container.record().state.status == Status::Removing {
            return;
        }
        if let Err(error) = self.take_apart(container, true).await {
            tracing::warn!(id = container.id, %error, "can't be removed");
        }
    }

    /// The caller works alone on it, and it is at rest.
    async fn take_apart(&self, container: &Arc<Container>, volumes: bool) -> Result<(), Error> {
        // Not written: should we be killed meanwhile, the next server sees that its file system is gone.
        container.record().state.status = Status::Removing;
        container.interrupt();
        container.take_waiting();
        match self.dismantle(container, volumes).await {
            Ok(()) => {
                let record = container.snapshot();
                self.0.forget(&container.id);
                self.0.tell(&record, "destroy", &[]);
                container.ends.send_modify(|ends| {
                    ends.removed = true;
                    ends.code = record.state.exit_code;
                });
                Ok(())
            }
            Err(error) => {
                let message = error.message.clone();
                let dead = self.0.change(container, |record| {
                    record.state.status = Status::Dead;
                    record.state.error.clone_from(&message);
                });
                dead.await?;
                container.ends.send_modify(|ends| {
                    ends.count += 1;
                    ends.error = Some(message.clone());
                });
                Err(error)
            }
        }
    }

    async fn dismantle(&self, container: &Arc<Container>, volumes: bool) -> Result<(), Error> {
        let failed = |what: &str, error: &dyn std::error::Error| {
            Error::internal(format!("container {}: cannot remove its {what}", container.id), error)
        };
        let supervisor = &self.0.stores.supervisor;
        supervisor.remove(&container.key()).await.map_err(|error| failed("process", &error))?;
        let record = container.snapshot();
        let own = |mount: &MountPlan| mount.kind == MountKind::Volume && mount.anonymous;
        let volumes = volumes && record.mounts.iter().any(own);
        let _alone = if volumes { Some(self.0.volumes.lock().await) } else { None };
        self.0
            .blocking(move |inner| {
                let id = snapshot_id(&record.id)?;
                inner.take_bundle_down(&record)?;
                let removed = inner.stores.snapshots.remove(&id);
                removed.map_err(|error| Error::internal("cannot remove its file system", &error))?;
                remove_tree(&inner.folder(&record.id))?;
                // Last, so that what a crash leaves belongs to a record.
                inner.stores.catalog.remove_container(&record.id, record.durability())?;
                for mount in record.mounts.iter().filter(|mount| volumes && own(mount)) {
                    let others = inner.users_of(&mount.name).iter().any(|user| *user != record.id);
                    if !others {
                        inner.unmake_volume(&mount.name)?;
                    }
                }
                Ok(())
            })
            .await
    }
}
