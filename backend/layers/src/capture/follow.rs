//! Paths of things that need not be there yet: where symlinks lead inside of a root, and directories on the way.

use std::{os::fd::OwnedFd, path::Path};

use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat},
    io::Errno,
};

use super::{ArchiveError, inside::Inside, owners::given};
use crate::walk::FOLDER;

/// How many symlinks a path may lead through, as for the kernel and docker.
const LINKS: usize = 255;

/// Where a path leads.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The path from the root, without a slash before it, `.`, `..` or symlinks; empty for the root. From the first part
    /// that is not there on it is taken as it stands.
    pub path: Vec<u8>,
    /// What lstat(2) says of it, if it is there.
    pub stat: Option<Stat>,
}

impl Followed {
    /// Whether a directory is there.
    pub fn is_directory(&self) -> bool {
        self.stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
    }
}

/// Follows a path inside of a root, its last component too. Symlinks mean what they mean inside; nothing need be there.
pub fn follow(root: &Path, path: &[u8]) -> Result<Followed, ArchiveError> {
    let inside = Inside::open(root)?;
    walk(&inside, path, &mut |_, _| Ok(false))
}

/// Makes a directory inside of a root with all that lead to it, symlinks followed. Those that are made have a mode and an
/// owner, those that are there stay as they are. Tells where it is.
pub fn make_directories(
    root: &Path,
    path: &[u8],
    mode: u32,
    owner: (u32, u32),
) -> Result<Vec<u8>, ArchiveError> {
    let inside = Inside::open(root)?;
    let made = walk(&inside, path, &mut |folder, name| {
        fs::mkdirat(folder, name, Mode::RWXU)?;
        let made = fs::openat(folder, name, FOLDER, Mode::empty())?;
        given(fs::fchown(&made, Some(fs::Uid::from_raw(owner.0)), Some(fs::Gid::from_raw(owner.1))))?;
        fs::fchmod(&made, Mode::from(mode))?;
        Ok(true)
    })?;
    match made.is_directory() {
        true => Ok(made.path),
        false => Err(ArchiveError::NotDirectory(path.to_vec())),
    }
}

/// Asked about a component that is not there, by its directory and name: whether it has made it.
type Missing<'a> = dyn FnMut(&OwnedFd, &[u8]) -> Result<bool, Errno> + 'a;

/// Goes along a path. `missing` is asked about each component that is not there, and says whether it has made it.
fn walk(inside: &Inside, path: &[u8], missing: &mut Missing<'_>) -> Result<Followed, ArchiveError> {
    let fail = |error| ArchiveError::from_errno("follow", path, error);
    let parts = |path: &[u8]| -> Vec<Vec<u8>> {
        path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec).collect()
    };
    // What is still to be gone, the next last.
    let mut ahead = parts(path);
    let mut behind: Vec<Vec<u8>> = Vec::new();
    let mut links = 0;
    let mut stat = Some(fs::statat(&inside.root, ".", AtFlags::empty()).map_err(fail)?);
    while let Some(name) = ahead.pop() {
        match &name[..] {
            b"" | b"." => continue,
            b".." => {
                behind.pop();
                stat = look(inside, &behind).map_err(fail)?;
                continue;
            }
            _ => {}
        }
        if stat.is_none() {
            behind.push(name);
            continue;
        }
        let folder = match open(inside, &behind) {
            Ok(folder) => folder,
            Err(Errno::NOTDIR) => return Err(ArchiveError::NotDirectory(behind.join(&b'/'))),
            Err(error) => return Err(fail(error)),
        };
        let found = match fs::statat(&folder, &name[..], AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Some(found),
            Err(Errno::NOENT) if missing(&folder, &name).map_err(fail)? => {
                Some(fs::statat(&folder, &name[..], AtFlags::SYMLINK_NOFOLLOW).map_err(fail)?)
            }
            Err(Errno::NOENT) => None,
            Err(error) => return Err(fail(error)),
        };
        match found {
            Some(link) if FileType::from_raw_mode(link.st_mode) == FileType::Symlink => {
                links += 1;
                if links > LINKS {
                    return Err(ArchiveError::Loop(path.to_vec()));
                }
                let target = fs::readlinkat(&folder, &name[..], Vec::new()).map_err(fail)?.into_bytes();
                if target.starts_with(b"/") {
                    behind.clear();
                }
                ahead.extend(parts(&target));
                stat = look(inside, &behind).map_err(fail)?;
            }
            found => {
                behind.push(name);
                stat = found;
            }
        }
    }
    Ok(Followed { path: behind.join(&b'/'), stat })
}

/// Opens a directory whose path has no symlinks; one that somebody puts there meanwhile is refused.
fn open(inside: &Inside, names: &[Vec<u8>]) -> Result<OwnedFd, Errno> {
    resolve(inside, names, OFlags::RDONLY | OFlags::DIRECTORY)
}

fn look(inside: &Inside, names: &[Vec<u8>]) -> Result<Option<Stat>, Errno> {
    match resolve(inside, names, OFlags::PATH | OFlags::NOFOLLOW) {
        Ok(found) => fs::fstat(found).map(Some),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn resolve(inside: &Inside, names: &[Vec<u8>], flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let path = if names.is_empty() { b".".to_vec() } else { names.join(&b'/') };
    loop {
        match fs::openat2(&inside.root, &path[..], flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => continue,
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn paths_are_followed_inside_whether_they_are_there_or_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("etc/deep")).expect("creates");
        fs::write(root.join("etc/file"), "").expect("writes");
        symlink("/etc", root.join("absolute")).expect("links");
        symlink("../../../..", root.join("etc/up")).expect("links");
        symlink("new/place", root.join("dangling")).expect("links");
        symlink("loop", root.join("loop")).expect("links");
        let cases = [
            ("", "", true),
            ("/../..", "", true),
            ("etc/file", "etc/file", false),
            ("/absolute/deep/", "etc/deep", true),
            ("absolute/up/etc", "etc", true),
            ("dangling/x", "new/place/x", false),
            ("not/there/../here", "not/here", false),
            ("etc/deep/../file", "etc/file", false),
        ];
        for (path, expected, directory) in cases {
            let followed = follow(&root, path.as_bytes()).expect(path);
            assert_eq!(String::from_utf8_lossy(&followed.path), expected, "{path}");
            assert_eq!(followed.is_directory(), directory, "{path}");
        }
        assert!(matches!(follow(&root, b"loop"), Err(ArchiveError::Loop(_))));
        assert!(matches!(follow(&root, b"etc/file/x"), Err(ArchiveError::NotDirectory(_))));
    }

    #[test]
    fn directories_are_made_where_symlinks_lead_and_never_outside() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("srv")).expect("creates");
        symlink("/../../outside", root.join("out")).expect("links");
        symlink("/srv", root.join("in")).expect("links");
        assert_eq!(make_directories(&root, b"/in/a/b", 0o755, (0, 0)).expect("makes"), b"srv/a/b");
        assert_eq!(make_directories(&root, b"out/c", 0o700, (0, 0)).expect("makes"), b"outside/c");
        assert!(root.join("srv/a/b").is_dir() && root.join("outside/c").is_dir());
        assert!(!dir.path().join("outside").exists());
        fs::write(root.join("file"), "").expect("writes");
        for path in ["file", "file/x"] {
            let error = make_directories(&root, path.as_bytes(), 0o755, (0, 0)).expect_err(path);
            assert!(matches!(error, ArchiveError::NotDirectory(_)), "{error}");
        }
    }
}
