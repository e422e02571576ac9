//! Into the image's tree, by dockerd's rules.

use std::{
    io::{self, BufReader, Read},
    path::Path,
    thread,
};

use rustix::fs::{Gid, Uid};
use strata_layer::{LayerPath, Sink};
use strata_layers::{
    ArchiveError, ExtractOptions, archive, extract, fill, follow, given, locate, make_directories,
    open_inside,
};

use super::Found;
use crate::{
    Error,
    context::{Origin, Packed, Spot, decode},
};

/// How things are put into a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placing {
    /// Who owns them; else who owns them where they are from.
    pub owner: Option<(u32, u32)>,
    /// Their permissions; else those that they have.
    pub mode: Option<u32>,
    /// Whether a local archive is unpacked.
    pub unpack: bool,
}

/// Copies one thing to `destination`, an absolute path in the tree at `root`. A slash at its end says
/// that it is a directory.
pub(crate) fn place(found: &Found, root: &Path, destination: &[u8], how: &Placing) -> Result<(), Error> {
    let failed = |error: Error| error.about("failed to copy files");
    let done = if found.directory {
        directory(found, root, destination, how).map_err(|error| error.about("failed to copy directory"))
    } else if how.unpack && is_archive(found)? {
        unpack(found, root, destination)
    } else {
        file(found, root, destination, how)
    };
    done.map_err(failed)
}

/// What is in a directory goes into the destination, which is made if need be.
fn directory(found: &Found, root: &Path, destination: &[u8], how: &Placing) -> Result<(), Error> {
    let new = !follow(root, destination)?.is_directory();
    let place = make_directories(root, destination, 0o755, (0, 0))?;
    transfer(found, b"", root, &place, how)?;
    match how.owner {
        Some((uid, gid)) if new => {
            let path = root.join(as_path(&place));
            given(rustix::fs::chown(&path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))).map_err(
                |error| Error::internal("cannot give the directory its owner", &io::Error::from(error)),
            )
        }
        _ => Ok(()),
    }
}

fn file(found: &Found, root: &Path, destination: &[u8], how: &Placing) -> Result<(), Error> {
    let followed = follow(root, destination)?;
    let into = destination.ends_with(b"/") || followed.is_directory();
    let (folder, name) = if into {
        (followed.path, base(&found.path).to_vec())
    } else {
        let at = followed.path.iter().rposition(|byte| *byte == b'/');
        let (folder, name) =
            at.map_or((&b""[..], &followed.path[..]), |at| (&followed.path[..at], &followed.path[at + 1..]));
        (folder.to_vec(), name.to_vec())
    };
    let folder = make_directories(root, &folder, 0o755, how.owner.unwrap_or((0, 0)))
        .map_err(|error| Error::from(error).about("failed to create new directory"))?;
    transfer(found, &name, root, &folder, how).map_err(|error| error.about("failed to copy file"))
}

/// An archive keeps the owners that it has.
fn unpack(found: &Found, root: &Path, destination: &[u8]) -> Result<(), Error> {
    let file = open(found)?;
    let place = make_directories(root, destination, 0o755, (0, 0))?;
    let decoded = decode(BufReader::with_capacity(64 << 10, file)).map_err(ArchiveError::Input)?;
    Ok(extract(root, &place, decoded, &ExtractOptions::default())?)
}

/// What is in a file.
fn open(found: &Found) -> Result<Box<dyn Read + Send + '_>, ArchiveError> {
    let absent = || ArchiveError::NotFile(found.place.clone());
    match &found.origin {
        Origin::Directory(root) => Ok(Box::new(open_inside(root, &found.place)?)),
        Origin::Packed(packed) => match packed.find(&found.place) {
            Spot::Here(item) => Ok(Box::new(packed.read(item))),
            _ => Err(absent()),
        },
    }
}

