//! Looking into a container's root without leaving it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use rustix::{
    fd::OwnedFd,
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::Errno,
};

/// The most that is read of a small file.
const SMALL: u64 = 4 << 20;

/// Opens the root itself.
pub(crate) fn open_root(root: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Opens a path as a process inside would, links resolved inside. Links of `/proc` that lead elsewhere are refused.
pub(crate) fn open(root: &OwnedFd, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
}

/// Opens a path below a directory that others may write; what leads out of it, links included, is refused.
pub(crate) fn open_beneath(root: &OwnedFd, path: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    openat2(root, path, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS)
}

/// Whether something is at a path of a root.
pub(crate) fn contains(root: &Path, path: &str) -> bool {
    open_root(root).is_ok_and(|root| open(&root, path, OFlags::PATH).is_ok())
}

/// The text of a file; empty if there is none.
pub(crate) fn read_text(root: &OwnedFd, path: &str) -> io::Result<String> {
    let file = match open(root, path, OFlags::RDONLY | OFlags::NONBLOCK) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => return Ok(String::new()),
        Err(error) => return Err(error.into()),
    };
    if !file.metadata()?.is_file() {
        return Ok(String::new());
    }
    let mut bytes = Vec::new();
    file.take(SMALL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Where a directory is inside, with links resolved; `None` if it isn't there.
///
/// What lies in `/proc` is for the caller to refuse: a runtime's descriptors are there.
pub(crate) fn resolve(root: &OwnedFd, root_path: &Path, path: &str) -> io::Result<Option<String>> {
    let found = match open(root, path, OFlags::PATH) {
        Ok(found) => found,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    use rustix::fd::AsRawFd as _;
    let link = std::fs::read_link(format!("/proc/self/fd/{}", found.as_raw_fd()))?;
    let root_path = root_path.canonicalize()?;
    let inside = link.strip_prefix(root_path).map_err(|_| io::Error::from(Errno::XDEV))?;
    Ok(inside.to_str().map(|inside| format!("/{inside}")))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn nothing_outside_is_found() {
        let dir = tempfile::tempdir().expect("a directory");
        let outside = dir.path().join("secret");
        fs::write(&outside, "secret").expect("writes");
        let root_path = dir.path().join("root");
        fs::create_dir_all(root_path.join("etc")).expect("creates");
        fs::write(root_path.join("etc/passwd"), "root:x:0:0:::\n").expect("writes");
        symlink("../../secret", root_path.join("etc/up")).expect("links");
        symlink("/etc", root_path.join("absolute")).expect("links");
        symlink("/proc/self/fd/1", root_path.join("magic")).expect("links");
        let root = open_root(&root_path).expect("opens");
        assert_eq!(read_text(&root, "/etc/passwd").expect("reads"), "root:x:0:0:::\n");
        assert_eq!(read_text(&root, "/absolute/passwd").expect("reads"), "root:x:0:0:::\n");
        assert_eq!(read_text(&root, "/etc/up").expect("nothing there"), "");
        assert_eq!(read_text(&root, "/etc").expect("no file"), "");
        assert_eq!(read_text(&root, "../../secret").expect("nothing there"), "");
        assert_eq!(resolve(&root, &root_path, "/absolute").expect("resolves"), Some("/etc".into()));
        assert_eq!(resolve(&root, &root_path, "/none").expect("answers"), None);
        assert_eq!(resolve(&root, &root_path, "/magic").expect("answers"), None);
    }
}
