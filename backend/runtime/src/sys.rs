//! What has no safe form.
#![allow(unsafe_code)]

use std::io;

use rustix::{fd::OwnedFd, process::Signal};
use tokio::io::{Interest, unix::AsyncFd};

/// The highest signal number of Linux (64 on everything but MIPS).
const HIGHEST: i32 = 64;

/// A signal by number, the real-time ones (`SIGRTMIN+3` ends systemd) included. None if there is no such signal.
pub(crate) fn signal(number: i32) -> Option<Signal> {
    if let Some(named) = Signal::from_named_raw(number) {
        return Some(named);
    }
    if !(1..=HIGHEST).contains(&number) {
        return None;
    }
    // SAFETY: the number is a signal's. What libc keeps for itself are handlers of its own process; we only send
    // the number to another one.
    Some(unsafe { Signal::from_raw_unchecked(number) })
}

/// Closes whatever came with the program's start but its standard streams: a shim lives long, and must not keep a pipe open
/// that somebody else waits for the end of. To be called first of all.
pub(crate) fn close_inherited() -> io::Result<()> {
    let numbers = std::fs::read_dir("/proc/self/fd")?.map(|entry| Ok(entry?.file_name()));
    let numbers = numbers.collect::<io::Result<Vec<_>>>()?;
    let numbers = numbers.iter().filter_map(|name| name.to_str()?.parse::<i32>().ok());
    // The listing's own is among them, and closed by now.
    let open = |number: &i32| std::fs::symlink_metadata(format!("/proc/self/fd/{number}")).is_ok();
    for number in numbers.filter(|number| *number > 2).filter(open) {
        // SAFETY: the descriptor is open, and nothing in this process has opened anything yet, so nobody here owns it.
        unsafe { rustix::io::close(number) };
    }
    Ok(())
}

/// A nonblocking descriptor whose contents matter less than that there are any.
pub(crate) struct Readable(AsyncFd<OwnedFd>);

impl Readable {
    /// Takes the descriptor over. To be called within a tokio runtime.
    pub fn new(descriptor: OwnedFd) -> io::Result<Self> {
        // SAFETY: an `OwnedFd` is open until it is dropped; nobody can take it out or replace it, for the field is
        // private and no method here does.
        let registered = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
        Ok(Self(registered?))
    }

    /// Waits until there is something to read, and reads it away.
    pub async fn drain(&self) -> io::Result<()> {
        let mut ready = self.0.readable().await?;
        let mut buffer = [0; 4096];
        while rustix::io::read(self.0.get_ref(), &mut buffer).is_ok_and(|read| read > 0) {}
        ready.clear_ready();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::signal;

    #[test]
    fn knows_signals_of_both_sorts() {
        assert_eq!(signal(9).map(rustix::process::Signal::as_raw), Some(9));
        assert_eq!(signal(37).map(rustix::process::Signal::as_raw), Some(37));
        assert!(signal(0).is_none() && signal(65).is_none() && signal(-1).is_none());
    }
}
