//! The one system call that has no safe form.
#![allow(unsafe_code)]

use rustix::process::Signal;

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
