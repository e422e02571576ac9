//! fuse-overlayfs: a program that answers for the file system, for kernels and users that may not mount overlay.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use rustix::io::Errno;

use super::{MountError, links};
use crate::{Plan, SnapshotError};

/// Starts the program; it goes into the background when the file system answers, and ends when it is unmounted.
pub(super) fn mount(plan: &Plan, folder: &Path) -> Result<(), MountError> {
    let links = links::make(plan, folder)?;
    let mut options = plan.fuse_options(".");
    // Else only its own user could enter, and a container's users are others.
    if rustix::process::geteuid().is_root() {
        options.push_str(",allow_other");
    }
    let ended = Command::new("fuse-overlayfs")
        .args(["-o", &options, &plan.merged])
        .current_dir(links)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| MountError::Fuse(error.to_string()))?;
    match ended.status.success() {
        true => Ok(()),
        false => Err(MountError::Fuse(format!("{}: {}", ended.status, said(&ended.stderr)))),
    }
}

/// What unmount(2) refuses to an ordinary user, its helper may do.
pub(super) fn unmount(merged: &Path, refusal: Errno) -> Result<(), SnapshotError> {
    let fail = || SnapshotError::io::<std::io::Error>("unmount", merged);
    if refusal != Errno::PERM {
        return Err(fail()(refusal.into()));
    }
    let ended = Command::new("fusermount3").args(["-u", "-z", "--"]).arg(merged).output().map_err(fail())?;
    match ended.status.success() {
        true => Ok(()),
        false => Err(fail()(std::io::Error::other(format!("fusermount3: {}", said(&ended.stderr))))),
    }
}

fn said(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr).trim().replace('\n', "; ")
}
