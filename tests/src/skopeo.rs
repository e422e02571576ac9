//! skopeo: pushes to and reads from registries.

use std::{path::Path, process::Command, sync::Arc};

use crate::{
    NetNs, Run, Scratch,
    netns::command_in,
    registry::{PASSWORD, USER},
    run,
};

/// How the layers are compressed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Docker schema 2 with gzip.
    Docker,
    /// OCI with what the source has.
    Oci,
    /// OCI with zstd.
    OciZstd,
}

/// The client, in a network.
pub struct Skopeo {
    netns: Option<Arc<NetNs>>,
}

impl Skopeo {
    /// The client in `netns`.
    pub fn new(netns: Option<&Arc<NetNs>>) -> Self {
        Self { netns: netns.cloned() }
    }

    /// A command to add arguments to.
    pub fn command(&self) -> Command {
        let mut command = command_in(self.netns.as_deref(), "skopeo");
        command.args(["--insecure-policy", "--override-os=linux", "--override-arch=amd64"]);
        command
    }

    /// Converts the image `tag` of an OCI layout and pushes it as `to`.
    #[track_caller]
    pub fn push_as(&self, layout: &Path, tag: &str, to: &str, form: Form) {
        // In two steps: pushing at once, skopeo takes a blob that the registry has already for one in the right form.
        let scratch = Scratch::new("convert");
        let mut convert = self.command();
        convert.args(["copy", "--dest-compress"]);
        convert.args(match form {
            Form::Docker => ["--format=v2s2", "--dest-compress-format=gzip"],
            Form::Oci => ["--format=oci", "--dest-compress-format=gzip"],
            Form::OciZstd => ["--format=oci", "--dest-compress-format=zstd"],
        });
        convert
            .arg(format!("oci:{}:{tag}", layout.display()))
            .arg(format!("dir:{}", scratch.path().display()));
        run(&mut convert).ok();
        self.push_dir(scratch.path(), to);
    }

    /// Pushes an image in skopeo's own `dir:` form as it is, to the byte.
    #[track_caller]
    pub fn push_dir(&self, dir: &Path, to: &str) {
        let mut command = self.command();
        command.args(["copy", "--preserve-digests", "--dest-tls-verify=false"]);
        command.arg(format!("--dest-creds={USER}:{PASSWORD}"));
        run(command.arg(format!("dir:{}", dir.display())).arg(format!("docker://{to}"))).ok();
    }

    /// The raw manifest of `name`, as the registry has it.
    #[track_caller]
    pub fn raw(&self, name: &str) -> Run {
        let mut command = self.command();
        run(command.args(["inspect", "--raw", "--tls-verify=false", &format!("docker://{name}")])).ok()
    }

    /// Copies `from` to a new OCI layout at `to`.
    #[track_caller]
    pub fn fetch(&self, from: &str, to: &Path, tag: &str) -> Run {
        let mut command = self.command();
        command.args(["copy", "--preserve-digests", "--src-tls-verify=false", &format!("docker://{from}")]);
        run(command.arg(format!("oci:{}:{tag}", to.display()))).ok()
    }
}
