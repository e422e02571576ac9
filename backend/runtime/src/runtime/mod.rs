//! The OCI runtime: what makes containers, and what it is asked to do.

mod cli;
mod failure;
mod probe;
mod runc;

use std::path::Path;

use rustix::fd::BorrowedFd;
use serde::{Deserialize, Serialize};

pub use cli::RuntimeProgram;
pub use failure::{RuntimeFailure, RuntimeProblem};
pub use probe::{ProbeError, RuntimeKind, RuntimeVersion};

use crate::Id;

/// A runtime that implements the OCI runtime specification's operations. Every call blocks until the runtime is done
/// (up to 60 ms each).
pub trait Runtime: Send + Sync {
    /// Makes a container whose first process waits for [`Runtime::start`], with the given streams. Returns its pid.
    ///
    /// # Errors
    /// When the runtime refuses; nothing is left of the container then.
    fn create(
        &self,
        container: &Id,
        bundle: &Path,
        files: &Files<'_>,
        io: ProcessIo,
    ) -> Result<i32, RuntimeFailure>;

    /// Lets the first process, of which `process` is a pidfd, run its program.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn start(&self, container: &Id, process: BorrowedFd<'_>) -> Result<(), RuntimeFailure>;

    /// Runs a further process, described by the file (`Process` of the specification, JSON). Returns its pid; the
    /// caller must be a child subreaper to see it end.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn exec(
        &self,
        container: &Id,
        process: &Path,
        files: &Files<'_>,
        io: ProcessIo,
    ) -> Result<i32, RuntimeFailure>;

    /// Signals the first process.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn kill(&self, container: &Id, signal: i32) -> Result<(), RuntimeFailure>;

    /// Kills what still runs and removes cgroups and state. One that doesn't exist is not an error.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn delete(&self, container: &Id) -> Result<(), RuntimeFailure>;

    /// As [`Runtime::delete`] of a container whose first process has ended, and that is alone in `cgroups`.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn delete_ended(&self, container: &Id, cgroups: &[&Path]) -> Result<(), RuntimeFailure>;

    /// Freezes every process.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn pause(&self, container: &Id) -> Result<(), RuntimeFailure>;

    /// Thaws them.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn resume(&self, container: &Id) -> Result<(), RuntimeFailure>;

    /// The pids, as we see them.
    ///
    /// # Errors
    /// When the runtime refuses.
    fn ps(&self, container: &Id) -> Result<Vec<i32>, RuntimeFailure>;

    /// Sets limits (`LinuxResources` of the specification, JSON); what is missing stays as it is.
    ///
    /// # Errors
    /// When the runtime or the kernel refuses.
    fn update(&self, container: &Id, resources: &serde_json::Value) -> Result<(), RuntimeFailure>;

    /// What the runtime thinks of the container.
    ///
    /// # Errors
    /// When it doesn't know it.
    fn state(&self, container: &Id) -> Result<RuntimeState, RuntimeFailure>;
}

/// Where a runtime may leave notes while it makes a process.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// An existing directory of the caller's own, absolute; the pid file and the runtime's log are written there and removed.
    pub directory: &'a Path,
    /// The listening socket that the pty is sent to, in a path short enough for a socket's address (107 bytes).
    pub console_socket: Option<&'a Path>,
}

/// What a new process gets as its streams.
#[derive(Debug)]
pub enum ProcessIo {
    /// A pty that the runtime makes and sends to [`Files::console_socket`].
    Terminal,
    /// These, in the order of their numbers.
    Streams(std::process::Stdio, std::process::Stdio, std::process::Stdio),
}

/// A container as the runtime sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RuntimeState {
    /// Its status.
    pub status: RuntimeStatus,
    /// The first process; 0 when it has ended.
    #[serde(default)]
    pub pid: i32,
}

/// The statuses of the OCI runtime specification, and runc's `paused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeStatus {
    /// Being made.
    Creating,
    /// Made, the program not yet started.
    Created,
    /// Running.
    Running,
    /// Frozen.
    Paused,
    /// Ended, not yet deleted.
    Stopped,
}
