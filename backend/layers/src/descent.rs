//! A way down a tree as open directories, with a bounded number of descriptors.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{self, Mode},
    io::Errno,
};

use crate::walk::FOLDER;

/// Directories kept open. A tree of an archive may be 2,047 deep, and a process may have 1,024 files open.
const OPEN: usize = 48;

/// The directories from a root down to where we are, each with something of the user's.
///
/// Only the deepest ones are open. Going up to one that is not opens it by `..`, and fails with `ESTALE` if that is
/// another one: a program that still works in a tree that we remove could lead us anywhere by moving a directory.
#[derive(Debug)]
pub(crate) struct Descent<T> {
    root: OwnedFd,
    levels: Vec<Level<T>>,
}

#[derive(Debug)]
struct Level<T> {
    folder: Option<OwnedFd>,
    /// Device and inode of one that is not open.
    closed: Option<(u64, u64)>,
    of: T,
}

impl<T> Descent<T> {
    pub(crate) fn new(root: OwnedFd) -> Self {
        Self { root, levels: Vec::new() }
    }

    /// The directory that we are in.
    pub(crate) fn folder(&self) -> &OwnedFd {
        match self.levels.last() {
            Some(level) => level.folder.as_ref().expect("push and pop leave the deepest level open"),
            None => &self.root,
        }
    }

    /// Where the descent began.
    pub(crate) fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// How many levels below the root we are.
    pub(crate) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// What belongs to a level, 0 being the one below the root.
    pub(crate) fn level(&self, depth: usize) -> Option<&T> {
        self.levels.get(depth).map(|level| &level.of)
    }

    /// What belongs to the level that we are in; nothing at the root.
    pub(crate) fn here(&mut self) -> Option<&mut T> {
        self.levels.last_mut().map(|level| &mut level.of)
    }

    /// Goes down into `folder`.
    pub(crate) fn push(&mut self, folder: OwnedFd, of: T) {
        self.levels.push(Level { folder: Some(folder), closed: None, of });
        if let Some(shallow) = self.levels.len().checked_sub(OPEN + 1) {
            let level = &mut self.levels[shallow];
            if let Some(folder) = level.folder.take() {
                level.closed = identity(&folder).ok();
            }
        }
    }

    /// Goes up; gives back the directory and what belonged to it. `None` at the root.
    pub(crate) fn pop(&mut self) -> Result<Option<(OwnedFd, T)>, Errno> {
        let Some(level) = self.levels.pop() else { return Ok(None) };
        let folder = level.folder.expect("push and pop leave the deepest level open");
        if let Some(above) = self.levels.last_mut()
            && above.folder.is_none()
        {
            let parent = fs::openat(&folder, c"..", FOLDER, Mode::empty())?;
            if above.closed != Some(identity(&parent)?) {
                return Err(Errno::STALE);
            }
            above.folder = Some(parent);
        }
        Ok(Some((folder, level.of)))
    }
}

fn identity(folder: &OwnedFd) -> Result<(u64, u64), Errno> {
    fs::fstat(folder).map(|stat| (stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, mkdirat, openat, renameat};

    use super::*;

    #[test]
    fn a_directory_that_was_moved_is_not_followed_up() {
        let dir = tempfile::tempdir().expect("a directory");
        let open = |at: &OwnedFd, name: &str| openat(at, name, FOLDER, Mode::empty()).expect("opens");
        let root = openat(CWD, dir.path(), FOLDER, Mode::empty()).expect("opens");
        for moved in [false, true] {
            let mut descent = Descent::new(open(&root, "."));
            for depth in 0..=OPEN + 3 {
                let _ = mkdirat(descent.folder(), "d", Mode::RWXU);
                let folder = open(descent.folder(), "d");
                descent.push(folder, depth);
            }
            if moved {
                // Everything below the third level, to the top.
                let third = open(&open(&open(&root, "d"), "d"), "d");
                renameat(&third, "d", &root, "elsewhere").expect("moves");
            }
            let mut popped = 0;
            let end = loop {
                match descent.pop() {
                    Ok(Some(_)) => popped += 1,
                    other => break other.map(drop),
                }
            };
            match moved {
                false => assert_eq!((end, popped), (Ok(()), OPEN + 4)),
                true => assert_eq!(end, Err(Errno::STALE)),
            }
        }
    }
}
