//! Further commands in a container.

use serde::{Deserialize, Serialize};

use super::null::{self, wire};

wire! {
    /// `POST /containers/{id}/exec`.
    pub struct ExecCreateRequest {
        /// `user[:group]`.
        pub user: String,
        /// All capabilities.
        pub privileged: bool,
        /// Allocate a terminal.
        pub tty: bool,
        /// Height and width of the terminal.
        pub console_size: Option<[u16; 2]>,
        /// Attach standard input.
        pub attach_stdin: bool,
        /// Attach standard error.
        pub attach_stderr: bool,
        /// Attach standard output.
        pub attach_stdout: bool,
        /// Don't wait for it.
        pub detach: bool,
        /// Keys that leave it, `ctrl-p,ctrl-q`.
        // docker-py writes it so; Go reads names in any case.
        #[serde(alias = "detachKeys")]
        pub detach_keys: String,
        /// `NAME=value`.
        pub env: Option<Vec<String>>,
        /// Where it runs.
        pub working_dir: String,
        /// What is run.
        pub cmd: Option<Vec<String>>,
    }
}

wire! {
    /// What was created.
    pub struct ExecCreateResponse {
        /// Its id.
        pub id: String,
    }
}

wire! {
    /// `POST /exec/{id}/start`.
    pub struct ExecStartRequest {
        /// Don't wait for it.
        pub detach: bool,
        /// Whether it has a terminal.
        pub tty: bool,
        /// Height and width of the terminal.
        pub console_size: Option<[u16; 2]>,
    }
}

/// `GET /exec/{id}/json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecInspect {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Whether it runs.
    #[serde(rename = "Running")]
    pub running: bool,
    /// How it ended; `null` before.
    #[serde(rename = "ExitCode")]
    pub exit_code: Option<i64>,
    /// What is run.
    #[serde(rename = "ProcessConfig", deserialize_with = "null::as_default")]
    pub process_config: ExecProcess,
    /// Whether standard input is attached.
    #[serde(rename = "OpenStdin")]
    pub open_stdin: bool,
    /// Whether standard error is attached.
    #[serde(rename = "OpenStderr")]
    pub open_stderr: bool,
    /// Whether standard output is attached.
    #[serde(rename = "OpenStdout")]
    pub open_stdout: bool,
    /// Whether it can be removed from memory.
    #[serde(rename = "CanRemove")]
    pub can_remove: bool,
    /// Its container.
    #[serde(rename = "ContainerID")]
    pub container_id: String,
    /// Keys that leave it, as bytes in base64.
    #[serde(rename = "DetachKeys", deserialize_with = "null::as_default")]
    pub detach_keys: String,
    /// Its process on the host; 0 before it starts.
    #[serde(rename = "Pid")]
    pub pid: i64,
}

/// What an exec runs; spelled in lower case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecProcess {
    /// Whether it has a terminal.
    pub tty: bool,
    /// The command.
    pub entrypoint: String,
    /// Its arguments.
    #[serde(deserialize_with = "null::as_default")]
    pub arguments: Vec<String>,
    /// All capabilities.
    pub privileged: bool,
    /// `user[:group]`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
}
