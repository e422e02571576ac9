//! Layers as indexes: what is in an image and where it came from.
//!
//! - [`read_layer`] reads an uncompressed tar once, hands each entry to a [`Sink`] and gives a [`LayerIndex`].
//! - A [`LayerIndex`] is a sorted list of a layer's entries, with one binary encoding for caches and browsers.
//! - A [`Stack`] is the indexes of an image. [`Union`] is what a container would see of it, with the ghosts of what
//!   is hidden, [`blame`] the story of a path, [`waste`](waste()) what is shipped in vain, [`compare`] how two images
//!   differ. [`squash`], [`without`] and [`overridden`] say what surgery on the layers would do.
//!
//! Everything is pure and takes archives and encodings as hostile. Nothing here touches a file system.

mod blame;
mod compare;
mod entry;
mod index;
mod limits;
mod path;
mod read;
mod stack;
mod surgery;
mod tar;
#[cfg(test)]
mod testing;
mod union;
mod waste;

pub use blame::{Deed, Deletion, Touch, blame};
pub use compare::{Difference, Place, compare};
pub use entry::{Device, Entry, Kind, Segment, Timestamp, Xattr};
pub use index::{DecodeError, EntryId, EntryRef, LayerBuilder, LayerIndex, Totals};
pub use limits::Limits;
pub use path::{Escaped, LayerPath, MAX_COMPONENT, MAX_PATH, PathError};
pub use read::{Problem, ReadError, Refusal, Sink, read_layer};
pub use stack::{LayerSet, Stack};
pub use surgery::{Dependent, Need, Overridden, Override, Row, Without, overridden, squash, without};
pub use union::{Change, Node, NodeId, Union};
pub use waste::{Copies, CopyUp, Waste, WastedPath, copy_ups, duplicates, waste};
