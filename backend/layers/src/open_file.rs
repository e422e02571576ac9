//! One file of a layer, for looking at.

use std::{fs::File, os::fd::OwnedFd};

use rustix::{
    fs::{self, CWD, FileType, Mode, OFlags},
    io::Errno,
};
use strata_layer::LayerPath;
use strata_oci::DiffId;

use crate::{
    Layers, LayersError, OpenFileError,
    walk::{FOLDER, open_parent},
};

impl Layers {
    /// Opens a regular file of a layer for reading.
    ///
    /// Symlinks are refused, in the path and at its end: what one means depends on the layers above and below.
    pub fn open_file(&self, diff_id: &DiffId, path: &LayerPath) -> Result<File, OpenFileError> {
        let tree = self.tree(diff_id);
        let root = fs::openat(CWD, &tree, FOLDER, Mode::empty()).map_err(|error| match error {
            Errno::NOENT => OpenFileError::NoLayer(diff_id.clone()),
            error => LayersError::new("open", tree)(error).into(),
        })?;
        open(&root, path).map_err(|refusal| match refusal {
            Refusal::NotRegular => OpenFileError::NotRegular { layer: diff_id.clone(), path: path.clone() },
            Refusal::Io(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                OpenFileError::NotFound { layer: diff_id.clone(), path: path.clone() }
            }
            Refusal::Io(error) => LayersError::new("open", path.to_string())(error).into(),
        })
    }
}

enum Refusal {
    NotRegular,
    Io(Errno),
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::Io(error)
    }
}

fn open(root: &OwnedFd, path: &LayerPath) -> Result<File, Refusal> {
    let folder = open_parent(root, path)?.ok_or(Refusal::NotRegular)?;
    let name = path.name().ok_or(Refusal::NotRegular)?;
    // Looked at before it is opened: opening a device or a pipe does something. Nobody but us can swap it between.
    let found = fs::statat(&folder, name, fs::AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(Refusal::NotRegular);
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(fs::openat(&folder, name, flags, Mode::empty())?.into())
}
