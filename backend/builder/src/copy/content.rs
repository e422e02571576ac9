//! What of files counts for the cache: their types, modes, owners, sizes and contents, but no times.

use std::{fs::File, io::Read as _, os::fd::OwnedFd, path::Path};

use rustix::fs::{FileType, Mode, OFlags, Stat, openat, readlinkat};
use strata_dockerfile::{
    context::{Entry, Kind, Listing},
    ignore::Ignore,
};
use strata_layer::LayerPath;
use strata_layers::{Marks, Tree, scan};
use strata_oci::{Algorithm, Digest, Hasher};

use super::Found;
use crate::{
    Error,
    context::{Item, Origin, Packed, Spot},
    error::chain,
};

/// Everything in a context. All of it belongs to root, to whom a copy gives it.
pub(crate) fn listing(origin: &Origin) -> Result<Listing, Error> {
    let mut entries = Vec::new();
    match origin {
        Origin::Directory(root) => directory(root, b"", b"", false, &mut entries)?,
        Origin::Packed(packed) => {
            entries.extend(packed.items().iter().map(|item| entry_of(item, item.path.as_bytes())));
        }
    }
    Ok(Listing::new(entries, &Ignore::default()))
}

/// Adds something of a context that is still an archive, named from `shown` on.
pub(super) fn packed(
    packed: &Packed,
    found: &Found,
    shown: &[u8],
    entries: &mut Vec<Entry>,
) -> Result<(), Error> {
    let place = LayerPath::parse(&found.place).map_err(|error| Error::invalid(error.to_string()))?;
    if found.directory {
        let depth = place.components().count();
        entries.extend(packed.below(&place).iter().map(|item| {
            let inside: Vec<&[u8]> = item.path.components().skip(depth).collect();
            entry_of(item, &[shown, &inside.join(&b'/')].join(&b'/'))
        }));
    } else if let Spot::Here(item) = packed.find(&found.place) {
        entries.push(entry_of(item, shown));
    }
    Ok(())
}

fn entry_of(item: &Item, shown: &[u8]) -> Entry {
    let (kind, mode, content) = match item.kind {
        strata_layer::Kind::Directory => (Kind::Directory, item.mode, String::new()),
        strata_layer::Kind::Symlink => (Kind::Link, 0o777, text(&item.link)),
        _ => (Kind::File, item.mode, item.digest.as_ref().map(Digest::to_string).unwrap_or_default()),
    };
    Entry { path: text(shown), kind, mode: u32::from(mode), owner: (0, 0), size: item.size, content }
}

/// Adds everything in a directory of a tree, named from `shown` on.
pub(super) fn directory(
    root: &Path,
    path: &[u8],
    shown: &[u8],
    owners: bool,
    entries: &mut Vec<Entry>,
) -> Result<(), Error> {
    let fail = |error: &dyn std::error::Error| Error::internal("cannot read what is to be copied", error);
    let tree = Tree::open(root).map_err(|error| fail(&error))?;
    let from = LayerPath::parse(path).map_err(|error| Error::invalid(error.to_string()))?;
    let mut failure = None;
    let scanned = scan(&tree, Marks::Copy, &from, false, &mut |item| {
        let inside = item.path.as_bytes().strip_prefix(path).unwrap_or(item.path.as_bytes());
        let inside = inside.strip_prefix(b"/").unwrap_or(inside);
        let name = if shown.is_empty() { inside.to_vec() } else { [shown, b"/", inside].concat() };
        match entry(item.folder, item.name, &item.stat, &name, owners) {
            Ok(entry) => entries.push(entry),
            Err(error) => failure = Some(error),
        }
        Ok(failure.is_none())
    });
    scanned.map_err(|error| fail(&error))?;
    match failure {
        None => Ok(()),
        Some(error) => Err(fail(&error)),
    }
}

/// One file, which is no directory, under the name `shown`.
pub(super) fn file(root: &Path, path: &[u8], shown: &[u8], owners: bool) -> Result<Entry, Error> {
    let parsed = LayerPath::parse(path).map_err(|error| Error::invalid(error.to_string()))?;
    let read = || -> Result<Entry, std::io::Error> {
        let tree = Tree::open(root).map_err(|error| std::io::Error::other(chain(&error)))?;
        let place = tree.place(&parsed)?;
        let stat = place.stat()?.ok_or(std::io::ErrorKind::NotFound)?;
        entry(&place.folder, &place.name, &stat, shown, owners)
    };
    read().map_err(|error| Error::internal("cannot read what is to be copied", &error))
}

fn entry(folder: &OwnedFd, name: &[u8], stat: &Stat, shown: &[u8], owners: bool) -> std::io::Result<Entry> {
    let file_type = FileType::from_raw_mode(stat.st_mode);
    let (kind, content) = match file_type {
        FileType::Directory => (Kind::Directory, String::new()),
        FileType::Symlink => (Kind::Link, text(readlinkat(folder, name, Vec::new())?.as_bytes())),
        FileType::RegularFile => (Kind::File, digest(folder, name)?.to_string()),
        other => (Kind::File, format!("{other:?} {}", stat.st_rdev)),
    };
    let regular = file_type == FileType::RegularFile;
    Ok(Entry {
        path: text(shown),
        kind,
        mode: stat.st_mode & 0o7777,
        owner: if owners { (stat.st_uid, stat.st_gid) } else { (0, 0) },
        size: if regular { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 },
        content,
    })
}

/// The digest of what is in a file.
fn digest(folder: &OwnedFd, name: &[u8]) -> std::io::Result<Digest> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(openat(folder, name, flags, Mode::empty())?);
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// Bytes as text; what isn't UTF-8 is spelled so that different names stay different.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}
