//! `docker attach`.

use strata_runtime::{Attached, Streams};
use tokio::sync::oneshot;

use crate::{Containers, Error, state::Status};

/// An attachment to a container that may not have been started yet.
#[derive(Debug)]
pub enum Attachment {
    /// To its process.
    Now(Box<Attached>),
    /// To the process that the next start makes.
    Later(oneshot::Receiver<Attached>),
}

impl Attachment {
    /// The process's streams as soon as there is a process; `None` if the start failed or the container was removed.
    pub async fn ready(self) -> Option<Attached> {
        match self {
            Self::Now(attached) => Some(*attached),
            Self::Later(attached) => attached.await.ok(),
        }
    }
}

impl Containers {
    /// Tells that a client detached by its keys; from an exec if one is named.
    pub fn tell_detached(&self, container: &str, exec: Option<&str>) {
        let Ok(container) = self.0.find(container) else { return };
        let record = container.snapshot();
        match exec {
            None => self.0.tell(&record, "detach", &[]),
            Some(exec) => self.0.tell(&record, "exec_detach", &[("execID", exec.to_owned())]),
        }
    }

    /// Attaches to a container's process. One that doesn't run yet is attached to when it is started, and no byte is
    /// missed.
    pub async fn attach(&self, name: &str, streams: Streams) -> Result<Attachment, Error> {
        let container = self.0.find(name)?;
        let (status, record) = {
            let record = container.record();
            (record.state.status, record.clone())
        };
        match status {
            Status::Paused => {
                return Err(Error::conflict(format!(
                    "container {name} is paused, unpause the container before attach"
                )));
            }
            Status::Restarting => {
                return Err(Error::conflict(format!(
                    "container {name} is restarting, wait until the container is running"
                )));
            }
            _ => {}
        }
        let streams = Streams { stdin: streams.stdin && record.config.open_stdin, ..streams };
        // In this order, so that a start in between finds either us waiting or its process attached to.
        let later = container.attach_later(streams);
        let supervisor = &self.0.stores.supervisor;
        let attachment = match supervisor.process(&container.key()) {
            Some(_) => match supervisor.attach(&container.key(), streams).await {
                Ok(attached) => Attachment::Now(Box::new(attached)),
                // It has just ended: the next start it is.
                Err(_) => Attachment::Later(later),
            },
            None => Attachment::Later(later),
        };
        self.0.tell(&record, "attach", &[]);
        Ok(attachment)
    }
}
