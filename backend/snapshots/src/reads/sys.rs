//! fanotify, which rustix does not have.
#![allow(unsafe_code)]

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

/// A file was read, or executed.
const READ: u64 = libc::FAN_ACCESS | libc::FAN_OPEN_EXEC;
/// Bytes of an event, all of which are of one size where only descriptors are reported.
const EVENT: usize = 24;

/// Opens a queue that tells of every file of the file system mounted at `folder` that is read, by whatever mount.
pub(super) fn open(folder: &OwnedFd) -> io::Result<OwnedFd> {
    // What a program reads from is opened a second time for us: without waiting, and for reading only.
    let opened = libc::O_RDONLY | libc::O_LARGEFILE | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOATIME;
    let flags = libc::FAN_CLASS_NOTIF | libc::FAN_CLOEXEC | libc::FAN_NONBLOCK;
    // SAFETY: takes numbers only.
    let queue = unsafe { libc::fanotify_init(flags, opened.cast_unsigned()) };
    if queue < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made the descriptor for us, and nobody else knows it.
    let queue = unsafe { OwnedFd::from_raw_fd(queue) };
    mark(&queue, libc::FAN_MARK_ADD | libc::FAN_MARK_FILESYSTEM, folder)?;
    Ok(queue)
}

/// Tells of a file no more.
pub(super) fn ignore(queue: &OwnedFd, file: &OwnedFd) -> io::Result<()> {
    // Evictable: it must not keep the file in memory.
    let evictable = 0x200;
    let ignored = libc::FAN_MARK_IGNORED_MASK | libc::FAN_MARK_IGNORED_SURV_MODIFY;
    mark(queue, libc::FAN_MARK_ADD | ignored | evictable, file)
}

fn mark(queue: &OwnedFd, flags: u32, file: &OwnedFd) -> io::Result<()> {
    // Without a path it is the descriptor itself that is marked; one that was opened by path only needs one.
    let path = c".";
    let path = if flags & libc::FAN_MARK_FILESYSTEM == 0 { std::ptr::null() } else { path.as_ptr() };
    // SAFETY: both descriptors are open, and the path is null or a string that lives as long as the program.
    let done = unsafe { libc::fanotify_mark(queue.as_raw_fd(), flags, READ, file.as_raw_fd(), path) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Takes events without waiting: the files that were read. Nothing if there is none left.
pub(super) fn take(queue: &OwnedFd) -> io::Result<Vec<OwnedFd>> {
    // No more than are open at a time anyway.
    let mut buffer = [0; 64 * EVENT];
    let length = match rustix::io::read(queue, &mut buffer) {
        Ok(length) => length,
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let number = |event: &[u8]| Some(i32::from_ne_bytes(event.get(16..20)?.try_into().ok()?));
    let opened = buffer[..length].chunks(EVENT).filter_map(number).filter(|number| *number >= 0);
    // SAFETY: the kernel opened each of them for whoever reads the queue, which is us, and tells of each once. An
    // event that tells of lost ones has -1 there.
    Ok(opened.map(|number| unsafe { OwnedFd::from_raw_fd(number) }).collect())
}
