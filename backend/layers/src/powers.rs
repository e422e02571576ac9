//! What this process may do to files, found out by trying.

use std::os::fd::{AsFd, OwnedFd};

use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags, XattrFlags},
    io::Errno,
};

/// What this process may do in the layers' directory. Root may all of it; in a container or a user namespace some
/// are missing, and an ordinary user has only whiteouts.
///
/// Trying is the only way to know: capabilities say nothing about user namespaces, mount options and file systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Powers {
    /// May give files to other users.
    pub owners: bool,
    /// May make devices.
    pub devices: bool,
    /// May set `trusted.*` attributes; without, overlay must be mounted with `userxattr`.
    pub trusted: bool,
    /// May make the character device 0:0 that overlay takes for a whiteout (Linux 5.8 for ordinary users). Without,
    /// a whiteout is an empty file with `user.overlay.whiteout`, which overlay knows since Linux 6.7.
    pub whiteouts: bool,
}

impl Powers {
    /// Tries everything in the directory `scratch`, which is left empty.
    pub(crate) fn probe(scratch: impl AsFd) -> Result<Self, Errno> {
        let scratch = scratch.as_fd();
        let file = probe_file(scratch)?;
        let owners = fs::fchown(&file, Some(fs::Uid::from_raw(1)), Some(fs::Gid::from_raw(1))).is_ok();
        let trusted = fs::fsetxattr(&file, "trusted.overlay.opaque", b"y", XattrFlags::empty()).is_ok();
        fs::unlinkat(scratch, PROBE, AtFlags::empty())?;
        let devices = probe_device(scratch, 1, 3);
        let whiteouts = probe_device(scratch, 0, 0);
        Ok(Self { owners, devices, trusted, whiteouts })
    }

    /// The prefix of overlay's own attributes.
    pub(crate) fn overlay(&self) -> &'static str {
        if self.trusted { "trusted.overlay." } else { "user.overlay." }
    }
}

const PROBE: &str = "probe";

fn probe_file(scratch: impl AsFd) -> Result<OwnedFd, Errno> {
    fs::openat(
        scratch,
        PROBE,
        OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC,
        Mode::from(0o777),
    )
}

fn probe_device(scratch: impl AsFd, major: u32, minor: u32) -> bool {
    let made =
        fs::mknodat(&scratch, PROBE, FileType::CharacterDevice, Mode::from(0o600), fs::makedev(major, minor));
    made.is_ok() && fs::unlinkat(scratch, PROBE, AtFlags::empty()).is_ok()
}
