//! The union of layers as plain files, where nothing can be mounted.

use std::{
    collections::HashMap,
    fs::File,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, linkat, mkdirat, mknodat, openat, readlinkat, symlinkat},
    io::Errno,
};
use strata_layer::LayerPath;
use strata_layers::{Below, Found, Marks, Place, Tree, copy_metadata, join};

use crate::SnapshotError;

/// Copies what is seen of `layers`, bottom first, to the empty directory `target`.
pub(crate) fn copy(layers: &[PathBuf], marks: Marks, target: &Path) -> Result<(), SnapshotError> {
    let mut copy =
        Copy { below: Below::open(layers, marks)?, target: Tree::open(target)?, links: HashMap::new() };
    // A directory gets its metadata when all that is in it is there: its time changes until then.
    let mut pending = vec![(LayerPath::root(), false)];
    while let Some((folder, done)) = pending.pop() {
        if done {
            copy.metadata(&folder)?;
            continue;
        }
        pending.push((folder.clone(), true));
        for name in copy.below.names(&folder)? {
            let path = join(&folder, &name)?;
            let Some(found) = copy.below.find(&path)? else { continue };
            if found.is_directory() {
                let place = copy.target.place(&path).map_err(fail("open", target, &path))?;
                let made = mkdirat(&place.folder, &place.name[..], Mode::RWXU);
                made.map_err(fail("create", target, &path))?;
                pending.push((path, false));
            } else {
                copy.file(&path, &found).map_err(|error| fail("copy", target, &path)(error))?;
            }
        }
    }
    Ok(())
}

struct Copy {
    below: Below,
    target: Tree,
    /// Files with several names, by their layer and inode: the first name.
    links: HashMap<(usize, u64), LayerPath>,
}

impl Copy {
    fn metadata(&mut self, path: &LayerPath) -> Result<(), SnapshotError> {
        let Some(found) = self.below.find(path)? else { return Ok(()) };
        let source = self.below.place(&found, path)?;
        let failed = || fail("set the metadata of", self.target.path(), path);
        let folder = self.target.folder(path).map_err(|error| failed()(error.into()))?;
        copy_metadata(&source.folder, &source.name, &folder, b".").map_err(|error| failed()(error))
    }

    fn file(&mut self, path: &LayerPath, found: &Found) -> Result<(), std::io::Error> {
        let to = self.target.place(path)?;
        let inode = (found.layer, found.stat.st_ino);
        if found.stat.st_nlink > 1 {
            if let Some(first) = self.links.get(&inode) {
                let first = self.target.place(first)?;
                let linked =
                    linkat(&first.folder, &first.name[..], &to.folder, &to.name[..], AtFlags::empty());
                return Ok(linked?);
            }
            self.links.insert(inode, path.clone());
        }
        let from = self.below.layer(found.layer).place(path)?;
        content(&from, found, &to)?;
        copy_metadata(&from.folder, &from.name, &to.folder, &to.name)
    }
}

fn content(from: &Place, found: &Found, to: &Place) -> Result<(), std::io::Error> {
    let kind = FileType::from_raw_mode(found.stat.st_mode);
    match kind {
        FileType::RegularFile => {
            let mut source = File::from(open(&from.folder, &from.name, OFlags::RDONLY)?);
            let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
            // Within a file system that can, this shares the blocks.
            std::io::copy(&mut source, &mut File::from(open(&to.folder, &to.name, new)?))?;
        }
        FileType::Symlink => {
            let target = readlinkat(&from.folder, &from.name[..], Vec::new())?;
            symlinkat(target, &to.folder, &to.name[..])?;
        }
        _ => match mknodat(&to.folder, &to.name[..], kind, Mode::RUSR, found.stat.st_rdev) {
            // Devices that we may not make are left out, as in layers.
            Err(Errno::PERM) => {}
            other => other?,
        },
    }
    Ok(())
}

fn open(folder: &OwnedFd, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    openat(folder, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)
}

fn fail<E: Into<std::io::Error>>(
    action: &'static str,
    target: &Path,
    path: &LayerPath,
) -> impl FnOnce(E) -> SnapshotError {
    SnapshotError::io(action, target.join(path.to_string()))
}
