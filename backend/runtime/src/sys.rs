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
