//! What can be done to a process that exists.

use std::sync::Arc;

use super::{Supervisor, blocking, connection::Connection};
use crate::{
    Exit, Id, Process, ProcessKey, Runtime, RuntimeFailure, RuntimeProblem, Stats, SupervisorError,
    WindowSize,
    cgroup::{self, Cgroups, Freezer},
    record,
    wire::{Reply, Request},
};

/// `SIGKILL`.
const KILL: i32 = 9;

impl Supervisor {
    /// Lets a created container's program run.
    ///
    /// # Errors
    /// When it isn't there or the runtime refuses; a program that can't be run is refused by [`Supervisor::create`] already.
    pub async fn start(&self, id: &Id) -> Result<(), SupervisorError> {
        self.ask(&id.clone().into(), &Request::Start).await
    }

    /// Sets the size of a process's terminal, also before it is started.
    ///
    /// # Errors
    /// When it has none or has ended.
    pub async fn resize(&self, key: &ProcessKey, size: WindowSize) -> Result<(), SupervisorError> {
        self.ask(key, &Request::Resize(size)).await
    }

    /// Sends a signal by number, real-time ones included. `SIGKILL` ends a paused container too.
    ///
    /// # Errors
    /// When it has ended or there is no such signal.
    pub async fn signal(&self, key: &ProcessKey, signal: i32) -> Result<(), SupervisorError> {
        self.ask(key, &Request::Signal(signal)).await?;
        if signal == KILL && self.cgroups(&key.container).is_ok_and(|cgroups| cgroup::frozen(&cgroups)) {
            return match self.resume(&key.container).await {
                // It ended in between, which is what was wanted.
                Err(SupervisorError::Runtime(failure))
                    if failure.problem == RuntimeProblem::NoSuchContainer =>
                {
                    Ok(())
                }
                resumed => resumed,
            };
        }
        Ok(())
    }

    /// Waits for a process's end, or says how it ended. Everybody who waits is told.
    ///
    /// # Errors
    /// [`SupervisorError::NotFound`] when there never was one.
    pub async fn wait(&self, key: &ProcessKey) -> Result<Exit, SupervisorError> {
        let receiver = self.0.entries().get(key).map(|entry| entry.exit.clone());
        if let Some(mut receiver) = receiver
            && let Ok(exit) = receiver.wait_for(Option::is_some).await
            && let Some(exit) = exit.as_ref()
        {
            return Ok(exit.clone());
        }
        let directory = self.0.directory(key);
        let recorded = blocking(move || {
            record::read(&directory, record::EXIT).map_err(SupervisorError::io("read the exit in", directory))
        });
        recorded.await?.ok_or_else(|| SupervisorError::NotFound(key.clone()))
    }

    /// The process, as long as it runs.
    pub fn process(&self, key: &ProcessKey) -> Option<Process> {
        let entries = self.0.entries();
        let entry = entries.get(key).filter(|entry| entry.exit.borrow().is_none())?;
        Some(entry.launched.process)
    }

    /// Freezes every process of a container.
    ///
    /// # Errors
    /// When the runtime refuses.
    pub async fn pause(&self, id: &Id) -> Result<(), SupervisorError> {
        let freezer = self.freezer(id);
        self.runtime_does(id, move |runtime, id| {
            if freezer.is_some_and(|freezer| freezer.freeze()) { Ok(()) } else { runtime.pause(id) }
        })
        .await
    }

    /// Thaws them.
    ///
    /// # Errors
    /// When the runtime refuses.
    pub async fn resume(&self, id: &Id) -> Result<(), SupervisorError> {
        let freezer = self.freezer(id);
        self.runtime_does(id, move |runtime, id| {
            if freezer.is_some_and(|freezer| freezer.thaw()) { Ok(()) } else { runtime.resume(id) }
        })
        .await
    }

    /// The pids of all processes of a container, in our namespace.
    ///
    /// # Errors
    /// When the runtime refuses.
    pub async fn ps(&self, id: &Id) -> Result<Vec<i32>, SupervisorError> {
        self.runtime_does(id, |runtime, id| runtime.ps(id)).await
    }

    /// Changes limits while the container runs: `LinuxResources` of the specification; what is missing stays as it is.
    ///
    /// # Errors
    /// When the runtime or the kernel refuses.
    pub async fn update(&self, id: &Id, resources: serde_json::Value) -> Result<(), SupervisorError> {
        self.runtime_does(id, move |runtime, id| runtime.update(id, &resources)).await
    }

    /// What a container uses at this moment.
    ///
    /// # Errors
    /// [`SupervisorError::NotRunning`] when it has ended.
    pub async fn stats(&self, id: &Id) -> Result<Stats, SupervisorError> {
        let key = ProcessKey::from(id.clone());
        let process = self.process(&key).ok_or(SupervisorError::NotRunning(key))?;
        let cgroups = self.cgroups(id)?;
        blocking(move || Ok(cgroup::read(&cgroups, process.pid))).await
    }

    /// How to freeze a container that runs.
    fn freezer(&self, id: &Id) -> Option<Freezer> {
        self.process(&id.clone().into())?;
        Freezer::of(&self.cgroups(id).ok()?, id)
    }

    fn cgroups(&self, id: &Id) -> Result<Cgroups, SupervisorError> {
        let key = ProcessKey::from(id.clone());
        let cgroups = self.0.entries().get(&key).map(|entry| entry.launched.cgroups.clone());
        cgroups.ok_or(SupervisorError::NotFound(key))
    }

    async fn runtime_does<T: Send + 'static>(
        &self,
        id: &Id,
        work: impl FnOnce(&dyn Runtime, &Id) -> Result<T, RuntimeFailure> + Send + 'static,
    ) -> Result<T, SupervisorError> {
        let (inner, id) = (Arc::clone(&self.0), id.clone());
        blocking(move || Ok(work(&*inner.runtime, &id)?)).await
    }

    /// Asks a shim for something that is done or refused.
    async fn ask(&self, key: &ProcessKey, request: &Request) -> Result<(), SupervisorError> {
        let failed = |error| self.0.unreachable(key, error);
        let mut connection = Connection::open(&self.0.directory(key)).await.map_err(failed)?;
        match connection.ask(request).await.map_err(failed)? {
            Reply::Done => Ok(()),
            other => Err(self.0.unexpected(key, &other)),
        }
    }
}
