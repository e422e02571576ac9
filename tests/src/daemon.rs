//! A long-running child process.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{janitor, run};

/// A running server; ended by `SIGTERM` on drop, by `SIGKILL` if it doesn't end within fifteen seconds.
pub struct Daemon {
    line: String,
    log: PathBuf,
    child: Child,
    ended: Option<ExitStatus>,
}

impl Daemon {
    /// Starts `command`; what it prints is appended to the file `log`.
    #[track_caller]
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let line = run::line(command);
        let file = File::options().create(true).append(true).open(log);
        let file = file.unwrap_or_else(|e| panic!("cannot open {}: {e}", log.display()));
        let child = command
            .stdin(Stdio::null())
            .stderr(file.try_clone().expect("a descriptor can be duplicated"))
            .stdout(file)
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {line}: {e}"));
        janitor::process(child.id());
        Self { line, log: log.to_owned(), child, ended: None }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Most memory that it has held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Memory that it holds, in bytes.
    pub fn resident_memory(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .map_or(0, |kb| kb * 1024)
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until `ready` returns something; panics with the log if the process ends or a minute passes before.
    #[track_caller]
    pub fn wait_for<T>(&mut self, mut ready: impl FnMut(&str) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = ready(&self.log()) {
                return found;
            }
            if let Some(status) = self.poll() {
                panic!("{} ended with {status} before it was ready:\n{}", self.line, self.log());
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{} isn't ready:\n{}", self.line, self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its exit status, if it has ended.
    pub fn poll(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("the child is ours");
            if self.ended.is_some() {
                janitor::ended(self.child.id());
            }
        }
        self.ended
    }

    /// Kills it as a power cut would, and waits.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait(Duration::from_secs(10));
    }

    /// Asks it to end and waits; returns how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        if let Some(status) = self.wait(Duration::from_secs(15)) {
            return status;
        }
        eprintln!("{} didn't end on SIGTERM:\n{}", self.line, self.log());
        self.signal(Signal::KILL);
        self.wait(Duration::from_secs(10)).expect("nothing survives SIGKILL")
    }

    fn signal(&mut self, signal: Signal) {
        if self.poll().is_none() {
            let pid = Pid::from_child(&self.child);
            kill_process(pid, signal).expect("the child is ours and hasn't been waited for");
        }
    }

    fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        while self.poll().is_none() && begun.elapsed() < at_most {
            thread::sleep(Duration::from_millis(5));
        }
        self.ended
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.terminate();
    }
}
