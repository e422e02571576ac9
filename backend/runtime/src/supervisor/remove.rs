//! Removing what is left of a process.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Inner, Supervisor, blocking, settle};
use crate::{Id, ProcessKey, SupervisorError, id::EXECS};

/// How long a killed process may take to end: it may wait for a disk.
const PATIENCE: Duration = Duration::from_secs(30);

impl Supervisor {
    /// Ends a process if it runs, and removes its directory with records and log; for a container, also its execs and what the runtime
    /// has of it. One that doesn't exist is removed already.
    ///
    /// # Errors
    /// [`SupervisorError::Running`] when it can't be killed within 30 s; when a directory can't be removed.
    pub async fn remove(&self, key: &ProcessKey) -> Result<(), SupervisorError> {
        if self.process(key).is_some() {
            match self.signal(key, 9).await {
                Ok(()) | Err(SupervisorError::NotRunning(_) | SupervisorError::Runtime(_)) => (),
                Err(error) => return Err(error),
            }
            match timeout(PATIENCE, self.wait(key)).await {
                Ok(Ok(_)) => (),
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(SupervisorError::Running(key.clone())),
            }
        }
        let (inner, of) = (Arc::clone(&self.0), key.clone());
        blocking(move || remove(&inner, &of)).await?;
        let of_container = |other: &ProcessKey| key.exec.is_none() && other.container == key.container;
        self.0.entries().retain(|other, _| other != key && !of_container(other));
        Ok(())
    }
}

fn remove(inner: &Inner, key: &ProcessKey) -> Result<(), SupervisorError> {
    let directory = inner.directory(key);
    match settle::wait_for_shim(key, &directory) {
        Ok(_) => (),
        Err(SupervisorError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => (),
        Err(error) => return Err(error),
    }
    if key.exec.is_none() {
        if inner.runtime_knows(&key.container) {
            inner.runtime.delete(&key.container)?;
        }
        remove_execs(inner, &key.container)?;
    }
    remove_directory(&directory)
}

/// Removes what is left of a container's execs. They ended with it, or with an earlier run; their shims need a moment to say so.
pub(super) fn remove_execs(inner: &Inner, container: &Id) -> Result<(), SupervisorError> {
    let directory = inner.directory(&container.clone().into());
    for exec in execs(&directory) {
        let exec = ProcessKey::exec(container.clone(), exec);
        drop(settle::wait_for_shim(&exec, &inner.directory(&exec))?);
        inner.entries().remove(&exec);
    }
    remove_directory(&directory.join(EXECS))
}

fn remove_directory(directory: &Path) -> Result<(), SupervisorError> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(SupervisorError::io("remove", directory)(error))
        }
        _ => Ok(()),
    }
}

fn execs(directory: &Path) -> Vec<Id> {
    let entries = fs::read_dir(directory.join(EXECS)).into_iter().flatten().flatten();
    entries.filter_map(|entry| Id::parse(entry.file_name().to_str()?).ok()).collect()
}
