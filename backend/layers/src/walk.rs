//! Opening things below a directory without ever leaving it.

use std::os::fd::{AsFd, OwnedFd};

use rustix::{
    fs::{self, Mode, OFlags},
    io::Errno,
};
use strata_layer::LayerPath;

/// How directories are opened: never through a symlink.
pub(crate) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens the directory `name` in `folder`. Fails with `ENOTDIR` if it is anything else, a symlink too.
pub(crate) fn open_folder(folder: impl AsFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    fs::openat(folder, name, FOLDER, Mode::empty())
}

/// Opens the directory that `path` is in. `None` for the root, which is in none.
pub(crate) fn open_parent(root: impl AsFd, path: &LayerPath) -> Result<Option<OwnedFd>, Errno> {
    let mut names = path.components();
    if names.next_back().is_none() {
        return Ok(None);
    }
    let mut folder = fs::openat(root, c".", FOLDER, Mode::empty())?;
    for name in names {
        folder = open_folder(&folder, name)?;
    }
    Ok(Some(folder))
}
