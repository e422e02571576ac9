//! Removing trees, whatever is in them.

use std::{
    fs::File,
    io::ErrorKind,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{self, AtFlags, CWD, FileType, IFlags, Mode, OFlags},
    io::Errno,
};

use crate::{LayersError, descent::Descent, folder::Folder, walk::FOLDER};

/// Directories of one directory that are remembered. When they are done it is listed again, so with many more it takes longer.
const REMEMBERED: usize = 4096;

/// A layer that is no longer visible and waits for its files to be deleted, which may take seconds.
#[derive(Debug)]
pub struct Doomed(pub(crate) Folder);

impl Doomed {
    /// Deletes the files. Dropping does the same but only logs a failure.
    pub fn delete(self) -> Result<(), LayersError> {
        self.0.remove()
    }
}

/// Removes the directory `path` and everything in it; nothing to remove is fine. Symlinks are never followed and
/// other file systems mounted below are left alone (the kernel answers `EBUSY`).
pub fn remove_tree(path: &Path) -> Result<(), LayersError> {
    match fs::openat(CWD, path, FOLDER, Mode::empty()).or_else(|error| unlock_at(error, CWD, path)) {
        Ok(folder) => clear(&folder).map_err(LayersError::new("remove", path))?,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(LayersError::new("remove", path)(error)),
    }
    match std::fs::remove_dir(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(LayersError::new("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes everything in a directory. No recursion: an archive decides how deep a tree is.
pub(crate) fn clear(folder: impl AsFd) -> Result<(), Errno> {
    let root = fs::openat(&folder, c".", FOLDER, Mode::empty())?;
    let mut full = empty_one_level(&root)?;
    let mut descent: Descent<Level> = Descent::new(root);
    loop {
        let left = descent.here().map_or(&mut full, |level| &mut level.full);
        if let Some(name) = left.pop() {
            let at = descent.folder();
            let child = fs::openat(at, name.as_slice(), FOLDER, Mode::empty())
                .or_else(|error| unlock_at(error, at, name.as_slice()))?;
            let full = empty_one_level(&child)?;
            descent.push(child, Level { name, full });
            continue;
        }
        let Some((child, level)) = descent.pop()? else {
            // Reading a directory while deleting from it may have missed some: until it has nothing.
            full = empty_one_level(descent.root())?;
            if full.is_empty() {
                return Ok(());
            }
            continue;
        };
        match remove_at(descent.folder(), &level.name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                let full = empty_one_level(&child)?;
                descent.push(child, Level { full, ..level });
            }
            other => other?,
        }
    }
}

/// A directory on the way down.
struct Level {
    name: Vec<u8>,
    /// Directories in it that are to be emptied.
    full: Vec<Vec<u8>>,
}

/// Removes what is not a directory, and empty directories; returns directories that are not empty, all but a great many.
fn empty_one_level(folder: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut full = Vec::new();
    for entry in fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let flags = match entry.file_type() {
            FileType::Directory => AtFlags::REMOVEDIR,
            _ => AtFlags::empty(),
        };
        let removed = match remove_at(folder, name.to_bytes(), flags) {
            // A file system that does not tell types.
            Err(Errno::ISDIR) => remove_at(folder, name.to_bytes(), AtFlags::REMOVEDIR),
            other => other,
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                full.push(name.to_bytes().to_vec());
                if full.len() >= REMEMBERED {
                    break;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(full)
}

fn remove_at(folder: &OwnedFd, name: &[u8], flags: AtFlags) -> Result<(), Errno> {
    match fs::unlinkat(folder, name, flags) {
        Err(error @ (Errno::ACCESS | Errno::PERM)) => {
            // The directory may forbid it by its mode, or directory or file by the immutable or append-only flag.
            let _ = fs::fchmod(folder, Mode::RWXU);
            thaw(folder);
            if let Ok(file) = fs::openat(
                folder,
                name,
                OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
                Mode::empty(),
            ) {
                thaw(&file);
            }
            fs::unlinkat(folder, name, flags).map_err(|_| error)
        }
        other => other,
    }
}

/// Opens a directory whose mode forbids it to its owner.
fn unlock_at(error: Errno, folder: impl AsFd, name: impl rustix::path::Arg + Copy) -> Result<OwnedFd, Errno> {
    if error != Errno::ACCESS {
        return Err(error);
    }
    let path = fs::openat(&folder, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
    // chmod through /proc follows to exactly this directory; chmod by name could be led astray by a symlink.
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&path));
    fs::chmod(link, Mode::RWXU)?;
    fs::openat(folder, name, FOLDER, Mode::empty())
}

fn thaw(file: impl AsFd) {
    if let Ok(flags) = fs::ioctl_getflags(&file)
        && flags.intersects(IFlags::IMMUTABLE | IFlags::APPEND)
    {
        // Fails without CAP_LINUX_IMMUTABLE; then the removal fails and says so.
        let _ = fs::ioctl_setflags(&file, flags.difference(IFlags::IMMUTABLE | IFlags::APPEND));
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), LayersError> {
    let folder = File::open(path).map_err(LayersError::new("open", path))?;
    folder.sync_all().map_err(LayersError::new("sync", path))
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir_all, write};

    use super::*;

    #[test]
    fn a_directory_is_listed_once_for_all_that_are_in_it() {
        let dir = tempfile::tempdir().expect("a directory");
        for number in 0..100 {
            create_dir_all(dir.path().join(format!("full{number}/inner"))).expect("creates");
            create_dir_all(dir.path().join(format!("empty{number}"))).expect("creates");
            write(dir.path().join(format!("file{number}")), "").expect("writes");
        }
        let folder = fs::openat(CWD, dir.path(), FOLDER, Mode::empty()).expect("opens");
        let full = empty_one_level(&folder).expect("empties");
        assert_eq!((full.len(), std::fs::read_dir(dir.path()).expect("lists").count()), (100, 100));
        clear(&folder).expect("clears");
        assert_eq!(std::fs::read_dir(dir.path()).expect("lists").count(), 0);
    }

    #[test]
    fn more_directories_than_are_remembered_are_removed_too() {
        let dir = tempfile::tempdir_in("/dev/shm").expect("a directory");
        let tree = dir.path().join("tree");
        for number in 0..REMEMBERED + 2 {
            create_dir_all(tree.join(format!("{number}/inner"))).expect("creates");
        }
        remove_tree(&tree).expect("removes");
        assert!(!tree.exists());
    }
}
