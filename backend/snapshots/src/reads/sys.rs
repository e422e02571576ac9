//! fanotify, which rustix does not have.
#![allow(unsafe_code)]

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

use super::How;

/// A file was opened, read, or executed.
const READ: u64 = libc::FAN_OPEN | libc::FAN_ACCESS | libc::FAN_OPEN_EXEC;
/// Bytes of an event, all of which are of one size where only descriptors are reported.
const EVENT: usize = 24;

/// What the kernel tells.
pub(super) struct Event {
    /// The file, opened for us; nothing where the kernel tells that it has lost events.
    pub file: Option<OwnedFd>,
    /// Who did it.
    pub process: i32,
    /// What was done, bits of [`READ`].
    pub what: u64,
}

impl Event {
    /// The most that was done.
    pub(super) fn how(&self) -> How {
        if self.what & libc::FAN_OPEN_EXEC != 0 {
            How::Executed
        } else if self.what & libc::FAN_ACCESS != 0 {
            How::Read
        } else {
            How::Opened
        }
    }
}

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
    mark(&queue, libc::FAN_MARK_ADD | libc::FAN_MARK_FILESYSTEM, READ, folder)?;
    Ok(queue)
}

/// Tells no more that this is done to a file.
pub(super) fn ignore(queue: &OwnedFd, file: &OwnedFd, what: u64) -> io::Result<()> {
    // Evictable: it must not keep the file in memory.
    let evictable = 0x200;
    let ignored = libc::FAN_MARK_IGNORED_MASK | libc::FAN_MARK_IGNORED_SURV_MODIFY;
    mark(queue, libc::FAN_MARK_ADD | ignored | evictable, what & READ, file)
}

fn mark(queue: &OwnedFd, flags: u32, what: u64, file: &OwnedFd) -> io::Result<()> {
    // Without a path it is the descriptor itself that is marked; one that was opened by path only needs one.
    let path = c".";
    let path = if flags & libc::FAN_MARK_FILESYSTEM == 0 { std::ptr::null() } else { path.as_ptr() };
    // SAFETY: both descriptors are open, and the path is null or a string that lives as long as the program.
    let done = unsafe { libc::fanotify_mark(queue.as_raw_fd(), flags, what, file.as_raw_fd(), path) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Takes events without waiting. None if there is none left.
pub(super) fn take(queue: &OwnedFd) -> io::Result<Vec<Event>> {
    // No more than are open at a time anyway.
    let mut buffer = [0; 64 * EVENT];
    let length = match rustix::io::read(queue, &mut buffer) {
        Ok(length) => length,
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(buffer[..length].as_chunks().0.iter().map(event).collect())
}

/// `struct fanotify_event_metadata`: length 4, version 1, reserved 1, length of this 2, mask 8, descriptor 4, pid 4.
fn event(bytes: &[u8; EVENT]) -> Event {
    let number = |at: usize| i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let mut what = [0; 8];
    what.copy_from_slice(&bytes[8..16]);
    // SAFETY: the kernel opened each of them for whoever reads the queue, which is us, and tells of each once. An
    // event that tells of lost ones has -1 there.
    let file = (number(16) >= 0).then(|| unsafe { OwnedFd::from_raw_fd(number(16)) });
    Event { file, process: number(20), what: u64::from_ne_bytes(what) }
}