/// Whether a file is a tar, compressed or not: whether its first header can be read.
fn is_archive(found: &Found) -> Result<bool, Error> {
    if let Origin::Directory(root) = &found.origin
        && locate(root, &found.place)?.mode & 0o170_000 != 0o100_000
    {
        return Ok(false);
    }
    let mut header = [0; 512];
    let read = decode(BufReader::new(open(found)?)).and_then(|mut file| file.read_exact(&mut header));
    Ok(read.is_ok() && is_header(&header))
}

/// Whether a block has the checksum of a tar's header.
fn is_header(block: &[u8; 512]) -> bool {
    let field = block[148..156].iter().copied().filter(|byte| matches!(byte, b'0'..=b'7'));
    let Some(stated) = field
        .map(|byte| u64::from(byte - b'0'))
        .try_fold(0_u64, |sum, digit| sum.checked_mul(8)?.checked_add(digit))
    else {
        return false;
    };
    let sum = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) });
    stated != 0 && stated == sum.sum::<u64>()
}

/// Puts what was found in a directory of the other tree: a file under the name `shown`, a directory's contents for an empty one.
fn transfer(found: &Found, shown: &[u8], root: &Path, folder: &[u8], how: &Placing) -> Result<(), Error> {
    let options = ExtractOptions {
        owner: how.owner,
        mode: how.mode,
        // dockerd gives them their owner last.
        drop_set_ids: how.owner.is_some(),
        ..ExtractOptions::default()
    };
    match &found.origin {
        Origin::Directory(from) => {
            let path = if found.directory { [&found.place, &b"/"[..]].concat() } else { found.place.clone() };
            pipe(from, &path, shown, root, folder, &options)
        }
        Origin::Packed(packed) => {
            Ok(fill(root, folder, &options, |sink| hand_over(packed, &found.place, shown, sink))?)
        }
    }
}

/// Archives what is at `path` of one tree under the name `shown`, and extracts that in a directory of the other.
fn pipe(
    from: &Path,
    path: &[u8],
    shown: &[u8],
    root: &Path,
    folder: &[u8],
    options: &ExtractOptions,
) -> Result<(), Error> {
    let (reader, writer) = io::pipe().map_err(|error| Error::internal("cannot copy", &error))?;
    thread::scope(|scope| {
        let archiving =
            scope.spawn(move || archive(from, path, shown, io::BufWriter::with_capacity(256 << 10, writer)));
        let extracted = extract(root, folder, BufReader::with_capacity(256 << 10, reader), options);
        let archived = archiving.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // A reader that gives up makes the writer fail too.
        extracted?;
        archived?;
        Ok(())
    })
}

/// Hands on what is at a place of a context that is still an archive: a file under the name `shown`, or what a directory has.
fn hand_over(
    packed: &Packed,
    place: &[u8],
    shown: &[u8],
    sink: &mut dyn Sink<Error = ArchiveError>,
) -> Result<(), ArchiveError> {
    let parse = |path: &[u8]| {
        LayerPath::parse(path).map_err(|source| ArchiveError::Path { path: path.to_vec(), source })
    };
    if let Spot::Here(item) = packed.find(place)
        && item.kind != strata_layer::Kind::Directory
    {
        return sink.entry(&packed.entry(item, parse(shown)?), &mut packed.read(item));
    }
    let place = parse(place)?;
    let outer = if place.is_root() { 0 } else { place.as_bytes().len() + 1 };
    for item in packed.below(&place) {
        let path = parse(&item.path.as_bytes()[outer..])?;
        sink.entry(&packed.entry(item, path), &mut packed.read(item))?;
    }
    Ok(())
}

fn base(path: &[u8]) -> &[u8] {
    let path = path.trim_ascii_end();
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    let start = path[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    &path[start..end]
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_component_names_a_copy() {
        for (path, name) in [("a", "a"), ("a/b", "b"), ("a/b/", "b"), ("/etc/passwd", "passwd"), ("/", "")] {
            assert_eq!(base(path.as_bytes()), name.as_bytes(), "{path}");
        }
    }
}
