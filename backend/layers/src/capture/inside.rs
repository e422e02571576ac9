//! Paths as a container means them.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::Path,
};

use rustix::{
    fs::{self, AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat},
    io::Errno,
};
use strata_layer::LayerPath;

use super::{ArchiveError, Place};

/// The root of a tree that somebody else may change meanwhile: where a snapshot is mounted or, to see volumes too,
/// `/proc/PID/root`.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(super) root: OwnedFd,
}

/// What is at a path inside of a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Where it is, symlinks on the way resolved.
    pub path: LayerPath,
    /// Type and permissions, as `st_mode` has them.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of content; of a symlink, of its target.
    pub size: u64,
    /// Time of modification: seconds and nanoseconds.
    pub mtime: (i64, u32),
    /// For a symlink, where it leads in the end; if nothing is there, its target as it stands.
    pub target: Option<Vec<u8>>,
}

/// Looks at `path` inside of `root`. A symlink at its end is not followed unless a `/` or `/.` comes after it.
pub fn locate(root: &Path, path: &[u8]) -> Result<Located, ArchiveError> {
    let inside = Inside::open(root)?;
    let place = inside.find(path)?;
    let stat = stat(&place, path)?;
    let fail = || ArchiveError::io("look at", path);
    let folder = inside.path_of(&place.folder).map_err(|error| fail()(error))?;
    let name = if place.name == b"." { &b""[..] } else { &place.name };
    let full = [&folder[..], b"/", name].concat();
    let target = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => Some(inside.lead(path, &place).map_err(|error| fail()(error))?),
        _ => None,
    };
    Ok(Located {
        path: LayerPath::parse(&full).map_err(|source| ArchiveError::Path { path: full, source })?,
        mode: stat.st_mode,
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        mtime: (stat.st_mtime, u32::try_from(stat.st_mtime_nsec).unwrap_or(0)),
        target,
    })
}

/// Opens a regular file inside of `root` for reading, as a process in there would: symlinks are followed, inside.
pub fn open_inside(root: &Path, path: &[u8]) -> Result<File, ArchiveError> {
    let inside = Inside::open(root)?;
    let (names, _) = clean(path);
    let fail = |error| ArchiveError::from_errno("open", path, error);
    let names = names.join(&b'/');
    // Looked at first: opening a pipe or a device for reading does something to it.
    let found = inside.resolve(&names, OFlags::PATH).map_err(fail)?;
    let is_file = |file: &OwnedFd| {
        fs::fstat(file).map(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
    };
    if is_file(&found).map_err(fail)? {
        let file =
            inside.resolve(&names, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).map_err(fail)?;
        if is_file(&file).map_err(fail)? {
            return Ok(file.into());
        }
    }
    Err(ArchiveError::NotFile(path.to_vec()))
}

impl Inside {
    pub(crate) fn open(root: &Path) -> Result<Self, ArchiveError> {
        // The root is the engine's own path, and /proc/PID/root is a symlink.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match fs::openat(CWD, root, flags, Mode::empty()) {
            Ok(root) => Ok(Self { root }),
            Err(error) => Err(ArchiveError::Root { path: root.into(), source: error.into() }),
        }
    }

    /// The directory that a path's last component is in, and that component; for the root or a path that ends with
    /// a slash, the directory itself and `.`.
    pub(crate) fn find(&self, path: &[u8]) -> Result<Place, ArchiveError> {
        let (mut names, directory) = clean(path);
        let name = if directory { None } else { names.pop() };
        let folder = self
            .resolve(&names.join(&b'/'), OFlags::RDONLY | OFlags::DIRECTORY)
            .map_err(|error| ArchiveError::from_errno("find", path, error))?;
        Ok(Place { folder, name: name.map_or_else(|| b".".to_vec(), <[u8]>::to_vec) })
    }

    /// Opens something, following symlinks as a process in there would. Nothing outside can be reached: not by `..`,
    /// not by absolute symlinks, not by the links of procfs, and not by renaming things at the wrong moment.
    pub(crate) fn resolve(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let path = if path.is_empty() { b"." } else { path };
        loop {
            match fs::openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
                Err(Errno::AGAIN | Errno::INTR) => continue,
                other => return other,
            }
        }
    }

    /// Where something that was opened in here is.
    pub(crate) fn path_of(&self, file: &OwnedFd) -> io::Result<Vec<u8>> {
        let link = |file: &OwnedFd| {
            let link = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
            io::Result::Ok(link.into_os_string().into_vec())
        };
        let (root, full) = (link(&self.root)?, link(file)?);
        let root = if root == b"/" { &b""[..] } else { &root };
        match full.strip_prefix(root) {
            Some(path) => Ok(path.to_vec()),
            None => Err(io::Error::other("it was moved out of the tree")),
        }
    }

    fn lead(&self, path: &[u8], place: &Place) -> io::Result<Vec<u8>> {
        let (names, _) = clean(path);
        match self.resolve(&names.join(&b'/'), OFlags::PATH) {
            Ok(target) => match self.path_of(&target)? {
                root if root.is_empty() => Ok(b"/".to_vec()),
                path => Ok(path),
            },
            Err(_) => Ok(fs::readlinkat(&place.folder, &place.name[..], Vec::new())?.into_bytes()),
        }
    }
}

pub(crate) fn stat(place: &Place, path: &[u8]) -> Result<Stat, ArchiveError> {
    fs::statat(&place.folder, &place.name[..], AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|error| ArchiveError::from_errno("look at", path, error))
}

/// The components of a path from the root, as a shell's `cd` would tidy them; and whether it says that it is a
/// directory.
fn clean(path: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut names = Vec::new();
    let mut last: &[u8] = b"";
    for name in path.split(|byte| *byte == b'/') {
        last = name;
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let directory = names.is_empty() || matches!(last, b"" | b"." | b"..");
    (names, directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied() {
        let cases = [
            ("", "", true),
            ("/", "", true),
            ("/../..", "", true),
            ("etc/passwd", "etc passwd", false),
            ("/etc//x/../passwd", "etc passwd", false),
            ("/etc/", "etc", true),
            ("/etc/.", "etc", true),
            ("/a/b/..", "a", true),
        ];
        for (path, names, directory) in cases {
            let (found, says) = clean(path.as_bytes());
            assert_eq!((found.join(&b' '), says), (names.into(), directory), "{path}");
        }
    }
}
