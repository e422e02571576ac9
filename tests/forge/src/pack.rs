//! Tar to blob: compression, digest and diff id in one pass.

use std::{
    io::{self, Write},
    sync::Arc,
};

use flate2::{Compression as Level, GzBuilder, write::GzEncoder};
use strata_oci::{Algorithm, DiffId, Digest, Hasher};

use crate::{Form, Layer};

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Plain tar.
    None,
    /// gzip at a level from 0 to 9.
    Gzip(u32),
    /// zstd at a level from 1 to 22.
    Zstd(i32),
}

impl Compression {
    /// The media type of a layer so compressed. Docker has none for zstd; the one in use is OCI's.
    pub fn layer_media_type(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::None, Form::Docker) => "application/vnd.docker.image.rootfs.diff.tar",
            (Self::Gzip(_), Form::Docker) => "application/vnd.docker.image.rootfs.diff.tar.gzip",
            (Self::None, Form::Oci) => "application/vnd.oci.image.layer.v1.tar",
            (Self::Gzip(_), Form::Oci) => "application/vnd.oci.image.layer.v1.tar+gzip",
            (Self::Zstd(_), _) => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// What a layer is made of: writes its tar to the given sink, the same each time.
pub(crate) type Source = Arc<dyn Fn(&mut dyn Write) -> io::Result<()> + Send + Sync>;

impl From<Layer> for Source {
    fn from(layer: Layer) -> Self {
        Arc::new(move |out| layer.write(out))
    }
}

/// The measures of a packed layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Digest of the tar.
    pub diff_id: DiffId,
    /// Digest of the blob.
    pub digest: Digest,
    /// Bytes of the blob.
    pub size: u64,
    /// Bytes of the tar.
    pub tar_size: u64,
}

/// Runs `source`, compresses what it writes into `out`, and measures both.
pub fn pack(
    source: &dyn Fn(&mut dyn Write) -> io::Result<()>,
    compression: Compression,
    out: &mut dyn Write,
) -> io::Result<Packed> {
    let blob = Measured::new(out);
    let (tar, blob) = match compression {
        Compression::None => {
            let mut tar = Measured::new(blob);
            source(&mut tar)?;
            (tar.measure(), tar.out)
        }
        Compression::Gzip(level) => {
            let mut tar = Measured::new(gzip(blob, level));
            source(&mut tar)?;
            (tar.measure(), tar.out.finish()?)
        }
        Compression::Zstd(level) => {
            let mut tar = Measured::new(zstd::Encoder::new(blob, level)?);
            source(&mut tar)?;
            (tar.measure(), tar.out.finish()?)
        }
    };
    let (digest, size) = blob.measure();
    Ok(Packed { diff_id: DiffId(tar.0), digest, size, tar_size: tar.1 })
}

/// Compresses bytes: several calls joined make a gzip of several members or a zstd of several frames.
pub fn compress(bytes: &[u8], compression: Compression) -> Vec<u8> {
    let mut out = Vec::new();
    pack(&|sink| sink.write_all(bytes), compression, &mut out).expect("memory takes every write");
    out
}

/// A gzip encoder whose header names no time and no system.
fn gzip<W: Write>(out: W, level: u32) -> GzEncoder<W> {
    GzBuilder::new().mtime(0).operating_system(255).write(out, Level::new(level))
}

/// Counts and hashes what passes.
struct Measured<W> {
    out: W,
    hasher: Hasher,
    size: u64,
}

impl<W: Write> Measured<W> {
    fn new(out: W) -> Self {
        Self { out, hasher: Hasher::new(Algorithm::Sha256), size: 0 }
    }

    fn measure(&self) -> (Digest, u64) {
        (self.hasher.clone().finish(), self.size)
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
