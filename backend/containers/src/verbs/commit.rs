//! The containers' side of `docker commit`: what is to be committed, and standing still meanwhile.

use strata_oci::{ContainerConfig, ImageId};
use strata_snapshots::SnapshotId;

use super::create::snapshot_id;
use crate::{Containers, Error, containers::to_the_end, request, state::Status};

/// What an image is made of.
#[derive(Clone, Debug)]
pub struct CommitSource {
    /// The container's id.
    pub id: String,
    /// The image that it was made from.
    pub image: Option<ImageId>,
    /// Its config.
    pub config: ContainerConfig,
    /// Its command with arguments, which the image's history shows.
    pub command: Vec<String>,
    /// Where its writable layer is.
    pub snapshot: SnapshotId,
}

impl Containers {
    /// What an image of a container is made of.
    pub fn commit_source(&self, name: &str) -> Result<CommitSource, Error> {
        let container = self.0.find(name)?;
        let record = container.snapshot();
        if record.state.status == Status::Removing || record.state.status == Status::Dead {
            let message =
                format!("You cannot commit container {} which is {}", record.id, record.state.status);
            return Err(Error::conflict(message));
        }
        Ok(CommitSource {
            snapshot: snapshot_id(&record.id)?,
            image: record.image.parse().ok(),
            command: record.config.cmd.clone().unwrap_or_default(),
            config: record.config,
            id: record.id,
        })
    }

    /// Does `work` while the container's processes are frozen, if they run; they are thawed in any case. An ordinary
    /// user's server has no cgroup to freeze them with: there they go on.
    pub async fn standing_still<T: Send + 'static>(
        &self,
        name: &str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let container = self.0.find(name)?;
        let this = self.clone();
        to_the_end(async move {
            let _alone = container.work.lock().await;
            let mut runs = container.record().state.status == Status::Running && this.has_limits();
            let (supervisor, id) = (&this.0.stores.supervisor, container.runtime_id());
            if runs {
                match supervisor.pause(&id).await {
                    Ok(()) => this.0.tell(&container.snapshot(), "pause", &[]),
                    // What ends stands still.
                    Err(_) if this.has_just_ended(&container).await => runs = false,
                    Err(error) => {
                        let what = format!("Cannot pause container {}", container.id);
                        return Err(Error::internal(what, &error));
                    }
                }
            }
            let done = work.await;
            if runs {
                match supervisor.resume(&id).await {
                    Err(error) if !this.has_just_ended(&container).await => {
                        let what = format!("Cannot unpause container {}", container.id);
                        return Err(Error::internal(what, &error));
                    }
                    _ => this.0.tell(&container.snapshot(), "unpause", &[]),
                }
            }
            Ok(done)
        })
        .await
    }

    /// Tells that an image was made of a container.
    pub fn tell_committed(&self, source: &CommitSource, image: &ImageId, name: &str, comment: &str) {
        let Ok(container) = self.0.find(&source.id) else { return };
        let more =
            [("comment", comment.to_owned()), ("imageID", image.to_string()), ("imageRef", name.to_owned())];
        self.0.tell(&container.snapshot(), "commit", &more);
    }
}

/// Fills what a config for an image leaves open from the container's.
pub fn complete_config(config: &mut ContainerConfig, container: &ContainerConfig) -> Result<(), Error> {
    request::merge(config, Some(container))
}
