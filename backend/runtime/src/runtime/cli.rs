//! runc, and what has its command line (crun).

use std::{
    ffi::OsStr,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use rustix::fd::BorrowedFd;
use serde::{Deserialize, Serialize};

use super::{Files, ProcessIo, Runtime, RuntimeFailure, RuntimeKind, RuntimeProblem, RuntimeState, runc};
use crate::Id;

/// A runtime that is a program with runc's command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeProgram {
    /// The program.
    pub program: PathBuf,
    /// Which one it is.
    pub kind: RuntimeKind,
    /// Where it keeps its state; best on a tmpfs, for containers don't survive the machine.
    pub root: PathBuf,
}

/// One line of the log that the runtime writes with `--log-format json`.
#[derive(Deserialize)]
struct LogLine {
    #[serde(default)]
    level: String,
    #[serde(default)]
    msg: String,
}

impl RuntimeProgram {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(&self.root).stdin(Stdio::null());
        command
    }

    /// Runs an operation that makes no process; its complaint comes on stderr.
    fn run<'a>(
        &self,
        operation: &'static str,
        arguments: impl IntoIterator<Item = &'a OsStr>,
        input: Option<&[u8]>,
    ) -> Result<Output, RuntimeFailure> {
        let unavailable = |error| self.unavailable(operation, &error);
        let mut command = self.command();
        command.args(["--log-format", "json"]).arg(operation).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().map_err(unavailable)?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // It refuses before it reads when there is no such container, and says so on stderr.
            let _ = stdin.write_all(input);
        }
        let output = child.wait_with_output().map_err(unavailable)?;
        if output.status.success() {
            return Ok(output);
        }
        Err(RuntimeFailure::new(operation, &complaint(&String::from_utf8_lossy(&output.stderr))))
    }

    /// Runs an operation whose streams are the new process's, so its complaint comes in a file.
    fn make_process(
        &self,
        operation: &'static str,
        container: &Id,
        what: [&OsStr; 2],
        files: &Files<'_>,
        io: ProcessIo,
    ) -> Result<i32, RuntimeFailure> {
        let log = files.directory.join("runtime.log");
        let pid_file = files.directory.join("pid");
        let mut command = self.command();
        command.arg("--log").arg(&log).args(["--log-format", "json"]).arg(operation);
        if operation == "exec" {
            command.arg("--detach");
        }
        command.arg("--pid-file").arg(&pid_file).args(what);
        match (io, files.console_socket) {
            (ProcessIo::Terminal, console) => {
                command.stdout(Stdio::null()).stderr(Stdio::null());
                if let Some(console) = console {
                    command.arg("--console-socket").arg(console);
                }
            }
            (ProcessIo::Streams(stdin, stdout, stderr), _) => {
                command.stdin(stdin).stdout(stdout).stderr(stderr);
            }
        }
        let status = command.arg(container.as_str()).status();
        drop(command); // and with it our ends of what the process got
        let made = match status {
            Err(error) => Err(self.unavailable(operation, &error)),
            Ok(status) if status.success() => read_pid(&pid_file)
                .map_err(|error| RuntimeFailure::unavailable(operation, "the runtime's pid file", &error)),
            Ok(_) => {
                let log = fs::read_to_string(&log).unwrap_or_default();
                Err(RuntimeFailure::new(operation, &complaint(&log)))
            }
        };
        for note in [&log, &pid_file] {
            let _ = fs::remove_file(note);
        }
        made
    }

    fn unavailable(&self, operation: &str, error: &io::Error) -> RuntimeFailure {
        RuntimeFailure::unavailable(operation, &format!("cannot run {}", self.program.display()), error)
    }
}

impl Runtime for RuntimeProgram {
    fn create(
        &self,
        container: &Id,
        bundle: &Path,
        files: &Files<'_>,
        io: ProcessIo,
    ) -> Result<i32, RuntimeFailure> {
        self.make_process("create", container, ["--bundle".as_ref(), bundle.as_ref()], files, io)
    }

