//! What every container needs and no image has: mount points and the files that are mounted over.
//!
//! They lie in a layer of the snapshot's own, on top of the image's, so they are neither listed by `docker diff` nor
//! captured.

use std::{
    collections::BTreeSet,
    fs::Permissions,
    os::{
        fd::OwnedFd,
        unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, Mode, OFlags, openat};
use strata_layer::LayerPath;
use strata_layers::{Below, Marks, copy_metadata};

use crate::SnapshotError;

/// Something that is to be there if the image has nothing at its path. Owned by root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Where.
    pub path: LayerPath,
    /// What.
    pub kind: PlaceholderKind,
}

/// What a placeholder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceholderKind {
    /// An empty directory.
    Directory {
        /// Its permissions.
        mode: u32,
    },
    /// An empty file.
    File {
        /// Its permissions.
        mode: u32,
    },
    /// A symlink.
    Symlink {
        /// Where it leads.
        target: String,
    },
}

/// Fills `init`, an empty directory, for an image of `lowers`; `upper` gets the metadata of the root.
pub(crate) fn fill(
    init: &Path,
    upper: &Path,
    lowers: &[PathBuf],
    marks: Marks,
    placeholders: &[Placeholder],
) -> Result<(), SnapshotError> {
    let mut below = Below::open(lowers, marks)?;
    let mut made = BTreeSet::from([LayerPath::root()]);
    for placeholder in placeholders {
        make(init, &mut below, placeholder, &mut made)?;
    }
    // Deepest first: making something in a directory changes its time.
    for path in made.iter().rev() {
        take_over(init, &mut below, path)?;
    }
    let fail = || SnapshotError::io("set the metadata of", upper);
    copy_metadata(&open(init)?, b".", &open(upper)?, b".").map_err(fail())
}

fn make(
    init: &Path,
    below: &mut Below,
    placeholder: &Placeholder,
    made: &mut BTreeSet<LayerPath>,
) -> Result<(), SnapshotError> {
    let path = &placeholder.path;
    if path.is_root() || below.find(path)?.is_some() {
        return Ok(());
    }
    let mut folders: Vec<LayerPath> = std::iter::successors(path.parent(), LayerPath::parent).collect();
    folders.reverse();
    for folder in &folders {
        // Through a symlink of the image it would land elsewhere; the runtime then makes what it needs.
        if below.find(folder)?.is_some_and(|found| !found.is_directory()) || made.contains(path) {
            return Ok(());
        }
    }
    for folder in folders {
        if made.insert(folder.clone()) {
            let at = join(init, &folder);
            std::fs::create_dir(&at).map_err(SnapshotError::io("create", &at))?;
            set_mode(&at, 0o755)?;
        }
    }
    let at = join(init, path);
    match &placeholder.kind {
        PlaceholderKind::Directory { mode } => {
            std::fs::create_dir(&at).map_err(SnapshotError::io("create", &at))?;
            set_mode(&at, *mode)?;
            made.insert(path.clone());
        }
        PlaceholderKind::File { mode } => {
            let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(*mode).open(&at);
            made.map_err(SnapshotError::io("create", &at))?;
            set_mode(&at, *mode)?;
        }
        PlaceholderKind::Symlink { target } => {
            let linked = std::os::unix::fs::symlink(target, &at);
            linked.map_err(SnapshotError::io("create", &at))?;
        }
    }
    Ok(())
}

/// Gives a directory the metadata that it has below, because this one hides that one's.
fn take_over(init: &Path, below: &mut Below, path: &LayerPath) -> Result<(), SnapshotError> {
    let at = join(init, path);
    match below.find(path)? {
        Some(found) => {
            let place = below.place(&found, path)?;
            let fail = SnapshotError::io("set the metadata of", &at);
            copy_metadata(&place.folder, &place.name, &open(&at)?, b".").map_err(fail)
        }
        None if path.is_root() => set_mode(&at, 0o755),
        None => Ok(()),
    }
}

fn set_mode(at: &Path, mode: u32) -> Result<(), SnapshotError> {
    std::fs::set_permissions(at, Permissions::from_mode(mode))
        .map_err(SnapshotError::io("set the mode of", at))
}

fn open(path: &Path) -> Result<OwnedFd, SnapshotError> {
    openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(SnapshotError::io("open", path))
}

fn join(folder: &Path, path: &LayerPath) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    folder.join(std::ffi::OsStr::from_bytes(path.as_bytes()))
}
