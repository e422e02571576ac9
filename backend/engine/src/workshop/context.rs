//! One context: a directory whose paths never lead out of it.

use std::{
    fs::File,
    io::Write as _,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{
        self, AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, Stat, mkdirat, openat,
        openat2, renameat, renameat_with, statat, unlinkat,
    },
    io::Errno,
};
use strata_layer::LayerPath;

use super::cannot;
use crate::{Error, Kind};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW: OFlags = OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::CLOEXEC);
const INSIDE: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

/// An open context.
pub(super) struct Context {
    root: OwnedFd,
    at: PathBuf,
}

impl Context {
    pub(super) fn open(at: &Path) -> Result<Self, Error> {
        let root = openat(CWD, at, FOLDER, Mode::empty()).map_err(|error| cannot("open", at, &error))?;
        Ok(Self { root, at: at.to_owned() })
    }

    /// Opens a directory of it.
    pub(super) fn folder(&self, path: &LayerPath) -> Result<OwnedFd, Errno> {
        let name = if path.is_root() { b"." } else { path.as_bytes() };
        openat2(&self.root, name, FOLDER, Mode::empty(), INSIDE)
    }

    /// What lstat(2) says of a path; nothing if nothing is there.
    pub(super) fn stat(&self, path: &LayerPath) -> Result<Option<Stat>, Error> {
        let found = match (path.parent(), path.name()) {
            (Some(parent), Some(name)) => {
                self.folder(&parent).and_then(|folder| statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW))
            }
            _ => fs::fstat(&self.root),
        };
        match found {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(self.refused(path, error)),
        }
    }

    /// Opens a regular file for reading.
    pub(super) fn file(&self, path: &LayerPath) -> Result<File, Error> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let (Some(parent), Some(name)) = (path.parent(), path.name()) else {
            return Err(conflict("the context's root is a directory".into()));
        };
        let folder = self.folder(&parent).map_err(|error| self.refused(path, error))?;
        let found =
            statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| self.refused(path, error))?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(Error::new(Kind::InvalidArgument, format!("{path} is not a regular file")));
        }
        Ok(openat(&folder, name, flags, Mode::empty()).map_err(|error| self.refused(path, error))?.into())
    }

    /// Puts a file at a path, in place of a file or link that is there. Directories on the way are made. `part` is where it
    /// is written first, on the same file system.
    pub(super) fn write(&self, path: &LayerPath, part: &Path, mode: u32, bytes: &[u8]) -> Result<(), Error> {
        let Some(name) = path.name() else {
            return Err(conflict("the context's root is a directory".into()));
        };
        let folder = self.make(&path.parent().unwrap_or_default())?;
        let made = openat(CWD, part, NEW, Mode::RUSR | Mode::WUSR)
            .map_err(|error| cannot("create", part, &error))?;
        let mut file = File::from(made);
        let written = file
            .write_all(bytes)
            .and_then(|()| Ok(fs::fchmod(&file, Mode::from(mode & 0o7777))?))
            .and_then(|()| file.sync_all())
            .map_err(|error| cannot("write", part, &error))
            .and_then(|()| renameat(CWD, part, &folder, name).map_err(|error| self.refused(path, error)))
            .and_then(|()| fs::fsync(&folder).map_err(|error| self.refused(path, error)));
        if written.is_err() {
            // It is not there if it was renamed.
            let _ = unlinkat(CWD, part, AtFlags::empty());
        }
        written
    }

    /// Makes a directory and those that lead to it; one that is there is fine.
    pub(super) fn make(&self, path: &LayerPath) -> Result<OwnedFd, Error> {
        match self.folder(path) {
            Ok(folder) => return Ok(folder),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(self.refused(path, error)),
        }
        let mut at = self.folder(&LayerPath::root()).map_err(|error| self.refused(path, error))?;
        for name in path.components() {
            let opened = openat(&at, name, FOLDER, Mode::empty()).or_else(|error| match error {
                Errno::NOENT => {
                    // Whatever the umask is.
                    mkdirat(&at, name, Mode::RWXU)?;
                    let made = openat(&at, name, FOLDER, Mode::empty())?;
                    fs::fchmod(&made, Mode::from(0o755))?;
                    fs::fsync(&at)?;
                    Ok(made)
                }
                error => Err(error),
            });
            at = opened.map_err(|error| self.refused(path, error))?;
        }
        Ok(at)
    }

    /// Takes what is at a path out of the context, to `to`.
    pub(super) fn take(&self, path: &LayerPath, to: &Path) -> Result<(), Error> {
        let (Some(parent), Some(name)) = (path.parent(), path.name()) else {
            return Err(conflict("the context's root can't be removed: remove the workshop".into()));
        };
        let folder = self.folder(&parent).map_err(|error| self.refused(path, error))?;
        renameat(&folder, name, CWD, to).map_err(|error| self.refused(path, error))?;
        fs::fsync(&folder).map_err(|error| self.refused(path, error))
    }

    /// Gives what is at a path another one, where nothing may be.
    pub(super) fn rename(&self, from: &LayerPath, to: &LayerPath) -> Result<(), Error> {
        let ends = (from.parent(), from.name(), to.parent(), to.name());
        let (Some(old), Some(old_name), Some(new), Some(new_name)) = ends else {
            return Err(conflict("the context's root stays where it is".into()));
        };
        if to.is_below(from) {
            return Err(conflict(format!("{from} can't go into itself")));
        }
        let old = self.folder(&old).map_err(|error| self.refused(from, error))?;
        statat(&old, old_name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| self.refused(from, error))?;
        let new = self.make(&new)?;
        match renameat_with(&old, old_name, &new, new_name, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => Err(conflict(format!("there is something at {to} already"))),
            moved => moved
                .and_then(|()| fs::fsync(&old))
                .and_then(|()| fs::fsync(&new))
                .map_err(|error| self.refused(to, error)),
        }
    }

    fn refused(&self, path: &LayerPath, error: Errno) -> Error {
        match error {
            Errno::NOENT => Error::new(Kind::NotFound, format!("there is no {path} in the context")),
            Errno::LOOP => {
                conflict(format!("a symbolic link is on the way to {path}: links are not followed here"))
            }
            Errno::NOTDIR => conflict(format!(
                "on the way to {path} is a file or a symbolic link, which is not followed here"
            )),
            Errno::ISDIR => conflict(format!("{path} is a directory")),
            Errno::NAMETOOLONG => Error::new(Kind::InvalidArgument, format!("{path} is too long for a path")),
            error => cannot("change", &self.at.join(path.to_string()), &error),
        }
    }
}

fn conflict(message: String) -> Error {
    Error::new(Kind::Conflict, message)
}
