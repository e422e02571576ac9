//! Layers as directories: from the compressed bytes of a registry to a directory that overlay can mount, and back to
//! single files of it.
//!
//! A layer's way is one pass, [`Layers::intake`]: the blob's bytes are hashed and stored, decompressed, hashed again
//! for the diff id, parsed into the layer's index and applied to a temporary directory while they arrive. The result
//! is [`Staged`]: checked, not durable, not visible, gone when dropped. When all of an image's layers are staged,
//! [`Layers::publish`] waits for the disk once (`syncfs`), gives everything its place and waits for the names.
//! Only then may the catalog say that the image is there.
//!
//! ```text
//! <root>/<diff_id hex>/fs       the tree: an overlay lower directory
//! <root>/<diff_id hex>/index    its LayerIndex, with a checksum
//! <root>/<diff_id hex>/recipe   what its tar has besides the files' contents, if the layer came without a blob
//! <root>/tmp/<number>           being taken in or removed; emptied when the layers are opened
//! ```
//!
//! In the tree a whiteout is a character device 0:0 and an opaque directory has `trusted.overlay.opaque`; where the
//! process may not set that, `user.overlay.opaque` (mount with `userxattr`). What an ordinary user may not make,
//! owners and devices, is in the index only; files and directories are then readable and writable for their owner, so
//! that we can show and remove them. See [`Powers`].
//!
//! [`Layers::write_tar`] gives the tar of a layer without a blob, byte for byte; [`Layers::compose`] makes the tar of a new layer
//! from what stored ones have.
//! [`Layers::read_index`] and [`Layers::read_file`] look into a layer's blob without taking it in, and an [`IndexShelf`] keeps such
//! indexes.
//! The other way round, [`capture()`] makes a layer of what a container wrote, [`changes()`] lists it, and [`archive()`] and
//! [`extract()`] copy single trees out of a container and into it.
//!
//! No path of an archive is ever given to the kernel as a whole: the tree is walked component by component from the
//! directory's own descriptor, and symlinks are never followed, so an archive cannot reach anything else.

mod adopt;
mod apply;
mod capture;
mod compose;
mod decompress;
mod descent;
mod error;
mod folder;
mod index_file;
mod index_shelf;
mod intake;
mod limits;
mod open_file;
mod pipe;
mod powers;
mod publish;
mod recipe;
mod relay;
mod remove;
mod single_file;
mod source;
mod store;
mod walk;
mod watch;
mod write_back;

pub use adopt::{AdoptError, StagedLayer};
pub use apply::ApplyError;
pub use capture::{
    ArchiveError, Archived, Below, CaptureError, Captured, Change, ChangeKind, ExtractOptions, Followed,
    Found, Item, Located, Mark, Marks, Place, Tree, Usage, Written, archive, capture, changes, copy_metadata,
    difference, directory_header, extract, file_header, fill, follow, given, join, locate, make_directories,
    open_inside, scan, usage, xattrs,
};
pub use compose::ComposeError;
pub use decompress::{CompressionError, Packing, decompressed};
pub use error::{IndexError, LayersError, OpenFileError};
pub use index_shelf::IndexShelf;
pub use intake::{Expected, IntakeError, Staged, Taken};
pub use limits::Limits;
pub use pipe::{PipeClosed, PipeReceiver, PipeSender, pipe};
pub use powers::Powers;
pub use publish::{Placed, PublishError};
pub use recipe::RecipeError;
pub use remove::{Doomed, remove_tree};
pub use single_file::{SingleFileError, WantedFile, read_run};
pub use source::{FromRead, Source};
pub use store::Layers;
pub use watch::Watch;
pub use write_back::Busy;
