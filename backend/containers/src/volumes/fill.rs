//! A new volume gets what the image has where it is mounted.

use std::{
    collections::HashMap,
    ffi::CStr,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rustix::{
    fd::OwnedFd,
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags},
    io::Errno,
};

use crate::rootfs;

/// Copies the directory at `path` inside `root` into `volume`, with owners, modes, times, attributes and hard links,
/// if `volume` is empty. A path that isn't there is nothing to copy; what is no directory is an error.
pub(crate) fn fill(root: &Path, path: &str, volume: &Path) -> io::Result<()> {
    if std::fs::read_dir(volume)?.next().is_some() {
        return Ok(());
    }
    let root = rootfs::open_root(root)?;
    let source = match rootfs::open(&root, path, OFlags::RDONLY | OFlags::DIRECTORY) {
        Ok(source) => source,
        Err(Errno::NOTDIR) => return Err(Errno::NOTDIR.into()),
        Err(_) => return Ok(()),
    };
    let target = open_folder(CWD, volume)?;
    let mut copy = Copy { volume: volume.to_owned(), links: HashMap::new() };
    copy.folder(&source, &target, &mut PathBuf::new())?;
    // Last, for the times; of the directory itself, whatever its name.
    strata_layers::copy_metadata(&source, b".", &target, b".")?;
    rustix::fs::syncfs(&target)?;
    Ok(())
}

struct Copy {
    volume: PathBuf,
    /// Files with several names, by inode: the first one's place in the volume.
    links: HashMap<(u64, u64), PathBuf>,
}

impl Copy {
    fn folder(&mut self, source: &OwnedFd, target: &OwnedFd, place: &mut PathBuf) -> io::Result<()> {
        for entry in Dir::read_from(source)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            use std::os::unix::ffi::OsStrExt as _;
            place.push(std::ffi::OsStr::from_bytes(name.to_bytes()));
            self.entry(source, target, name, place)?;
            place.pop();
        }
        Ok(())
    }

    fn entry(
        &mut self,
        source: &OwnedFd,
        target: &OwnedFd,
        name: &CStr,
        place: &mut PathBuf,
    ) -> io::Result<()> {
        let stat = rustix::fs::statat(source, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::Directory && stat.st_nlink > 1 {
            let inode = (stat.st_dev, stat.st_ino);
            if let Some(first) = self.links.get(&inode) {
                let first = self.volume.join(first);
                rustix::fs::linkat(CWD, &first, target, name, AtFlags::empty())?;
                return Ok(());
            }
            self.links.insert(inode, place.clone());
        }
        match kind {
            FileType::Directory => {
                rustix::fs::mkdirat(target, name, Mode::RWXU)?;
                let (from, to) = (open_folder(source, name)?, open_folder(target, name)?);
                self.folder(&from, &to, place)?;
            }
            FileType::RegularFile => {
                let open = |folder: &OwnedFd, flags, mode| {
                    rustix::fs::openat(folder, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)
                };
                let mut from = File::from(open(source, OFlags::RDONLY, Mode::empty())?);
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
                let mut to = File::from(open(target, flags, Mode::RUSR | Mode::WUSR)?);
                io::copy(&mut from, &mut to)?;
            }
            FileType::Symlink => {
                let link = rustix::fs::readlinkat(source, name, Vec::new())?;
                rustix::fs::symlinkat(&link, target, name)?;
            }
            // Somebody's end of a connection; it can't be copied.
            FileType::Socket => return Ok(()),
            kind => rustix::fs::mknodat(target, name, kind, Mode::RUSR | Mode::WUSR, stat.st_rdev)?,
        }
        strata_layers::copy_metadata(source, name.to_bytes(), target, name.to_bytes())
    }
}

fn open_folder(at: impl rustix::fd::AsFd, name: impl rustix::path::Arg) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(at, name, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    };

    use super::*;

    #[test]
    fn an_empty_volume_gets_the_images_files_and_a_used_one_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let (root, volume) = (dir.path().join("root"), dir.path().join("volume"));
        fs::create_dir_all(root.join("data/sub")).expect("creates");
        fs::create_dir(&volume).expect("creates");
        fs::write(root.join("data/sub/file"), "hello").expect("writes");
        fs::hard_link(root.join("data/sub/file"), root.join("data/twin")).expect("links");
        symlink("sub/file", root.join("data/link")).expect("links");
        symlink("/data", root.join("alias")).expect("links");
        fs::set_permissions(root.join("data"), fs::Permissions::from_mode(0o1770)).expect("sets");

        fill(&root, "/none", &volume).expect("nothing to do");
        fill(&root, "/alias", &volume).expect("copies");
        assert_eq!(fs::read_to_string(volume.join("link")).expect("reads"), "hello");
        let inode = |name: &str| fs::metadata(volume.join(name)).expect("there").ino();
        assert_eq!(inode("twin"), inode("sub/file"));
        assert_eq!(fs::metadata(&volume).expect("there").mode() & 0o7777, 0o1770);

        fs::write(root.join("data/more"), "").expect("writes");
        fill(&root, "/data", &volume).expect("leaves it");
        assert!(!volume.join("more").exists());
    }
}
