//! What a build may copy from: files that a client sent, or that were fetched for it.
//!
//! A context is a directory of its own below the data directory, gone when the build ends. Archives are hostile: they are
//! unpacked through open directories, and nothing in them can lead out.

mod files;
mod git;
mod unpack;

pub use files::{Context, ContextRoom};
pub use git::{GitAddress, GitError, GitPolicy, clone};
pub use unpack::UnpackLimits;
pub(crate) use unpack::packing;
