//! Layers and images made to order, for tests, the demo and the benchmarks.
//!
//! Everything here is deterministic: the same calls give the same bytes, hence the same digests. The tar writer
//! is our own, so that what it writes is no mirror of what the tar reader under test happens to accept, and so
//! that it can write what a decent library refuses to (hostile paths, lying headers).
//!
//! ```
//! use strata_forge::{Compression, Entry, Form, Image, Layer};
//!
//! let base = Layer::new().dir("etc").file("etc/motd", "hello").symlink("etc/issue", "motd");
//! let top = Layer::new().whiteout("etc/issue").with(Entry::file("etc/motd", "bye").mode(0o600).owner(1, 2));
//! let image = Image::new()
//!     .layer("COPY etc /etc", base)
//!     .layer("RUN rm /etc/issue", top)
//!     .row("CMD [\"sh\"]")
//!     .config(|config| config.cmd = Some(vec!["sh".into()]))
//!     .form(Form::Docker)
//!     .compression(Compression::Gzip(6))
//!     .build();
//! assert_eq!(image.layers.len(), 2);
//! assert_eq!(image.manifest.digest, strata_oci::Digest::of(&image.manifest.bytes));
//! ```
//!
//! A [`Built`] image holds its blobs in memory; [`Image::write_layout`] streams blobs of any size to disk instead.

mod entry;
mod header;
mod image;
mod large;
mod layer;
mod layout;
mod noise;
mod pack;
mod writer;

pub use entry::{Entry, Format, Kind, SparseForm};
pub use image::{Blob, Built, BuiltLayer, Form, Image};
pub use large::{Large, index_sample};
pub use layer::Layer;
pub use layout::{Layout, docker_archive};
pub use noise::{Noise, Texture};
pub use pack::{Compression, Packed, compress, pack};
pub use writer::TarWriter;

/// The modification time of entries that set none: 2023-11-14T22:13:20Z, seconds since 1970.
pub const MTIME: i64 = 1_700_000_000;

/// The creation time of images and history rows that set none.
pub const CREATED: &str = "2026-01-02T03:04:05Z";
