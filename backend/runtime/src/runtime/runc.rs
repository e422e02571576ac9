//! What runc does to start and to delete a container, without runc: a few calls of the kernel, for which its program would need
//! 6 ms each to get going. Where things aren't as expected, it is asked after all.

use std::{fs, io, path::Path, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::BorrowedFd,
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

/// How long a created process may take to go on: it only waits for us, on a machine that may be swapping.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets the program of a created container run: its first process opens the pipe `exec.fifo` in the runtime's `state` of it, which
/// waits for somebody who reads, writes a byte and goes on. As long as the pipe is there, runc takes the container for created.
/// `false` if this is not how it waits, or it has ended.
pub(super) fn start(state: &Path, process: BorrowedFd<'_>) -> io::Result<bool> {
    let path = state.join("exec.fifo");
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(pipe) = openat(CWD, &path, flags, Mode::empty()) else { return Ok(false) };
    let patience = Timespec::try_from(PATIENCE).map_err(io::Error::other)?;
    loop {
        let mut ready = [PollFd::new(&pipe, PollFlags::IN), PollFd::from_borrowed_fd(process, PollFlags::IN)];
        match poll(&mut ready, Some(&patience)) {
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            // The byte is what counts: the process may have ended right after it.
            Ok(_) if ready[0].revents().contains(PollFlags::IN) => break,
            Ok(_) => return Ok(false),
        }
    }
    match rustix::io::read(&pipe, &mut [0; 1])? {
        0 => Ok(false),
        _ => fs::remove_file(&path).map(|()| true),
    }
}

/// Removes the `state` and the cgroups of a container whose processes have ended. `false` if something is in the way: a process that
/// lives on, or a group that somebody made in one of its groups.
pub(super) fn delete(state: &Path, cgroups: &[&Path]) -> bool {
    let gone = |path: &&Path| match fs::remove_dir(path) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    !cgroups.is_empty() && cgroups.iter().all(gone) && fs::remove_dir_all(state).is_ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::fd::AsFd as _, process::Command};

    use rustix::{
        fs::{CWD, FileType, Mode, mknodat},
        process::{Pid, PidfdFlags, pidfd_open},
    };

    use super::{delete, start};

    #[test]
    fn one_who_waits_is_let_go_and_one_who_ended_is_not_waited_for() {
        let dir = tempfile::tempdir().expect("a directory");
        let pipe = dir.path().join("exec.fifo");
        for (script, started) in [("printf 0 > \"$0\"", true), ("true", false)] {
            mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("makes a pipe");
            let mut child = Command::new("sh").args(["-c", script]).arg(&pipe).spawn().expect("runs");
            let pid = Pid::from_child(&child);
            let process = pidfd_open(pid, PidfdFlags::empty()).expect("is our child");
            assert_eq!(start(dir.path(), process.as_fd()).expect("answers"), started, "{script}");
            assert_eq!(pipe.exists(), !started);
            child.wait().expect("ends");
            assert!(started || fs::remove_file(&pipe).is_ok());
            assert!(!start(dir.path(), process.as_fd()).expect("answers"), "there is no pipe");
        }
    }

    #[test]
    fn what_is_in_use_is_left_to_the_runtime() {
        let dir = tempfile::tempdir().expect("a directory");
        let [state, group, inner] = ["state", "group", "group/inner"].map(|name| dir.path().join(name));
        for path in [&state, &group, &inner] {
            fs::create_dir(path).expect("makes");
        }
        assert!(!delete(&state, &[&group]) && state.exists());
        assert!(!delete(&state, &[]) && state.exists());
        fs::remove_dir(&inner).expect("removes");
        assert!(delete(&state, &[&group, &inner]) && !state.exists() && !group.exists());
    }
}
