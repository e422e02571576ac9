//! Processes in containers: the OCI runtime that makes them, the shim that outlives the server, streams and logs.
//!
//! A [`Supervisor`] has one small process for each container and each exec, the shim ([`shim_main`]): it is the parent
//! of the process, has its pipes or its terminal, logs what it writes, serves those who attach, and records how it ended.
//! The server may be killed and started again at any time: [`Supervisor::reconnect`] finds what runs and what ended.
//!
//! A container's way:
//!
//! 1. [`Supervisor::create`]: the runtime makes namespaces, mounts and cgroups from the bundle. The process waits; its
//!    [`Process::pid`] is how the caller sets its network up (`/proc/<pid>/ns/net`).
//! 2. [`Supervisor::attach`] by those who must not miss a byte.
//! 3. [`Supervisor::start`]: the program runs.
//! 4. [`Supervisor::wait`] tells the [`Exit`]. The shim has logged and delivered everything by then, and removes the
//!    runtime's state and the cgroups on its own.
//! 5. [`Supervisor::create`] again with the same id goes on with the same log (a restart), or
//!    [`Supervisor::remove`] removes everything.
//!
//! [`Supervisor::exec`] runs a further process; with [`ProcessKey::exec`] the same operations apply to it.
//! Dropping an [`Attached`] detaches; it never ends the process.

mod cgroup;
mod detach;
mod error;
mod exit;
mod id;
mod log;
mod options;
mod process;
mod record;
mod runtime;
mod shim;
mod supervisor;
mod sys;
mod wire;

pub use cgroup::{BlockDevice, Cpu, Interface, Memory, Pids, Stats};
pub use detach::{DetachKeys, DetachKeysError, Typed};
pub use error::SupervisorError;
pub use exit::{Exit, Time};
pub use id::{Id, IdError, ProcessKey};
pub use log::{LogError, LogLine, LogLines, LogOptions, LogQuery, Stream};
pub use options::{CreateProcess, ExecProcess, ShimCommand, Stdin, SupervisorOptions, WindowSize};
pub use process::Process;
pub use runtime::{
    Files, ProbeError, ProcessIo, Runtime, RuntimeFailure, RuntimeKind, RuntimeProblem, RuntimeProgram,
    RuntimeState, RuntimeStatus, RuntimeVersion,
};
pub use shim::shim_main;
pub use supervisor::{
    AttachInput, AttachOutput, Attached, Known, KnownState, Output, ProcessEvent, Supervisor,
};
pub use wire::Streams;
