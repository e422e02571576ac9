//! How a union file system says "deleted" and "opaque" in the directories that it works on.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{FileType, Stat},
    io::Errno,
};
use strata_layer::LayerPath;

use super::{Place, Tree, xattrs::xattr_at};

/// How marks are spelled in a writable directory and the layers below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// Kernel overlay mounted by root: `trusted.overlay.opaque`. What containers write to `user.*` says nothing.
    Trusted,
    /// Kernel overlay with `userxattr`: `user.overlay.opaque`.
    User,
    /// fuse-overlayfs, which falls back to aufs's file names (`.wh.NAME`) where it may set nothing better.
    Fuse,
    /// There are none: the writable directory is a copy of the whole tree.
    Copy,
}

/// What something in a writable directory or a layer stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Itself.
    None,
    /// A deletion of what is below.
    Whiteout,
    /// A directory that hides what is below.
    Opaque,
}

/// What fuse-overlayfs's file names start with.
pub(crate) const PREFIX: &[u8] = b".wh.";
/// The name of its mark inside of an opaque directory.
pub(crate) const OPAQUE: &[u8] = b".wh..wh..opq";

/// The name by which a layer deletes what is below at `path`.
pub(crate) fn whiteout_name(path: &LayerPath) -> Vec<u8> {
    let directory = path.parent().unwrap_or_default();
    in_directory(&directory, &[PREFIX, path.name().unwrap_or_default()].concat())
}

/// The name by which a layer says that `directory` hides what is below.
pub(crate) fn opaque_name(directory: &LayerPath) -> Vec<u8> {
    in_directory(directory, OPAQUE)
}

fn in_directory(directory: &LayerPath, name: &[u8]) -> Vec<u8> {
    if directory.is_root() { name.to_vec() } else { [directory.as_bytes(), b"/", name].concat() }
}

impl Marks {
    /// What a name in an open directory stands for.
    pub fn of(self, folder: &OwnedFd, name: &[u8], stat: &Stat) -> Mark {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::CharacterDevice if stat.st_rdev == 0 && self != Self::Copy => Mark::Whiteout,
            FileType::Directory if self.is_opaque(folder, name) => Mark::Opaque,
            // What Powers::whiteouts tells of: a placeholder where the kernel makes no device 0:0.
            FileType::RegularFile if stat.st_size == 0 && self.is_placeholder(folder, name) => Mark::Whiteout,
            _ => Mark::None,
        }
    }

    /// What a writable directory has at a path; nothing if nothing is there.
    pub fn look(self, tree: &Tree, path: &LayerPath) -> Result<Option<(Stat, Mark)>, Errno> {
        let place = match tree.place(path) {
            Ok(place) => place,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            Err(error) => return Err(error),
        };
        if let Some(stat) = place.stat()? {
            return Ok(Some((stat, self.of(&place.folder, &place.name, &stat))));
        }
        if self != Self::Fuse {
            return Ok(None);
        }
        let deleted = Place { name: [PREFIX, &place.name].concat(), ..place };
        Ok(deleted.stat()?.map(|stat| (stat, Mark::Whiteout)))
    }

    /// The path of a writable directory that a name in one of its directories speaks of: of a mark, not its own.
    pub fn subject(self, name: &[u8]) -> Option<&[u8]> {
        if self.is_mark_file(name) { None } else { Some(self.deleted_by(name).unwrap_or(name)) }
    }

    /// What overlay noted of where something in a writable directory was copied up from, under this name or another:
    /// a file handle, or nothing in it if the layer's file system has none.
    pub fn origin(self, tree: &Tree, path: &LayerPath) -> Option<Vec<u8>> {
        let xattr: &[u8] = match self {
            Self::Trusted => b"trusted.overlay.origin",
            Self::User => b"user.overlay.origin",
            Self::Fuse | Self::Copy => return None,
        };
        let place = tree.place(path).ok()?;
        xattr_at(&place.folder, &place.name, xattr)
    }

    /// Whether something with such an origin was copied up from `below`, rather than made in its place.
    pub fn is_copied_up(self, origin: Option<&[u8]>, stat: &Stat, below: &Stat) -> bool {
        let kind = |stat: &Stat| FileType::from_raw_mode(stat.st_mode);
        // Of a file with several names overlay does not note where it came from.
        let noted = matches!(self, Self::Trusted | Self::User)
            && (below.st_nlink == 1 || kind(below) == FileType::Directory);
        if noted { origin.is_some() } else { kind(stat) == kind(below) }
    }

    /// What the name of a file of fuse-overlayfs deletes; nothing for any other name.
    pub(crate) fn deleted_by(self, name: &[u8]) -> Option<&[u8]> {
        if self != Self::Fuse || name == OPAQUE {
            return None;
        }
        name.strip_prefix(PREFIX).filter(|rest| !rest.is_empty())
    }

    /// Whether a name is nothing but a mark.
    pub(crate) fn is_mark_file(self, name: &[u8]) -> bool {
        self == Self::Fuse && name == OPAQUE
    }

    fn is_opaque(self, folder: &OwnedFd, name: &[u8]) -> bool {
        let names: &[&str] = match self {
            Self::Trusted => &["trusted.overlay.opaque"],
            Self::User => &["user.overlay.opaque"],
            Self::Fuse => &["trusted.overlay.opaque", "user.fuseoverlayfs.opaque", "user.overlay.opaque"],
            Self::Copy => &[],
        };
        let marked =
            |xattr: &&str| xattr_at(folder, name, xattr.as_bytes()).is_some_and(|value| value == b"y");
        if names.iter().any(marked) {
            return true;
        }
        let inside = [name, b"/", OPAQUE].concat();
        self == Self::Fuse
            && rustix::fs::statat(folder, inside, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    fn is_placeholder(self, folder: &OwnedFd, name: &[u8]) -> bool {
        matches!(self, Self::User | Self::Fuse) && xattr_at(folder, name, b"user.overlay.whiteout").is_some()
    }
}
