//! Owners, modes and extended attributes.

use std::os::fd::AsFd;

use rustix::{
    fs::{self, Gid, Uid, XattrFlags},
    io::Errno,
};
use strata_layer::{Entry, LayerPath, Xattr};

use super::{Applier, ApplyError};

impl Applier<'_> {
    /// Sets owner and group of an open file. `fresh`: it was just made and is root's.
    pub(super) fn set_owner(&self, file: impl AsFd, entry: &Entry, fresh: bool) -> Result<(), ApplyError> {
        if !self.owner_needs_setting(entry, fresh) {
            return Ok(());
        }
        let (uid, gid) = owner(entry);
        fs::fchown(file, Some(uid), Some(gid)).map_err(ApplyError::io("set the owner of", &entry.path))
    }

    /// As [`Self::set_owner`] for what cannot be opened, by its name in the directory that we are in.
    pub(super) fn set_owner_at(&mut self, name: &[u8], entry: &Entry) -> Result<(), ApplyError> {
        let fresh = !self.here().setgid;
        if !self.owner_needs_setting(entry, fresh) {
            return Ok(());
        }
        self.chown_at(name, entry)
    }

    /// Sets owner and group of what has a name in the directory that we are in.
    pub(super) fn chown_at(&self, name: &[u8], entry: &Entry) -> Result<(), ApplyError> {
        let (uid, gid) = owner(entry);
        let done =
            fs::chownat(self.descent.folder(), name, Some(uid), Some(gid), fs::AtFlags::SYMLINK_NOFOLLOW);
        done.map_err(ApplyError::io("set the owner of", &entry.path))
    }

    /// The process may give files away only as root, so what it makes is root's.
    fn owner_needs_setting(&self, entry: &Entry, fresh: bool) -> bool {
        self.powers.owners && !(fresh && entry.uid == 0 && entry.gid == 0)
    }

    /// Whether a file made with `mode` has another one: the umask took bits, or chown and open the special ones.
    pub(super) fn mode_needs_setting(&self, mode: u32) -> bool {
        mode & (0o7000 | self.masked) != 0
    }

    /// Sets an attribute of an open file. One that the file system or our rights don't allow is left out, as in
    /// docker; the index has it.
    pub(super) fn set_xattr(
        &self,
        file: impl AsFd,
        path: &LayerPath,
        xattr: &Xattr,
    ) -> Result<(), ApplyError> {
        if is_overlays(&xattr.name) {
            return Ok(());
        }
        tolerate(fs::fsetxattr(file, &*xattr.name, &xattr.value, XattrFlags::empty()), path, xattr)
    }

    /// As [`Self::set_xattr`] for what cannot be opened, by its name in the directory that we are in.
    pub(super) fn set_xattrs_at(&self, name: &[u8], entry: &Entry) -> Result<(), ApplyError> {
        for xattr in entry.xattrs.iter().filter(|xattr| !is_overlays(&xattr.name)) {
            let folder = std::os::fd::AsRawFd::as_raw_fd(self.descent.folder());
            let mut place = format!("/proc/self/fd/{folder}/").into_bytes();
            place.extend_from_slice(name);
            let set = fs::lsetxattr(place.as_slice(), &*xattr.name, &xattr.value, XattrFlags::empty());
            tolerate(set, &entry.path, xattr)?;
        }
        Ok(())
    }
}

fn owner(entry: &Entry) -> (Uid, Gid) {
    (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid))
}

/// Attributes by which overlay is told what a file means: an archive may not say that.
fn is_overlays(name: &[u8]) -> bool {
    name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.")
}

fn tolerate(set: Result<(), Errno>, path: &LayerPath, xattr: &Xattr) -> Result<(), ApplyError> {
    match set {
        Err(error @ (Errno::NOTSUP | Errno::PERM)) => {
            let name = String::from_utf8_lossy(&xattr.name);
            tracing::debug!(%path, %name, %error, "attribute left out");
            Ok(())
        }
        other => other.map_err(ApplyError::io("set an attribute of", path)),
    }
}
