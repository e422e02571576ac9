//! What instructions do to a config, with variables replaced: the part of a build that needs no files.
//!
//! The builder and the forecast both go through a file with this, so that they see the same texts.

mod arguments;
mod configure;
pub mod golang;
mod ports;
mod stage;

pub use arguments::{Arguments, Globals, PROXIES};
pub use configure::{Configured, Scope, command_line, configure, directory, shell};
pub use ports::exposed;
pub use stage::{Copied, StageState, Step};

use crate::{MountError, expand::ExpandError};

/// Why an instruction can't be applied, in dockerd's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// A substitution.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// A mount of a RUN.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// A VOLUME whose variables are empty.
    #[error("VOLUME specified can not be an empty string")]
    EmptyVolume,
    /// A port of EXPOSE.
    #[error("{0}")]
    Port(String),
}
