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
/// Only the deepest ones are open. Going up to one that is not opens it by `..`, which is right as long as nobody
/// else moves directories: these trees are ours.
#[derive(Debug)]
pub(crate) struct Descent<T> {
    root: OwnedFd,
    levels: Vec<Level<T>>,
}

#[derive(Debug)]
struct Level<T> {
    folder: Option<OwnedFd>,
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
        self.levels.push(Level { folder: Some(folder), of });
        if let Some(shallow) = self.levels.len().checked_sub(OPEN + 1) {
            self.levels[shallow].folder = None;
        }
    }

    /// Goes up; gives back the directory and what belonged to it. `None` at the root.
    pub(crate) fn pop(&mut self) -> Result<Option<(OwnedFd, T)>, Errno> {
        let Some(level) = self.levels.pop() else { return Ok(None) };
        let folder = level.folder.expect("push and pop leave the deepest level open");
        if let Some(above) = self.levels.last_mut()
            && above.folder.is_none()
        {
            above.folder = Some(fs::openat(&folder, c"..", FOLDER, Mode::empty())?);
        }
        Ok(Some((folder, level.of)))
    }
}
