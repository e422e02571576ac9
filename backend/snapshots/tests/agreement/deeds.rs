//! What is done.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{FileExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, RenameFlags, XattrFlags, makedev, mknodat, renameat_with};

use crate::{
    at,
    support::{Place, put},
};

/// One operation. Many fail, as they should: a directory is not empty, a file is not there.
#[derive(Clone, Debug)]
pub enum Op {
    Write(String, usize),
    Append(String),
    Sparse(String),
    Remove(String),
    RemoveAll(String),
    MakeFolder(String),
    Rename(String, String),
    Exchange(String, String),
    HardLink(String, String),
    Symlink(String, String),
    Mode(String, u32),
    Owner(String, u32),
    Touch(String, i64),
    Note(String, u8),
    Pipe(String),
    Device(String),
    /// The one who watches looks.
    Look,
}

/// Few names, so that they meet.
fn path() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "b", "c", "é\n"]);
    prop_oneof![
        4 => name().prop_map(str::to_owned),
        6 => (name(), name()).prop_map(|(a, b)| format!("{a}/{b}")),
        4 => (name(), name(), name()).prop_map(|(a, b, c)| format!("{a}/{b}/{c}")),
    ]
}

pub fn any() -> impl Strategy<Value = Op> {
    let modes = prop::sample::select(vec![0o644, 0o600, 0o755, 0o4755, 0o1777]);
    prop_oneof![
        6 => (path(), 0..5_usize).prop_map(|(path, size)| Op::Write(path, size)),
        3 => path().prop_map(Op::Append),
        1 => path().prop_map(Op::Sparse),
        4 => path().prop_map(Op::Remove),
        3 => path().prop_map(Op::RemoveAll),
        4 => path().prop_map(Op::MakeFolder),
        5 => (path(), path()).prop_map(|(a, b)| Op::Rename(a, b)),
        1 => (path(), path()).prop_map(|(a, b)| Op::Exchange(a, b)),
        2 => (path(), path()).prop_map(|(a, b)| Op::HardLink(a, b)),
        2 => (path(), path()).prop_map(|(a, b)| Op::Symlink(a, b)),
        3 => (prop_oneof![9 => path(), 1 => Just(String::new())], modes).prop_map(|(path, mode)| Op::Mode(path, mode)),
        2 => (path(), 0..3_u32).prop_map(|(path, owner)| Op::Owner(path, owner)),
        2 => (path(), 0..3_i64).prop_map(|(path, time)| Op::Touch(path, time)),
        1 => (path(), 0..3_u8).prop_map(|(path, note)| Op::Note(path, note)),
        1 => path().prop_map(Op::Pipe),
        1 => path().prop_map(Op::Device),
        3 => Just(Op::Look),
    ]
}

impl Op {
    pub fn perform(&self, root: &Path) -> std::io::Result<()> {
        let at = |path: &str| at(root, path);
        // A symlink may lead out of the mount; nobody does that here.
        let file = |path: &str| -> std::io::Result<PathBuf> {
            match fs::symlink_metadata(at(path)) {
                Ok(found) if found.is_symlink() => Err(std::io::ErrorKind::InvalidInput.into()),
                // Opening a pipe would wait for its other end, and a device would do something.
                Ok(found) if !found.is_file() => Err(std::io::ErrorKind::InvalidInput.into()),
                _ => Ok(at(path)),
            }
        };
        match self {
            Self::Write(path, size) => fs::write(file(path)?, "content".repeat(*size)),
            Self::Append(path) => OpenOptions::new().append(true).open(file(path)?)?.write_all(b"more"),
            Self::Sparse(path) => {
                let file = OpenOptions::new().write(true).create(true).truncate(false).open(file(path)?)?;
                file.write_all_at(b"end", 300_000)
            }
            Self::Remove(path) => fs::remove_file(at(path)).or_else(|_| fs::remove_dir(at(path))),
            Self::RemoveAll(path) => fs::remove_dir_all(at(path)),
            Self::MakeFolder(path) => fs::create_dir(at(path)),
            Self::Rename(from, to) => fs::rename(at(from), at(to)),
            Self::Exchange(a, b) => Ok(renameat_with(CWD, at(a), CWD, at(b), RenameFlags::EXCHANGE)?),
            Self::HardLink(from, to) => fs::hard_link(at(from), at(to)),
            Self::Symlink(target, path) => symlink(target, at(path)),
            Self::Mode(path, mode) => {
                let not_symlink = !fs::symlink_metadata(at(path))?.is_symlink();
                if not_symlink {
                    fs::set_permissions(at(path), fs::Permissions::from_mode(*mode))
                } else {
                    Ok(())
                }
            }
            Self::Owner(path, owner) => std::os::unix::fs::lchown(at(path), Some(*owner), Some(7)),
            Self::Touch(path, time) => touch(&at(path), *time),
            Self::Note(path, note) => {
                Ok(rustix::fs::lsetxattr(file(path)?, "user.note", &[*note], XattrFlags::empty())?)
            }
            Self::Pipe(path) => Ok(mknodat(CWD, at(path), FileType::Fifo, Mode::from(0o600), 0)?),
            Self::Device(path) => {
                Ok(mknodat(CWD, at(path), FileType::CharacterDevice, Mode::from(0o600), makedev(1, 3))?)
            }
            Self::Look => Ok(()),
        }
    }
}

fn touch(at: &Path, time: i64) -> std::io::Result<()> {
    let time = rustix::fs::Timespec { tv_sec: 1_000_000_000 + time, tv_nsec: 5 };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    Ok(rustix::fs::utimensat(CWD, at, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Three layers in which the same names are files, directories, hard links, deleted and opaque.
pub fn lowers(place: &Place, opaque: &str, links: bool) -> Vec<PathBuf> {
    let whiteout = |at: PathBuf| {
        mknodat(CWD, at, FileType::CharacterDevice, Mode::empty(), 0).expect("makes");
    };
    let bottom = place.layer("bottom", |at| {
        put(at, "a/a/b", "bottom");
        put(at, "a/b", "two names");
        if links {
            fs::hard_link(at.join("a/b"), at.join("a/c")).expect("links");
        }
        put(at, "b/a/a", "hidden");
        put(at, "b/b/c", "hidden");
        put(at, "c", "a file");
        symlink("a/b", at.join("é\n")).expect("links");
        fs::set_permissions(at.join("a/a"), fs::Permissions::from_mode(0o700)).expect("chmods");
        touch(&at.join("a/a/b"), 50).expect("touches");
    });
    let middle = place.layer("middle", |at| {
        put(at, "b/b/b", "seen");
        rustix::fs::setxattr(at.join("b"), opaque, b"y", XattrFlags::empty()).expect("sets");
        fs::create_dir(at.join("a")).expect("creates");
        put(at, "a/a/a", "middle");
        put(at, "a/é\n/c", "");
    });
    let top = place.layer("top", |at| {
        fs::create_dir_all(at.join("a/a")).expect("creates");
        whiteout(at.join("a/a/a"));
        put(at, "b/b/a", "top");
        put(at, "c/b/a", "a directory over a file");
    });
    vec![bottom, middle, top]
}
