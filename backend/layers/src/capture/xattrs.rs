//! Extended attributes of anything, by its name in an open directory.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
};

use rustix::{
    fs::{self, AtFlags, FileType, Mode, Stat, Timespec, Timestamps, XattrFlags},
    io::Errno,
};
use strata_layer::Xattr;

/// The most that Linux keeps in a value, and in the list of names.
const MOST: usize = 64 << 10;

/// Labels that the host puts on files: not the tree's own.
const HOSTS: [&[u8]; 3] = [b"security.selinux", b"security.evm", b"security.ima"];

/// The attributes of `name` in `folder`, sorted; without overlay's own and the host's labels. A symlink's are its
/// own. For the directory itself the name is `.`.
pub fn xattrs(folder: &OwnedFd, name: &[u8]) -> io::Result<Vec<Xattr>> {
    let place = place(folder, name);
    let bytes = fs::llistxattr_query(&place[..]);
    all(bytes, |list| fs::llistxattr(&place[..], list), |name| value(&place, name))
}

/// The same of something that is open for reading.
pub(crate) fn xattrs_of(file: &impl AsFd) -> io::Result<Vec<Xattr>> {
    let bytes = fs::flistxattr_query(file);
    all(bytes, |list| fs::flistxattr(file, list), |name| read(|value| fs::fgetxattr(file, name, value)))
}

/// All that `list` names, in so many `bytes`, with what `value` says of them.
fn all(
    bytes: Result<usize, Errno>,
    list: impl Fn(&mut [u8]) -> Result<usize, Errno>,
    value: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<Vec<Xattr>> {
    // Almost nothing has any: no room is made before it is known how much there is.
    let mut names = match bytes {
        Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Ok(_) => vec![0; MOST],
        Err(error) => return Err(error.into()),
    };
    let length = list(&mut names[..])?;
    let mut found = Vec::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if is_overlays(name) || HOSTS.contains(&name) {
            continue;
        }
        if let Some(value) = value(name) {
            found.push(Xattr { name: name.into(), value: value.into() });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// One attribute; nothing if it is not there or may not be read.
pub(crate) fn xattr_at(folder: &OwnedFd, name: &[u8], xattr: &[u8]) -> Option<Vec<u8>> {
    value(&place(folder, name), xattr)
}

/// Gives `target`, in `folder`, the owner, mode, times and attributes of `source` in `from`. Attributes and owners
/// that may not be set are left out. Both names must be trusted not to be swapped meanwhile.
pub fn copy_metadata(from: &OwnedFd, source: &[u8], folder: &OwnedFd, target: &[u8]) -> io::Result<()> {
    let stat = fs::statat(from, source, AtFlags::SYMLINK_NOFOLLOW)?;
    let (uid, gid) = (fs::Uid::from_raw(stat.st_uid), fs::Gid::from_raw(stat.st_gid));
    match fs::chownat(folder, target, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(()) | Err(Errno::PERM | Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        fs::chmodat(folder, target, Mode::from_raw_mode(stat.st_mode), AtFlags::empty())?;
    }
    let place = place(folder, target);
    for xattr in xattrs(from, source)? {
        match fs::lsetxattr(&place[..], &*xattr.name, &xattr.value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::PERM | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let time = mtime(&stat);
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(fs::utimensat(folder, target, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

pub(crate) fn mtime(stat: &Stat) -> Timespec {
    Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec as _ }
}

/// Attributes by which overlay and fuse-overlayfs talk to themselves.
pub(crate) fn is_overlays(name: &[u8]) -> bool {
    [&b"trusted.overlay."[..], b"user.overlay.", b"user.fuseoverlayfs.", b"security.fuseoverlayfs."]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// A path that leads to a name in an open directory; only its last component can be a symlink.
pub(crate) fn place(folder: &OwnedFd, name: &[u8]) -> Vec<u8> {
    let mut place = format!("/proc/self/fd/{}/", folder.as_raw_fd()).into_bytes();
    place.extend_from_slice(name);
    place
}

fn value(place: &[u8], xattr: &[u8]) -> Option<Vec<u8>> {
    read(|value| fs::lgetxattr(place, xattr, value))
}

/// One value; nothing if it is not there or may not be read.
fn read(get: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Option<Vec<u8>> {
    let mut small = [0_u8; 64];
    match get(&mut small[..]) {
        Ok(length) => Some(small[..length].to_vec()),
        Err(Errno::RANGE) => {
            let mut value = vec![0; MOST];
            let length = get(&mut value[..]).ok()?;
            value.truncate(length);
            Some(value)
        }
        Err(_) => None,
    }
}
