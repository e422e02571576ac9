//! Content by digest: the bytes of manifests, configs and layers as they came from outside.
//!
//! A blob's way: [`BlobStore::ingest`] gives a writer, which hashes while the bytes are written to a temporary
//! file and refuses the first byte too many. Then either
//!
//! - [`BlobWriter::commit`]: check size and digest → fsync → rename → fsync the directory. Durable and visible; or
//! - [`BlobWriter::stage`]: check only. Many staged blobs share one [`BlobStore::flush`] (a `syncfs`), and each is
//!   then made visible by [`StagedBlob::publish`]; a last [`BlobStore::settle`] makes the names durable. An image of
//!   a hundred layers is thus stored with two waits for the disk instead of two hundred.
//!
//! A writer or staged blob that is dropped leaves nothing. A blob that is visible is whole, also after a power cut;
//! storing one twice is not an error, the second copy replaces the first.
//!
//! ```
//! use std::io::Write as _;
//! use strata_blobs::{BlobStore, BlobWriter, DiskBlobs};
//! use strata_oci::Digest;
//! # let dir = tempfile::tempdir()?;
//! let blobs = DiskBlobs::open(&dir.path().join("blobs"))?;
//! let digest = Digest::of(b"hello");
//! let mut writer = blobs.ingest(&digest, Some(5))?;
//! writer.write_all(b"hello")?;
//! writer.commit()?;
//! assert_eq!(blobs.size(&digest)?, Some(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod disk;
mod error;
mod file_system;
mod store;
mod upload;
mod writer;

pub use disk::DiskBlobs;
pub use error::BlobError;
pub use file_system::FileSystem;
pub use store::{BlobStore, BlobWriter, StagedBlob, Swept};
pub use upload::Upload;
pub use writer::{DiskStaged, DiskWriter};
