//! What is in a context: one entry for everything, with digests that are computed once.

use std::{collections::HashMap, io::Read as _};

use rustix::fs::{AtFlags, Dir, FileType, Stat, readlinkat, statat};
use strata_api::{path, workshop::FileEntry};
use strata_layer::LayerPath;
use strata_oci::{Algorithm, Digest, Hasher};

use super::context::Context;
use crate::{Error, Kind};

/// Something in a context.
pub(super) struct Found {
    pub(super) path: LayerPath,
    pub(super) stat: Stat,
}

impl Found {
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    fn is_directory(&self) -> bool {
        self.kind() == FileType::Directory
    }
}

/// Everything in a context but its root, directories before what is in them, sorted by the bytes of their paths.
pub(super) fn walk(context: &Context) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut pending = vec![LayerPath::root()];
    while let Some(directory) = pending.pop() {
        let fail = |error: rustix::io::Errno| {
            Error::new(Kind::Internal, format!("cannot list {directory} of the context: {error}"))
        };
        let folder = context.folder(&directory).map_err(fail)?;
        for entry in Dir::read_from(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let stat = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(fail)?;
            let path = strata_layers::join(&directory, name).map_err(Error::internal)?;
            let one = Found { path, stat };
            if one.is_directory() {
                pending.push(one.path.clone());
            }
            found.push(one);
        }
    }
    found.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    Ok(found)
}

/// Files, directories and links, and bytes of files.
pub(super) fn totals(found: &[Found]) -> (u64, u64) {
    let file = |one: &&Found| one.kind() == FileType::RegularFile;
    (found.len() as u64, found.iter().filter(file).map(|one| size(&one.stat)).sum())
}

/// Digests of files, by what tells that a file is still the same. Files are never written in place, so a number and time
/// of change can't stay when the content doesn't.
#[derive(Default)]
pub(super) struct Digests {
    known: HashMap<Version, Digest>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Version {
    inode: u64,
    size: i64,
    mtime: (i64, u64),
    ctime: (i64, u64),
}

impl Version {
    fn of(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino,
            size: stat.st_size,
            mtime: (stat.st_mtime, stat.st_mtime_nsec),
            ctime: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

impl Digests {
    /// The digest of a file of a context.
    pub(super) fn of(&mut self, context: &Context, path: &LayerPath, stat: &Stat) -> Result<Digest, Error> {
        let version = Version::of(stat);
        if let Some(digest) = self.known.get(&version) {
            return Ok(digest.clone());
        }
        let mut file = context.file(path)?;
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut buffer = vec![0; 128 << 10];
        loop {
            let length = file.read(&mut buffer).map_err(|error| {
                Error::new(Kind::Internal, format!("cannot read {path} of the context: {error}"))
            })?;
            if length == 0 {
                break;
            }
            hasher.update(&buffer[..length]);
        }
        let digest = hasher.finish();
        self.known.insert(version, digest.clone());
        Ok(digest)
    }

    /// A file got another name, which changed only its time of change.
    pub(super) fn renew(&mut self, before: &Stat, after: &Stat) {
        if let Some(digest) = self.known.remove(&Version::of(before)) {
            self.known.insert(Version::of(after), digest);
        }
    }

    /// Forgets files that are gone.
    fn keep(&mut self, found: &[Found]) {
        if self.known.len() > 2 * found.len() + 64 {
            let here: std::collections::HashSet<Version> =
                found.iter().map(|one| Version::of(&one.stat)).collect();
            self.known.retain(|version, _| here.contains(version));
        }
    }
}

/// Everything in a context as the page is told.
pub(super) fn list(context: &Context, digests: &mut Digests) -> Result<Vec<FileEntry>, Error> {
    let found = walk(context)?;
    digests.keep(&found);
    found.iter().map(|one| entry(context, one, digests)).collect()
}

/// One thing in a context as the page is told.
pub(super) fn entry(context: &Context, found: &Found, digests: &mut Digests) -> Result<FileEntry, Error> {
    let Found { path, stat } = found;
    let (kind, digest, target) = match found.kind() {
        FileType::RegularFile => ('f', Some(digests.of(context, path, stat)?), None),
        FileType::Symlink => ('l', None, Some(target(context, path)?)),
        _ => ('d', None, None),
    };
    // An ordinary user owns everything that it keeps; for docker such a file is root's.
    let own = |id: u32| if rustix::process::geteuid().is_root() { id } else { 0 };
    Ok(FileEntry {
        path: path::encode(path.as_bytes()),
        kind,
        mode: stat.st_mode & 0o7777,
        uid: own(stat.st_uid),
        gid: own(stat.st_gid),
        size: if kind == 'f' { size(stat) } else { 0 },
        digest,
        target,
    })
}

fn target(context: &Context, link: &LayerPath) -> Result<String, Error> {
    let fail = |error: rustix::io::Errno| {
        Error::new(Kind::Internal, format!("cannot read the link {link} of the context: {error}"))
    };
    let folder = context.folder(&link.parent().unwrap_or_default()).map_err(fail)?;
    let target = readlinkat(&folder, link.name().unwrap_or_default(), Vec::new()).map_err(fail)?;
    Ok(path::encode(target.as_bytes()))
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}
