//! Third stage: entries become files.
//!
//! The entries of an archive mostly come in order, so the way down to the current directory is kept open and an
//! entry costs a few calls relative to it: create, write, set the time. What the kernel does anyway is not asked for
//! again: a new file's owner is us, and its mode what we said less the umask.
//!
//! A directory's time changes whenever something is made in it, so it is set when we leave it.

mod attributes;
mod content;
mod directory;
mod error;
mod special;

use std::{io::Read, os::fd::OwnedFd};

pub use error::ApplyError;
use rustix::{
    fs::{self, AtFlags, Timespec, Timestamps},
    io::Errno,
};
use strata_layer::{Entry, Kind, LayerPath, Sink, Timestamp, Xattr};

use crate::{Powers, Watch, descent::Descent, remove::clear, walk};

/// Applies a layer's entries to an empty directory.
pub(crate) struct Applier<'a> {
    descent: Descent<Level>,
    root: Level,
    powers: Powers,
    /// Permission bits that new files don't get.
    masked: u32,
    watch: &'a Watch,
    buffer: Vec<u8>,
    /// Beside the tree: where the whiteout lies that all others are hard links to.
    scratch: &'a OwnedFd,
    whiteout: bool,
    /// Default ACLs would be inherited by what is made later, which no archive means.
    late: Vec<(LayerPath, Xattr)>,
}

/// A directory on the way to where we are.
struct Level {
    name: Box<[u8]>,
    /// The time that it is to have.
    mtime: Timespec,
    /// Whether its time must be set again.
    touched: bool,
    /// Whether what is made in it gets its group.
    setgid: bool,
}

impl<'a> Applier<'a> {
    /// `tree` is the layer's empty directory, `scratch` one on the same file system for things of our own; `masked`
    /// are the permission bits that the umask takes from what is made there.
    pub(crate) fn new(
        tree: OwnedFd,
        scratch: &'a OwnedFd,
        powers: Powers,
        masked: u32,
        watch: &'a Watch,
    ) -> Self {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let root = Level { name: Box::default(), mtime: zero, touched: true, setgid: false };
        Self {
            descent: Descent::new(tree),
            root,
            powers,
            masked,
            watch,
            buffer: Vec::new(),
            scratch,
            whiteout: false,
            late: Vec::new(),
        }
    }

    /// Sets what had to wait. Without it the tree is not complete.
    pub(crate) fn finish(mut self) -> Result<(), ApplyError> {
        self.go_up(0)?;
        self.forget_whiteout()?;
        for (path, xattr) in std::mem::take(&mut self.late) {
            self.go_to(&path)?;
            self.set_xattr(self.descent.folder(), &path, &xattr)?;
        }
        self.go_up(0)?;
        if self.root.touched {
            let path = LayerPath::root();
            let done = fs::futimens(self.descent.folder(), &times(self.root.mtime));
            done.map_err(ApplyError::io("set the time of", &path))?;
        }
        Ok(())
    }

    fn here(&mut self) -> &mut Level {
        self.descent.here().unwrap_or(&mut self.root)
    }

    /// Goes to the directory `path`, which is there: the archive's reader hands on parents first.
    fn go_to(&mut self, path: &LayerPath) -> Result<(), ApplyError> {
        self.go_along(path, path.components())
    }

    /// Goes to the directory that `path` is in; gives its last component, nothing for the root.
    fn go_to_parent<'p>(&mut self, path: &'p LayerPath) -> Result<Option<&'p [u8]>, ApplyError> {
        let mut names = path.components();
        let last = names.next_back();
        self.go_along(path, names)?;
        Ok(last)
    }

    fn go_along<'p>(
        &mut self,
        path: &LayerPath,
        names: impl Iterator<Item = &'p [u8]>,
    ) -> Result<(), ApplyError> {
        let mut names = names.peekable();
        let mut common = 0;
        while let (Some(name), Some(level)) = (names.peek(), self.descent.level(common))
            && **name == *level.name
        {
            common += 1;
            names.next();
        }
        self.go_up(common)?;
        for name in names {
            let fail = || ApplyError::io("enter", path);
            let folder =
                walk::open_folder(self.descent.folder(), name).map_err(|error: Errno| fail()(error))?;
            let found = fs::fstat(&folder).map_err(|error| fail()(error))?;
            let mtime = Timespec { tv_sec: found.st_mtime, tv_nsec: found.st_mtime_nsec as _ };
            let setgid = found.st_mode & 0o2000 != 0;
            self.descent.push(folder, Level { name: name.into(), mtime, touched: false, setgid });
        }
        Ok(())
    }

    /// Leaves directories until only `depth` are left, and sets the times of those that changed.
    fn go_up(&mut self, depth: usize) -> Result<(), ApplyError> {
        while self.descent.depth() > depth {
            let fail = |error: Errno| ApplyError::io("leave a directory below", &LayerPath::root())(error);
            let Some((folder, level)) = self.descent.pop().map_err(fail)? else { break };
            if level.touched {
                fs::futimens(&folder, &times(level.mtime)).map_err(fail)?;
            }
        }
        Ok(())
    }

    /// Removes what is at an entry's place, so that it can be made anew. We are in its parent.
    fn make_room(&mut self, entry: &Entry, name: &[u8]) -> Result<(), ApplyError> {
        let fail = || ApplyError::io("replace", &entry.path);
        let folder = self.descent.folder();
        let removed = match entry.replaces {
            None => return Ok(()),
            Some(Kind::Directory) => match walk::open_folder(folder, name) {
                Ok(old) => {
                    clear(&old).map_err(|error| fail()(error))?;
                    fs::unlinkat(folder, name, AtFlags::REMOVEDIR)
                }
                Err(error) => Err(error),
            },
            Some(_) => fs::unlinkat(folder, name, AtFlags::empty()),
        };
        match removed {
            // What could not be made without privileges is not there.
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(fail()(error)),
        }
    }
}

impl Sink for Applier<'_> {
    type Error = ApplyError;

    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), ApplyError> {
        if self.watch.is_stopped() {
            return Err(ApplyError::Stopped);
        }
        self.watch.add_entry();
        let Some(name) = self.go_to_parent(&entry.path)? else { return self.root_directory(entry) };
        if entry.kind == Kind::Directory {
            return self.directory(entry, name);
        }
        self.make_room(entry, name)?;
        self.here().touched = true;
        match entry.kind {
            Kind::File => self.file(entry, name, content),
            Kind::Hardlink => self.hardlink(entry, name),
            Kind::Symlink => self.symlink(entry, name),
            Kind::Whiteout => self.whiteout(entry, name),
            Kind::CharDevice | Kind::BlockDevice | Kind::Fifo => self.node(entry, name),
            Kind::Directory => unreachable!("handled above"),
        }
    }

    fn opaque(&mut self, directory: &LayerPath) -> Result<(), ApplyError> {
        self.go_to(directory)?;
        self.make_opaque(directory)
    }
}

fn times(mtime: Timespec) -> Timestamps {
    Timestamps { last_access: mtime, last_modification: mtime }
}

fn timespec(time: Timestamp) -> Timespec {
    Timespec { tv_sec: time.seconds, tv_nsec: i64::from(time.nanos) }
}
