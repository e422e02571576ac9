//! Links, devices, pipes and whiteouts.

use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags, XattrFlags},
    io::Errno,
};
use strata_layer::{Entry, Kind, LayerPath};

use super::{Applier, ApplyError, times, timespec};
use crate::walk;

/// The name, in the scratch directory, of the inode that all whiteouts share.
const SHARED: &str = "whiteout";

impl Applier<'_> {
    pub(super) fn symlink(&mut self, entry: &Entry, name: &[u8]) -> Result<(), ApplyError> {
        let fail = ApplyError::io("create symlink", &entry.path);
        fs::symlinkat(&*entry.link, self.descent.folder(), name).map_err(fail)?;
        self.set_owner_at(name, entry)?;
        self.set_xattrs_at(name, entry)?;
        self.set_time_at(name, entry)
    }

    /// Another name for an inode: its metadata is what the first name said.
    pub(super) fn hardlink(&mut self, entry: &Entry, name: &[u8]) -> Result<(), ApplyError> {
        let fail = || ApplyError::io("create hard link", &entry.path);
        let target = entry.target().expect("a hard link has a target");
        let linked = walk::open_parent(self.descent.root(), &target).and_then(|folder| {
            let (folder, last) = folder.zip(target.name()).ok_or(Errno::ISDIR)?;
            fs::linkat(&folder, last, self.descent.folder(), name, AtFlags::empty())
        });
        match linked {
            // The target is a device that we may not make.
            Err(Errno::NOENT) if !self.powers.devices => Ok(()),
            Err(error) => Err(fail()(error)),
            Ok(()) => self.share(entry, name),
        }
    }

    /// Gives a file what the header of its new name says, as dockerd does and the index has it: owner, mode,
    /// attributes and time; a symlink only the owner. Mostly it has them already.
    fn share(&mut self, entry: &Entry, name: &[u8]) -> Result<(), ApplyError> {
        let fail = || ApplyError::io("look at", &entry.path);
        let found = fs::statat(self.descent.folder(), name, AtFlags::SYMLINK_NOFOLLOW);
        let found = found.map_err(|error| fail()(error))?;
        let moves = self.powers.owners && (found.st_uid, found.st_gid) != (entry.uid, entry.gid);
        if moves {
            self.chown_at(name, entry)?;
        }
        let kind = FileType::from_raw_mode(found.st_mode);
        if kind == FileType::Symlink {
            return Ok(());
        }
        let readable = if kind == FileType::RegularFile && !self.powers.owners { 0o600 } else { 0 };
        let mode = u32::from(entry.mode) | readable;
        // A change of owner takes the special bits away.
        if moves || found.st_mode & 0o7777 != mode {
            let fail = ApplyError::io("set the mode of", &entry.path);
            fs::chmodat(self.descent.folder(), name, Mode::from(mode), AtFlags::empty()).map_err(fail)?;
        }
        self.set_xattrs_at(name, entry)?;
        self.set_time_at(name, entry)
    }

    /// A device or a pipe. A device that we may not make is left out.
    pub(super) fn node(&mut self, entry: &Entry, name: &[u8]) -> Result<(), ApplyError> {
        let kind = match entry.kind {
            Kind::CharDevice => FileType::CharacterDevice,
            Kind::BlockDevice => FileType::BlockDevice,
            _ => FileType::Fifo,
        };
        if kind != FileType::Fifo && !self.powers.devices {
            return Ok(());
        }
        let device = fs::makedev(entry.device.major, entry.device.minor);
        let mode = Mode::from(u32::from(entry.mode) & 0o777);
        let fail = ApplyError::io("create device or pipe", &entry.path);
        fs::mknodat(self.descent.folder(), name, kind, mode, device).map_err(fail)?;
        self.set_owner_at(name, entry)?;
        if self.mode_needs_setting(entry.mode.into()) {
            // Made by us a moment ago, and no symlink: chmod by name hits it.
            let mode = Mode::from(u32::from(entry.mode));
            let fail = ApplyError::io("set the mode of", &entry.path);
            fs::chmodat(self.descent.folder(), name, mode, AtFlags::empty()).map_err(fail)?;
        }
        self.set_xattrs_at(name, entry)?;
        self.set_time_at(name, entry)
    }

    /// A whiteout: one inode for all of the layer, because a link is cheaper than an inode.
    pub(super) fn whiteout(&mut self, entry: &Entry, name: &[u8]) -> Result<(), ApplyError> {
        let fail = |error: Errno| ApplyError::io("create whiteout", &entry.path)(error);
        if !self.powers.whiteouts {
            return self.placeholder(name).map_err(fail);
        }
        if self.whiteout {
            match fs::linkat(self.scratch, SHARED, self.descent.folder(), name, AtFlags::empty()) {
                Ok(()) => return Ok(()),
                // The inode has as many names as the file system allows: start the next.
                Err(Errno::MLINK) => fs::unlinkat(self.scratch, SHARED, AtFlags::empty()).map_err(fail)?,
                Err(error) => return Err(fail(error)),
            }
            self.whiteout = false;
        }
        let mode = Mode::from(0o000);
        fs::mknodat(self.descent.folder(), name, FileType::CharacterDevice, mode, fs::makedev(0, 0))
            .map_err(fail)?;
        fs::linkat(self.descent.folder(), name, self.scratch, SHARED, AtFlags::empty()).map_err(fail)?;
        self.whiteout = true;
        Ok(())
    }

    /// Takes the shared inode's name out of the scratch directory.
    pub(super) fn forget_whiteout(&mut self) -> Result<(), ApplyError> {
        if std::mem::take(&mut self.whiteout) {
            let path = LayerPath::root();
            let done = fs::unlinkat(self.scratch, SHARED, AtFlags::empty());
            done.map_err(ApplyError::io("finish the whiteouts of", &path))?;
        }
        Ok(())
    }

    /// Where the kernel makes no device 0:0 for us: what overlay has taken for a whiteout since Linux 6.7, in a
    /// directory that says that it has such.
    fn placeholder(&mut self, name: &[u8]) -> Result<(), Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = self.descent.folder();
        let file = fs::openat(folder, name, flags, Mode::from(0o600))?;
        let prefix = self.powers.overlay();
        fs::fsetxattr(&file, format!("{prefix}whiteout"), b"y", XattrFlags::empty())?;
        match fs::fsetxattr(folder, format!("{prefix}opaque"), b"x", XattrFlags::CREATE) {
            Err(Errno::EXIST) => Ok(()),
            other => other,
        }
    }

    fn set_time_at(&self, name: &[u8], entry: &Entry) -> Result<(), ApplyError> {
        let times = times(timespec(entry.mtime));
        let done = fs::utimensat(self.descent.folder(), name, &times, AtFlags::SYMLINK_NOFOLLOW);
        done.map_err(ApplyError::io("set the time of", &entry.path))
    }
}
