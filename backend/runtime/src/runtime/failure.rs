//! Why a runtime refused, in the terms that a client understands.

use std::io;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A refused operation.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct RuntimeFailure {
    /// What was asked: "create", "exec", "start" and so on.
    pub operation: String,
    /// The runtime's own sentence, e.g. `runc create failed: unable to start container process: exec: "foo":
    /// executable file not found in $PATH`. Docker's is this with `OCI runtime create failed: ` before and
    /// `: unknown` behind.
    pub message: String,
    /// What kind of problem it is.
    pub problem: RuntimeProblem,
}

/// Kinds of problems that lead to different answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuntimeProblem {
    /// The program to run doesn't exist.
    CommandNotFound,
    /// It exists but can't be run.
    CommandNotExecutable,
    /// The runtime doesn't know the container.
    NoSuchContainer,
    /// The container isn't in a state that allows the operation.
    WrongState,
    /// The runtime itself couldn't be run.
    Unavailable,
    /// Anything else.
    Other,
}

impl RuntimeFailure {
    /// Reads the runtime's sentence.
    pub(crate) fn new(operation: &str, message: &str) -> Self {
        let message = as_runc_says(message.trim());
        let problem = classify(&message);
        Self { operation: operation.to_owned(), message, problem }
    }

    /// The runtime, or what it needs, failed by itself.
    pub(crate) fn unavailable(operation: &str, what: &str, error: &io::Error) -> Self {
        Self {
            operation: operation.to_owned(),
            message: format!("{what}: {error}"),
            problem: RuntimeProblem::Unavailable,
        }
    }

    /// The exit code that docker gives a container which could not be started: 127 if its program doesn't exist, 126
    /// if it can't be run, else 128.
    pub fn exit_code(&self) -> u8 {
        match self.problem {
            RuntimeProblem::CommandNotFound => 127,
            RuntimeProblem::CommandNotExecutable => 126,
            _ => 128,
        }
    }
}

/// Parts of what runtimes say of a container that isn't in the right state.
const WRONG_STATE: [&str; 6] = [
    "not running",
    "stopped container",
    "paused container",
    "not paused",
    "process already finished",
    "cannot start a",
];

fn classify(message: &str) -> RuntimeProblem {
    let has = |part: &str| message.contains(part);
    let command = has("exec: ") || has("exec /") || has("chdir to cwd");
    if has("executable file not found") || (command && has("no such file or directory")) {
        RuntimeProblem::CommandNotFound
    } else if command && (has("permission denied") || has("is a directory") || has("exec format error")) {
        RuntimeProblem::CommandNotExecutable
    } else if has("container does not exist") || (has("container") && has("does not exist")) {
        RuntimeProblem::NoSuchContainer
    } else if WRONG_STATE.iter().any(|part| has(part)) {
        RuntimeProblem::WrongState
    } else {
        RuntimeProblem::Other
    }
}

/// crun says some things its own way; clients look for runc's.
fn as_runc_says(message: &str) -> String {
    let crun =
        message.strip_prefix("executable file `").and_then(|rest| rest.split_once("` not found in $PATH"));
    if let Some((program, _)) = crun {
        return format!("exec: {program:?}: executable file not found in $PATH");
    }
    if let Some((program, why)) =
        message.strip_prefix("open executable `").and_then(|rest| rest.split_once("`: "))
    {
        return format!("exec: {program:?}: {}", why.to_lowercase());
    }
    if let Some(program) =
        message.strip_prefix("exec container process `").and_then(|rest| rest.split_once("`: "))
    {
        return format!("exec: {:?}: {}", program.0, program.1.to_lowercase());
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{RuntimeFailure, RuntimeProblem};

    #[test]
    fn reads_what_runtimes_say() {
        let cases = [
            (
                r#"runc create failed: unable to start container process: exec: "foo": executable file not found in $PATH"#,
                RuntimeProblem::CommandNotFound,
                127,
            ),
            (
                r#"exec failed: unable to start container process: exec: "/foo": stat /foo: no such file or directory"#,
                RuntimeProblem::CommandNotFound,
                127,
            ),
            (
                r#"runc create failed: unable to start container process: exec: "/etc": permission denied"#,
                RuntimeProblem::CommandNotExecutable,
                126,
            ),
            (
                "executable file `foo` not found in $PATH: No such file or directory",
                RuntimeProblem::CommandNotFound,
                127,
            ),
            ("container \"x\" does not exist", RuntimeProblem::NoSuchContainer, 128),
            ("container does not exist", RuntimeProblem::NoSuchContainer, 128),
            ("cannot exec in a stopped container", RuntimeProblem::WrongState, 128),
            ("container not running", RuntimeProblem::WrongState, 128),
            (
                "cannot exec in a paused container (use --ignore-paused to override)",
                RuntimeProblem::WrongState,
                128,
            ),
            ("cannot start an already running container", RuntimeProblem::WrongState, 128),
            ("error mounting \"/x\" to rootfs: no such file or directory", RuntimeProblem::Other, 128),
        ];
        for (message, problem, code) in cases {
            let failure = RuntimeFailure::new("create", message);
            assert_eq!((failure.problem, failure.exit_code()), (problem, code), "{message}");
        }
    }

    #[test]
    fn words_crun_as_runc() {
        let failure = RuntimeFailure::new(
            "create",
            "executable file `foo` not found in $PATH: No such file or directory",
        );
        assert_eq!(failure.message, r#"exec: "foo": executable file not found in $PATH"#);
    }
}
