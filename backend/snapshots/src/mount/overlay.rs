//! The kernel's overlay.

use std::{
    ffi::CString,
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, UnmountFlags, fsconfig_create,
        fsconfig_set_fd, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount,
    },
};

use super::{MountError, links};
use crate::{Parameter, Plan, SnapshotError};

/// Bytes of a value that fsconfig(2) takes as text, its closing zero included.
const LONGEST: usize = 256;

/// Tells the kernel one layer after the other: no limit but the kernel's own of 500.
pub(super) fn by_fsopen(plan: &Plan) -> Result<(), MountError> {
    let context =
        fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC).map_err(MountError::call("fsopen overlay"))?;
    let tell = |call: String, told: Result<(), Errno>| {
        told.map_err(|error| MountError::Call { call, source: error.into(), log: log(&context) })
    };
    tell("fsconfig source".into(), fsconfig_set_string(&context, "source", "overlay"))?;
    for parameter in plan.parameters() {
        match parameter {
            Parameter::Flag(key) => tell(format!("fsconfig {key}"), fsconfig_set_flag(&context, key))?,
            Parameter::Text(key, value) => {
                tell(format!("fsconfig {key}={value}"), fsconfig_set_string(&context, key, value))?;
            }
            Parameter::Folder(key, path) => {
                tell(format!("fsconfig {key}={path}"), set_folder(&context, key, path))?
            }
        }
    }
    tell("fsconfig create".into(), fsconfig_create(&context))?;
    let mount = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())
        .map_err(MountError::call("fsmount"))?;
    move_mount(&mount, "", CWD, plan.merged.as_str(), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .map_err(MountError::call(format!("move_mount {}", plan.merged)))
}

/// Long paths go as descriptors, which overlay takes since Linux 6.13; before, mount(2) must do.
fn set_folder(context: &OwnedFd, key: &str, path: &str) -> Result<(), Errno> {
    if path.len() < LONGEST {
        return fsconfig_set_string(context, key, path);
    }
    let folder = openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    fsconfig_set_fd(context, key, &folder)
}

/// What the kernel wrote about a failure: a line per read.
fn log(context: impl AsFd) -> String {
    let mut lines = Vec::new();
    let mut line = [0; 1024];
    while let Ok(length @ 1..) = rustix::io::read(&context, &mut line) {
        lines.push(String::from_utf8_lossy(&line[..length]).trim().to_owned());
    }
    lines.join("; ")
}

/// All options at once, with short links for paths.
pub(super) fn by_mount(plan: &Plan, folder: &Path) -> Result<(), MountError> {
    let links = links::make(plan, folder)?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(CWD, &links, flags, Mode::empty())
        .map_err(|error| MountError::Folder(Box::new(SnapshotError::io("open", &links)(error))))?;
    // The kernel resolves this while it mounts, in the thread that asks.
    let short = format!("/proc/self/fd/{}", opened.as_raw_fd());
    let options = plan.short_options(&short)?;
    let text = CString::new(options.as_str()).expect("paths of a plan have no zero byte");
    rustix::mount::mount(
        "overlay",
        plan.merged.as_str(),
        "overlay",
        MountFlags::empty(),
        Some(text.as_c_str()),
    )
    .map_err(MountError::call(format!("mount overlay -o {options}")))
}

/// Unmounts; if somebody is busy in there, as soon as they are done.
pub(super) fn unmount(merged: &Path) -> Result<(), Errno> {
    match rustix::mount::unmount(merged, UnmountFlags::NOFOLLOW) {
        Err(Errno::BUSY | Errno::NOTCONN) => {
            rustix::mount::unmount(merged, UnmountFlags::NOFOLLOW | UnmountFlags::DETACH)
        }
        other => other,
    }
}
