//! The way back: from what a container wrote to a layer, and single trees in and out of a container.
//!
//! A container's file system is [`Written`]: a directory that takes the changes, the layers below it, and how marks
//! are spelled in them. [`changes`] tells what is different as `docker diff` does, [`capture`] makes a layer of it.
//! Both look at the writable directory and, for each path in it, at the same path below: what they cost has nothing
//! to do with the size of the image.
//!
//! [`archive`], [`locate`], [`open_inside`] and [`extract`] are for `docker cp` and `docker export`: they take the merged tree as a
//! container sees it, which may be hostile and may change while they work. Paths are resolved by the kernel with
//! `RESOLVE_IN_ROOT`: symlinks mean what they mean inside, and nothing leads outside.

mod archive;
mod archive_error;
mod below;
mod changes;
mod difference;
mod error;
mod extract;
mod follow;
mod inside;
mod layer;
pub(crate) mod marks;
mod owners;
mod pack;
mod scan;
pub(crate) mod tar;
mod tree;
mod usage;
mod xattrs;

use std::path::{Path, PathBuf};

pub use archive::{Archived, archive};
pub use archive_error::ArchiveError;
pub use below::{Below, Found};
pub use changes::{Change, ChangeKind, changes};
pub use difference::difference;
pub use error::CaptureError;
pub use extract::{ExtractOptions, extract, fill};
pub use follow::{Followed, follow, make_directories};
pub use inside::{Located, locate, open_inside};
pub use layer::{Captured, capture};
pub use marks::{Mark, Marks};
pub use owners::given;
pub use scan::{Item, scan};
pub use tar::{directory_header, file_header};
pub use tree::{Place, Tree, join};
pub use usage::{Usage, usage};
pub use xattrs::{copy_metadata, xattrs};

/// A file system that was written to: its writable directory and what lies below.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The writable directory; for [`Marks::Copy`] the whole tree.
    pub upper: &'a Path,
    /// The layers' directories, bottom first.
    pub lowers: &'a [PathBuf],
    /// How marks are spelled in all of them.
    pub marks: Marks,
}
