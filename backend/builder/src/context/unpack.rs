//! From an archive to a directory.

use std::{
    io::{BufReader, Read},
    path::Path,
};

use strata_layers::{ArchiveError, ExtractOptions, decompressed, extract};

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

/// How archives of a build may be packed. gzip inflates zeros 1,032 times: clients may have files of nothing else.
pub(crate) fn packing() -> strata_layers::Limits {
    strata_layers::Limits { ratio: 1100, ..strata_layers::Limits::default() }
}

/// Unpacks a tar, plain or compressed by gzip, bzip2, xz or zstd, into a directory.
pub(super) fn unpack(input: impl Read + Send, into: &Path, limits: UnpackLimits) -> Result<(), Error> {
    let refused = |why: String| Error::invalid(format!("Error processing tar file: {why}"));
    let packed = BufReader::with_capacity(256 << 10, input);
    let decoded = decompressed(packed, &packing());
    let decoded = decoded.map_err(|error| refused(error.to_string()))?;
    let limits = strata_layer::Limits {
        entries: limits.entries,
        unpacked: limits.bytes,
        ..strata_layer::Limits::default()
    };
    // An ordinary user can't give files away; what it copies from a context is root's in any case.
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    let owner = (!user.is_root()).then(|| (user.as_raw(), group.as_raw()));
    let options = ExtractOptions { no_devices: true, owner, limits, ..ExtractOptions::default() };
    extract(into, b"/", decoded, &options).map_err(|error| match error {
        ArchiveError::Root { .. } | ArchiveError::Capture(_) => {
            Error::internal("cannot unpack the context", &error)
        }
        error if error.is_disk_full() => {
            Error::new(Kind::Internal, format!("cannot unpack the context: {}", chain(&error)))
        }
        error => refused(chain(&error)),
    })
}
