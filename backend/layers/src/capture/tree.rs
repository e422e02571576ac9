//! A directory tree that is looked into by paths, without leaving it.

use std::{
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{self, AtFlags, CWD, Mode, OFlags, ResolveFlags, Stat},
    io::Errno,
};
use strata_layer::LayerPath;

use super::CaptureError;
use crate::walk::FOLDER;

/// An open directory and all below it. Paths are resolved beneath it and never through a symlink, in one call of the
/// kernel, so somebody who renames things meanwhile cannot lead us out.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
    path: PathBuf,
}

/// Where something is: an open directory and a name in it.
#[derive(Debug)]
pub struct Place {
    /// The directory.
    pub folder: OwnedFd,
    /// The name; `.` for the root of a tree.
    pub name: Vec<u8>,
}

impl Tree {
    /// Opens the directory `path`.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let root = fs::openat(CWD, path, FOLDER, Mode::empty())
            .map_err(|error| CaptureError::Open { path: path.into(), source: error.into() })?;
        Ok(Self { root, path: path.into() })
    }

    /// The tree below a directory that is open already; `path` is where it is, as far as known.
    pub(crate) fn of(root: OwnedFd, path: &Path) -> Self {
        Self { root, path: path.into() }
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its topmost directory.
    pub fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// Opens something with the flags of open(2); a symlink at the end is opened only with `O_PATH`.
    pub fn open_at(&self, path: &LayerPath, flags: OFlags) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let name = if path.is_root() { b"." } else { path.as_bytes() };
        loop {
            match fs::openat2(
                &self.root,
                name,
                flags | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                Mode::empty(),
                resolve,
            ) {
                // Something was renamed at the wrong moment.
                Err(Errno::AGAIN | Errno::INTR) => continue,
                other => return other,
            }
        }
    }

    /// Opens a directory.
    pub fn folder(&self, path: &LayerPath) -> Result<OwnedFd, Errno> {
        self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// Opens the directory that something is in.
    pub fn place(&self, path: &LayerPath) -> Result<Place, Errno> {
        let folder = self.folder(&path.parent().unwrap_or_default())?;
        Ok(Place { folder, name: path.name().unwrap_or(b".").to_vec() })
    }

    /// What lstat(2) says of a path; nothing if nothing is there.
    pub fn stat(&self, path: &LayerPath) -> Result<Option<Stat>, Errno> {
        match self.open_at(path, OFlags::PATH).and_then(|file| fs::fstat(&file)) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Place {
    /// What lstat(2) says of it; nothing if nothing is there.
    pub fn stat(&self) -> Result<Option<Stat>, Errno> {
        match fs::statat(&self.folder, &self.name[..], AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The names in an open directory, sorted by their bytes, without `.` and `..`.
pub(crate) fn names(folder: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(name.to_vec());
        }
    }
    names.sort();
    Ok(names)
}

/// The path of a name in a directory.
pub fn join(folder: &LayerPath, name: &[u8]) -> Result<LayerPath, CaptureError> {
    let path = match folder.is_root() {
        true => name.to_vec(),
        false => [folder.as_bytes(), b"/", name].concat(),
    };
    LayerPath::parse(&path).map_err(|source| CaptureError::Path { folder: folder.clone(), source })
}
