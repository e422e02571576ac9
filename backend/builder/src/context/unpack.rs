//! From an archive to a directory.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use strata_layers::{ArchiveError, ExtractOptions, decompressed, extract};

use super::packed::Received;
use crate::{Error, Kind, error::chain};

/// How much a context may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Files, directories and links.
    pub entries: usize,
    /// Bytes of files.
    pub bytes: u64,
}

impl Default for UnpackLimits {
    /// A million things of 64 GiB.
    fn default() -> Self {
        Self { entries: 1_000_000, bytes: 64 << 30 }
    }
}

/// What is in `input`, out of its compression. A stream that inflates like a bomb fails; gzip inflates zeros 1,032 times,
/// and clients may have files of nothing else.
pub(crate) fn decode<'a>(input: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    decompressed(input, &strata_layers::Limits { ratio: 1100, ..strata_layers::Limits::default() })
}

impl UnpackLimits {
    fn of_layer(self) -> strata_layer::Limits {
        strata_layer::Limits {
            entries: self.entries,
            unpacked: self.bytes,
            ..strata_layer::Limits::default()
        }
    }
}

/// Receives a tar, plain or compressed by gzip, bzip2, xz or zstd. It goes through a file at `path` if it is large.
pub(super) fn receive(input: impl Read + Send, path: &Path, limits: UnpackLimits) -> Result<Received, Error> {
    super::packed::receive(input, path, &limits.of_layer()).map_err(failed)
}

/// Unpacks a tar, plain or compressed by gzip, bzip2, xz or zstd, into a directory.
pub(super) fn unpack(input: impl Read + Send, into: &Path, limits: UnpackLimits) -> Result<(), Error> {
    let decoded = decode(BufReader::with_capacity(256 << 10, input)).map_err(ArchiveError::Input);
    // An ordinary user can't give files away; what it copies from a context is root's in any case.
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let owner = (!user.is_root()).then(|| (user.as_raw(), group.as_raw()));
    let options =
        ExtractOptions { no_devices: true, owner, limits: limits.of_layer(), ..ExtractOptions::default() };
    decoded.and_then(|decoded| extract(into, b"/", decoded, &options)).map_err(failed)
}

fn failed(error: ArchiveError) -> Error {
    match error {
        ArchiveError::Root { .. } | ArchiveError::Capture(_) => {
            Error::internal("cannot unpack the context", &error)
        }
        error if error.is_disk_full() => {
            Error::new(Kind::Internal, format!("cannot unpack the context: {}", chain(&error)))
        }
        error => Error::invalid(format!("Error processing tar file: {}", chain(&error))),
    }
}
