//! Directories.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{self, Mode, XattrFlags},
    io::Errno,
};
use strata_layer::{Entry, Kind, LayerPath};

use super::{Applier, ApplyError, Level, timespec};
use crate::walk;

impl Applier<'_> {
    /// The layer's own directory: only its metadata.
    pub(super) fn root_directory(&mut self, entry: &Entry) -> Result<(), ApplyError> {
        self.root.mtime = timespec(entry.mtime);
        self.root.touched = true;
        self.root.setgid = entry.mode & 0o2000 != 0;
        self.directory_metadata(entry, false)
    }

    /// Makes a directory and enters it: what follows is mostly in it.
    pub(super) fn directory(&mut self, entry: &Entry, name: &[u8]) -> Result<(), ApplyError> {
        let merge = entry.replaces == Some(Kind::Directory);
        if !merge {
            self.make_room(entry, name)?;
            let mode = self.directory_mode(entry);
            let fail = ApplyError::io("create directory", &entry.path);
            fs::mkdirat(self.descent.folder(), name, Mode::from(mode & 0o777)).map_err(fail)?;
            self.here().touched = true;
        }
        let inherits = self.here().setgid;
        let fail = ApplyError::io("enter", &entry.path);
        let folder = walk::open_folder(self.descent.folder(), name).map_err(fail)?;
        let setgid = entry.mode & 0o2000 != 0;
        let level = Level { name: name.into(), mtime: timespec(entry.mtime), touched: true, setgid };
        self.descent.push(folder, level);
        if merge {
            self.drop_xattrs(self.descent.folder(), entry)?;
        }
        self.directory_metadata(entry, !merge && !inherits)?;
        if entry.opaque {
            self.make_opaque(&entry.path)?;
        }
        Ok(())
    }

    /// Sets what is not right yet of the directory that we are in. `fresh`: it was just made, without inheriting.
    fn directory_metadata(&mut self, entry: &Entry, fresh: bool) -> Result<(), ApplyError> {
        let folder = self.descent.folder();
        self.set_owner(folder, entry, fresh)?;
        let mode = self.directory_mode(entry);
        if !fresh || self.mode_needs_setting(mode) {
            fs::fchmod(folder, Mode::from(mode)).map_err(ApplyError::io("set the mode of", &entry.path))?;
        }
        for xattr in &entry.xattrs {
            if *xattr.name == *b"system.posix_acl_default" {
                self.late.push((entry.path.clone(), xattr.clone()));
            } else {
                self.set_xattr(self.descent.folder(), &entry.path, xattr)?;
            }
        }
        Ok(())
    }

    /// Marks the directory that we are in.
    pub(super) fn make_opaque(&mut self, path: &LayerPath) -> Result<(), ApplyError> {
        let name = format!("{}opaque", self.powers.overlay());
        let fail = ApplyError::io("make opaque", path);
        fs::fsetxattr(self.descent.folder(), name, b"y", XattrFlags::empty()).map_err(fail)
    }

    /// An ordinary user must be able to enter and to clean up.
    fn directory_mode(&self, entry: &Entry) -> u32 {
        let mode = u32::from(entry.mode);
        if self.powers.owners { mode } else { mode | 0o700 }
    }

    /// Takes away the attributes of the entry that a directory is listed by again; overlay's are not its own.
    fn drop_xattrs(&self, folder: &OwnedFd, entry: &Entry) -> Result<(), ApplyError> {
        let fail = |error: Errno| ApplyError::io("read the attributes of", &entry.path)(error);
        let mut names = vec![0; 1 << 16];
        let length = match fs::flistxattr(folder, &mut names[..]) {
            Err(Errno::NOTSUP) => 0,
            other => other.map_err(fail)?,
        };
        let opaque = format!("{}opaque", self.powers.overlay());
        for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            // Labels of the host's security module come by themselves and may be kept by force.
            let keep = name == opaque.as_bytes() || name == b"security.selinux";
            if !keep {
                fs::fremovexattr(folder, name).map_err(fail)?;
            }
        }
        Ok(())
    }
}
