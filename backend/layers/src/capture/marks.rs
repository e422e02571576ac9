//! How a union file system says "deleted" and "opaque" in the directories that it works on.

use std::os::fd::OwnedFd;

use rustix::fs::{FileType, Stat};

use super::xattrs::xattr_at;

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

impl Marks {
    /// What a name in an open directory stands for.
    pub(crate) fn of(self, folder: &OwnedFd, name: &[u8], stat: &Stat) -> Mark {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::CharacterDevice if stat.st_rdev == 0 && self != Self::Copy => Mark::Whiteout,
            FileType::Directory if self.is_opaque(folder, name) => Mark::Opaque,
            // What Powers::whiteouts tells of: a placeholder where the kernel makes no device 0:0.
            FileType::RegularFile if stat.st_size == 0 && self.is_placeholder(folder, name) => Mark::Whiteout,
            _ => Mark::None,
        }
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
        if names.iter().any(|name| marked(name)) {
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
