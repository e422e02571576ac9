//! The tar of a layer that has no blob, byte for byte, without keeping it.
//!
//! A layer made here, or loaded from a plain archive, exists as a directory. To save or push it the very tar is needed
//! again, or its diff id would change. So what the directory can't tell is kept while the layer is taken in: all
//! bytes of the tar but the contents of its files.
//!
//! ```text
//! file   = MAGIC SIZE zstd( *record end )      SIZE: bytes of the tar, 8 bytes little-endian
//! record = 0 LENGTH bytes                      LENGTH: 4 bytes little-endian
//!        / 1 SIZE LENGTH path                  the content of the layer's file at path: SIZE 8 bytes, LENGTH 2
//! end    = 2
//! ```
//!
//! Sparse files are kept whole in it. An archive that names a file twice gets none: the first content is gone.

mod record;
mod replay;

pub(crate) use record::{Noting, Recorder, Tap};
pub use replay::RecipeError;

/// Its name beside the layer's tree.
pub(crate) const NAME: &str = "recipe";

const MAGIC: [u8; 8] = *b"strtar\x00\x01";
const RAW: u8 = 0;
const FILE: u8 = 1;
const END: u8 = 2;
