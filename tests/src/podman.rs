//! podman, with storage of its own.

use std::{process::Command, sync::Arc};

use crate::{NetNs, Run, Scratch, netns::command_in, run};

/// The client with an empty store.
pub struct Podman {
    netns: Option<Arc<NetNs>>,
    scratch: Scratch,
}

impl Podman {
    /// With an empty store, in `netns`.
    pub fn new(netns: Option<&Arc<NetNs>>) -> Self {
        Self { netns: netns.cloned(), scratch: Scratch::new("podman") }
    }

    /// A command to add arguments to.
    pub fn command(&self) -> Command {
        let mut command = command_in(self.netns.as_deref(), "podman");
        command
            .arg("--root")
            .arg(self.scratch.join("root"))
            .arg("--runroot")
            .arg(self.scratch.join("run"))
            .arg("--tmpdir")
            .arg(self.scratch.join("tmp"))
            .arg("--storage-driver=overlay");
        command
    }

    /// Pulls `name` over plain HTTP.
    pub fn pull(&self, name: &str) -> Run {
        run(self.command().args(["pull", "--tls-verify=false", name]))
    }
}
