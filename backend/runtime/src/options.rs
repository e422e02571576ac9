//! What a process is made with.

use std::{ffi::OsString, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Id, LogOptions, ProcessKey, SupervisorError};

/// Where a supervisor keeps things, and what it runs.
#[derive(Clone, Debug)]
pub struct SupervisorOptions {
    /// Its directory: one for each container, with record, log and socket. Durable.
    pub directory: PathBuf,
    /// The runtime's state: best on a tmpfs, unique to this data directory.
    pub runtime_root: PathBuf,
    /// The runtime: a name that is looked up in `PATH`, or a path.
    pub runtime: PathBuf,
    /// How to become a shim.
    pub shim: ShimCommand,
}

impl SupervisorOptions {
    /// The same wherever one is: shims work in directories of their own.
    pub(crate) fn absolute(self) -> Result<Self, SupervisorError> {
        let absolute =
            |path: PathBuf| std::path::absolute(&path).map_err(SupervisorError::io("locate", &path));
        // A name without a slash is looked up in PATH.
        let program = |path: PathBuf| if path.components().count() > 1 { absolute(path) } else { Ok(path) };
        Ok(Self {
            directory: absolute(self.directory)?,
            runtime_root: absolute(self.runtime_root)?,
            runtime: program(self.runtime)?,
            shim: ShimCommand { program: program(self.shim.program)?, ..self.shim },
        })
    }
}

/// The program, and its first arguments, that calls [`crate::shim_main`].
#[derive(Clone, Debug)]
pub struct ShimCommand {
    /// The program.
    pub program: PathBuf,
    /// What comes before the shim's own arguments.
    pub arguments: Vec<OsString>,
}

impl Default for ShimCommand {
    /// `/proc/self/exe shim`.
    fn default() -> Self {
        Self { program: "/proc/self/exe".into(), arguments: vec!["shim".into()] }
    }
}

/// What becomes of a process's standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stdin {
    /// `/dev/null`; a terminal takes no input. Docker's `OpenStdin: false`.
    #[default]
    Closed,
    /// Open as long as the process lives, whoever comes and goes. `OpenStdin` without `StdinOnce`.
    Open,
    /// Closed when the first client that sends input ends it or leaves, unless it is a terminal. `StdinOnce`, and execs.
    Once,
}

/// A container to make.
#[derive(Clone, Debug)]
pub struct CreateProcess {
    /// Its name here and in the runtime.
    pub id: Id,
    /// The directory with `config.json`. Its `process.terminal` must be `tty`.
    pub bundle: PathBuf,
    /// Whether the process gets a terminal.
    pub tty: bool,
    /// Its standard input.
    pub stdin: Stdin,
    /// Where its output is logged; none: nowhere (docker's driver `none`). See [`crate::Supervisor::log_path`].
    pub log: Option<LogOptions>,
    /// Whether log and exit are to outlive a crash of the machine, and not only of the server.
    pub durable: bool,
}

/// A process to run in a running container.
#[derive(Clone, Debug)]
pub struct ExecProcess {
    /// The container, and the new process's name; both are needed.
    pub container: Id,
    /// Its name.
    pub exec: Id,
    /// The specification's `Process` (args, env, cwd, user, capabilities, …). Its `terminal` is set to `tty`.
    pub process: serde_json::Value,
    /// Whether it gets a terminal.
    pub tty: bool,
    /// Its standard input: [`Stdin::Once`] or [`Stdin::Closed`].
    pub stdin: Stdin,
}

impl ExecProcess {
    /// The process's key.
    pub fn key(&self) -> ProcessKey {
        ProcessKey::exec(self.container.clone(), self.exec.clone())
    }
}

/// A terminal's size in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Lines.
    pub rows: u16,
    /// Characters in each.
    pub columns: u16,
}
