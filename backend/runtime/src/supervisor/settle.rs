//! Waiting for shims to be done, and cleaning up after those that can't.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::Inner;
use crate::{
    Exit, Process, ProcessKey, SupervisorError, Time,
    record::{self, Lock},
    wire::Launched,
};

/// How long a shim that has told the exit may take to remove the runtime's state. A busy machine with a slow disk needs seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes a directory, and those above it, that nobody else may look into.
pub(super) fn make_private(directory: &Path) -> Result<(), SupervisorError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(SupervisorError::io("make", directory))
}

/// Waits until no shim has the directory.
pub(super) fn wait_for_shim(key: &ProcessKey, directory: &Path) -> Result<Lock, SupervisorError> {
    let begun = Instant::now();
    loop {
        if let Some(lock) = Lock::take(directory).map_err(SupervisorError::io("lock", directory))? {
            return Ok(lock);
        }
        if begun.elapsed() > PATIENCE {
            return Err(SupervisorError::Running(key.clone()));
        }
        thread::sleep(Duration::from_micros(500));
    }
}

/// Ends what a shim that was killed has left, and says how that counts: as killed if the process still ran (it can't do without its
/// pipes, and nobody would see it end), else as unknown.
pub(super) fn lost(inner: &Inner, key: &ProcessKey, launched: &Launched) -> Exit {
    let directory = inner.directory(key);
    if let Ok(Some(exit)) = record::read(&directory, record::EXIT) {
        return exit;
    }
    tracing::warn!(%key, "its shim is gone; ending it");
    let alive = launched.process.is_alive();
    if alive {
        kill(&launched.process);
    }
    if key.exec.is_none()
        && let Err(failure) = inner.runtime.delete(&key.container)
    {
        tracing::warn!(%key, %failure, "cannot delete it");
    }
    let exit = Exit {
        code: if alive { 137 } else { 255 },
        signal: alive.then_some(Signal::KILL.as_raw()),
        oom_killed: false,
        started_at: launched.started_at,
        finished_at: Time::now(),
        lost: true,
    };
    if let Err(error) = record::write(&directory, record::EXIT, &exit) {
        tracing::warn!(%key, %error, "cannot record how it ended");
    }
    exit
}

/// Kills this very process, or nothing.
fn kill(process: &Process) {
    let pidfd = Pid::from_raw(process.pid).map(|pid| pidfd_open(pid, PidfdFlags::empty()));
    if let Some(Ok(pidfd)) = pidfd
        && process.is_alive()
    {
        let _ = pidfd_send_signal(&pidfd, Signal::KILL);
    }
}

impl Inner {
    /// What it means that a shim can't be reached.
    pub(super) fn unreachable(&self, key: &ProcessKey, error: io::Error) -> SupervisorError {
        let directory = self.directory(key);
        if !super::connection::is_gone(&error) {
            return SupervisorError::Shim {
                key: key.clone(),
                log: super::shim_log(&directory),
                source: error,
            };
        }
        if self.entries().contains_key(key) || directory.join(record::PROCESS).exists() {
            SupervisorError::NotRunning(key.clone())
        } else {
            SupervisorError::NotFound(key.clone())
        }
    }

    /// A shim replied what it should not.
    pub(super) fn unexpected(&self, key: &ProcessKey, reply: &crate::wire::Reply) -> SupervisorError {
        match reply {
            crate::wire::Reply::Failed(failure) => failure.clone().into(),
            // The process ended while we asked.
            crate::wire::Reply::Exit(_) => SupervisorError::NotRunning(key.clone()),
            other => SupervisorError::Shim {
                key: key.clone(),
                log: String::new(),
                source: io::Error::new(io::ErrorKind::InvalidData, format!("it replied {other:?}")),
            },
        }
    }
}
