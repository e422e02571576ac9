//! What a build may copy from: files that a client sent, or that were fetched for it.
//!
//! A context is an archive as it came, or a directory of its own below the data directory; it is gone when the build ends.
//! Archives are hostile: they are unpacked through open directories, and nothing in them can lead out.

mod archive;
mod files;
mod git;
mod packed;
mod unpack;

pub(crate) use files::Origin;
pub use files::{Context, ContextRoom};
pub use git::{GitAddress, GitError, GitPolicy, clone};
pub(crate) use packed::{Item, Packed, Spot};
pub use unpack::UnpackLimits;
pub(crate) use unpack::decode;
