//! A temporary directory that does not outlive its owner.

use std::{
    fs,
    os::{fd::OwnedFd, unix::fs::DirBuilderExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, Mode, openat};

use crate::{LayersError, remove::remove_tree, walk::FOLDER};

/// A directory of our own, removed with all that is in it when dropped, unless it was renamed.
#[derive(Debug)]
pub(crate) struct Folder(Option<PathBuf>);

impl Folder {
    /// Makes the directory `path`, for us alone.
    pub(crate) fn create(path: PathBuf) -> Result<Self, LayersError> {
        Self::create_as(path, 0o700)
    }

    /// Makes the directory `path` with a mode, less the umask.
    pub(crate) fn create_as(path: PathBuf, mode: u32) -> Result<Self, LayersError> {
        fs::DirBuilder::new().mode(mode).create(&path).map_err(LayersError::new("create", &path))?;
        Ok(Self(Some(path)))
    }

    /// Takes over a directory that is there.
    pub(crate) fn adopt(path: PathBuf) -> Self {
        Self(Some(path))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.as_deref().expect("taken only by rename and remove, which consume self")
    }

    pub(crate) fn open(&self) -> Result<OwnedFd, LayersError> {
        openat(CWD, self.path(), FOLDER, Mode::empty()).map_err(LayersError::new("open", self.path()))
    }

    /// Gives the directory its place. `false` if there is one already; this one is then removed.
    pub(crate) fn rename(mut self, target: &Path) -> Result<bool, LayersError> {
        match fs::rename(self.path(), target) {
            Ok(()) => {
                self.0 = None;
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(false),
            Err(error) => Err(LayersError::new("rename to", target)(error)),
        }
    }

    /// Lets it be: somebody else removes it.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }

    /// Removes it now, and says if that fails.
    pub(crate) fn remove(mut self) -> Result<(), LayersError> {
        self.0.take().map_or(Ok(()), |path| remove_tree(&path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let Some(path) = self.0.take() else { return };
        if let Err(error) = remove_tree(&path) {
            let error = std::io::Error::from(error);
            tracing::warn!(path = %path.display(), %error, "cannot remove an unfinished layer; the next start will");
        }
    }
}

impl From<LayersError> for std::io::Error {
    fn from(error: LayersError) -> Self {
        Self::new(error.source.kind(), format!("{error}: {}", error.source))
    }
}
