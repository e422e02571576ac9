//! What the supervisor can fail at.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{
    ProcessKey,
    log::LogError,
    runtime::{ProbeError, RuntimeFailure},
};

/// A failed operation on a supervised process.
#[derive(Debug, Error)]
pub enum SupervisorError {
    /// There is no usable runtime.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The runtime, or the kernel through it, refused. [`RuntimeFailure::exit_code`] and its message are what a client gets.
    #[error(transparent)]
    Runtime(#[from] RuntimeFailure),
    /// No such process was ever made, or it was removed.
    #[error("{0} is not supervised here")]
    NotFound(ProcessKey),
    /// The process has ended.
    #[error("{0} is not running")]
    NotRunning(ProcessKey),
    /// A process of this name still runs.
    #[error("{0} still runs")]
    Running(ProcessKey),
    /// The shim could not be started, or it died.
    #[error("the shim of {key} failed{}", if .log.is_empty() { String::new() } else { format!(": {}", .log) })]
    Shim {
        /// Whose shim.
        key: ProcessKey,
        /// What it wrote before it died.
        log: String,
        /// How it showed.
        source: io::Error,
    },
    /// The file system refused.
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// A log can't be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl SupervisorError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
