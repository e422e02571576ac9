//! After the server was restarted, or killed: what runs, and what ended meanwhile.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};

use super::{
    Supervisor, blocking,
    connection::{Connection, is_gone},
    settle,
};
use crate::{
    Exit, Id, Process, ProcessKey, SupervisorError, Time,
    id::EXECS,
    record,
    wire::{Launched, Reply, Request},
};

/// How long a shim may take to answer; it may be in the middle of making its process.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process of an earlier server.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which.
    pub key: ProcessKey,
    /// Who it is, or was.
    pub process: Process,
    /// Whether it has a terminal.
    pub tty: bool,
    /// When it was started; none if it wasn't.
    pub started_at: Option<Time>,
    /// What has become of it.
    pub state: KnownState,
}

/// What has become of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownState {
    /// Made, waiting for its start.
    Created,
    /// Started and running, perhaps paused.
    Running,
    /// Ended.
    Ended(Exit),
}

impl Supervisor {
    /// Finds every process of the directory and supervises those that live. To be called once, after [`Supervisor::open`] and before all
    /// else. What isn't among them has no process. One whose shim was killed is ended, and its exit says so ([`Exit::lost`]).
    ///
    /// # Errors
    /// When the directory can't be read. What is wrong with a single process is logged, and the process left out.
    pub async fn reconnect(&self) -> Result<Vec<Known>, SupervisorError> {
        let inner = Arc::clone(&self.0);
        let keys = blocking(move || {
            let directory = &inner.options.directory;
            find(directory).map_err(SupervisorError::io("list", directory))
        });
        let mut tasks = JoinSet::new();
        for key in keys.await? {
            let this = self.clone();
            tasks.spawn(async move {
                let known = this.find_again(&key).await;
                known.unwrap_or_else(|error| {
                    tracing::warn!(%key, %error, "cannot reconnect");
                    None
                })
            });
        }
        let mut known: Vec<Known> = tasks.join_all().await.into_iter().flatten().collect();
        known.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(known)
    }

    async fn find_again(&self, key: &ProcessKey) -> Result<Option<Known>, SupervisorError> {
        let directory = self.0.directory(key);
        let connected = timeout(PATIENCE, watch(&directory)).await;
        match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok((launched, connection)) => {
                let known = Known::new(key, &launched);
                self.watch(key.clone(), launched, connection, None);
                Ok(Some(known))
            }
            Err(error) if is_gone(&error) => {
                let (inner, key) = (Arc::clone(&self.0), key.clone());
                blocking(move || {
                    // One that was about to end may still be writing its record.
                    let _lock = settle::wait_for_shim(&key, &directory)?;
                    let launched: Option<Launched> = record::read(&directory, record::PROCESS)
                        .map_err(SupervisorError::io("read the process in", &directory))?;
                    let Some(mut launched) = launched else {
                        // The shim was killed before it had a process to record; the runtime may have half of one.
                        if key.exec.is_none() && inner.runtime_knows(&key.container) {
                            inner.runtime.delete(&key.container)?;
                        }
                        return Ok(None);
                    };
                    launched.exit = Some(settle::lost(&inner, &key, &launched));
                    Ok(Some(Known::new(&key, &launched)))
                })
                .await
            }
            Err(error) => Err(self.0.unreachable(key, error)),
        }
    }
}

async fn watch(directory: &Path) -> io::Result<(Launched, Connection)> {
    let mut connection = Connection::open(directory).await?;
    match connection.ask(&Request::Watch).await? {
        Reply::Launched(launched) => Ok((*launched, connection)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

impl Known {
    fn new(key: &ProcessKey, launched: &Launched) -> Self {
        let state = match (&launched.exit, launched.started_at) {
            (Some(exit), _) => KnownState::Ended(exit.clone()),
            (None, Some(_)) => KnownState::Running,
            (None, None) => KnownState::Created,
        };
        let Launched { process, tty, started_at, .. } = *launched;
        Self { key: key.clone(), process, tty, started_at, state }
    }
}

/// The keys of all directories.
fn find(directory: &Path) -> io::Result<Vec<ProcessKey>> {
    let mut keys = Vec::new();
    for container in ids(directory)? {
        let execs = ids(&directory.join(container.as_str()).join(EXECS)).unwrap_or_default();
        keys.extend(execs.into_iter().map(|exec| ProcessKey::exec(container.clone(), exec)));
        keys.push(container.into());
    }
    Ok(keys)
}

fn ids(directory: &Path) -> io::Result<Vec<Id>> {
    let names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name()));
    let names = names.collect::<io::Result<Vec<_>>>()?;
    Ok(names.iter().filter_map(|name| Id::parse(name.to_str()?).ok()).collect())
}