    fn start(&self, container: &Id, process: BorrowedFd<'_>) -> Result<(), RuntimeFailure> {
        if self.kind == RuntimeKind::Runc {
            let started = runc::start(&self.root.join(container.as_str()), process);
            if started.map_err(|error| self.unavailable("start", &error))? {
                return Ok(());
            }
        }
        self.run("start", [container.as_str().as_ref()], None).map(drop)
    }

    fn exec(
        &self,
        container: &Id,
        process: &Path,
        files: &Files<'_>,
        io: ProcessIo,
    ) -> Result<i32, RuntimeFailure> {
        self.make_process("exec", container, ["--process".as_ref(), process.as_ref()], files, io)
    }

    fn kill(&self, container: &Id, signal: i32) -> Result<(), RuntimeFailure> {
        self.run("kill", [container.as_str().as_ref(), signal.to_string().as_ref()], None).map(drop)
    }

    fn delete(&self, container: &Id) -> Result<(), RuntimeFailure> {
        match self.run("delete", ["--force".as_ref(), container.as_str().as_ref()], None) {
            Err(failure) if failure.problem == RuntimeProblem::NoSuchContainer => Ok(()),
            other => other.map(drop),
        }
    }

    fn delete_ended(&self, container: &Id, cgroups: &[&Path]) -> Result<(), RuntimeFailure> {
        if self.kind == RuntimeKind::Runc && runc::delete(&self.root.join(container.as_str()), cgroups) {
            return Ok(());
        }
        self.delete(container)
    }

    fn pause(&self, container: &Id) -> Result<(), RuntimeFailure> {
        self.run("pause", [container.as_str().as_ref()], None).map(drop)
    }

    fn resume(&self, container: &Id) -> Result<(), RuntimeFailure> {
        self.run("resume", [container.as_str().as_ref()], None).map(drop)
    }

    fn ps(&self, container: &Id) -> Result<Vec<i32>, RuntimeFailure> {
        let arguments = ["--format".as_ref(), "json".as_ref(), container.as_str().as_ref()];
        let output = self.run("ps", arguments, None)?;
        read_json("ps", &output.stdout)
    }

    fn update(&self, container: &Id, resources: &serde_json::Value) -> Result<(), RuntimeFailure> {
        let arguments = ["--resources".as_ref(), "-".as_ref(), container.as_str().as_ref()];
        self.run("update", arguments, Some(resources.to_string().as_bytes())).map(drop)
    }

    fn state(&self, container: &Id) -> Result<RuntimeState, RuntimeFailure> {
        let output = self.run("state", [container.as_str().as_ref()], None)?;
        read_json("state", &output.stdout)
    }
}

fn read_json<T: serde::de::DeserializeOwned>(operation: &str, bytes: &[u8]) -> Result<T, RuntimeFailure> {
    serde_json::from_slice(bytes)
        .map_err(|error| RuntimeFailure::unavailable(operation, "the runtime's answer", &error.into()))
}

fn read_pid(file: &Path) -> io::Result<i32> {
    fs::read_to_string(file)?
        .trim()
        .parse()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The last error of a log whose lines are JSON, mostly; the whole text if there is none.
fn complaint(log: &str) -> String {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<LogLine>(line).ok());
    let mut errors = lines.rev().filter(|line| matches!(line.level.as_str(), "error" | "fatal"));
    errors.next().map_or_else(|| log.trim().to_owned(), |line| line.msg)
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn finds_the_last_error() {
        let log = concat!(
            r#"{"level":"warning","msg":"something"}"#,
            "\n",
            r#"{"level":"error","msg":"runc create failed: \"x\""}"#,
            "\n",
            r#"{"level":"info","msg":"later"}"#
        );
        assert_eq!(complaint(log), "runc create failed: \"x\"");
        assert_eq!(complaint("plain words\n"), "plain words");
    }
}
