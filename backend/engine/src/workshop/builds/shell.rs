//! A shell in the file system as a step left it.

use std::collections::BTreeMap;

use strata_api::{
    engine::{CreateRequest, HostConfig},
    workshop::Shell,
};
use strata_layer::{LayerSet, Union};
use strata_oci::{ContainerConfig, ImageId};

use crate::{Engine, Error, Kind, engine::Inner};

/// Shells, the one that is nicer to use first.
const SHELLS: [&str; 3] = ["/bin/bash", "/bin/ash", "/bin/sh"];

impl Engine {
    /// Makes and starts a container of a step's image with a shell and a terminal; it is removed when it ends. It has the
    /// powers of a container that a page makes.
    pub async fn step_shell(&self, build: &str, step: usize) -> Result<Shell, Error> {
        let build = build.to_owned();
        let of = build.clone();
        let (image, shell) = self.blocking(move |inner| inner.shell_of(&of, step)).await?;
        let suffix = strata_containers::random_id();
        let name = format!("shell-{build}-{step}-{}", &suffix[..4]);
        let label = |name: &str, value: String| (format!("strata.{name}"), value);
        let config = ContainerConfig {
            image: image.to_string(),
            tty: true,
            open_stdin: true,
            attach_stdin: true,
            attach_stdout: true,
            attach_stderr: true,
            entrypoint: Some(vec![shell]),
            cmd: Some(Vec::new()),
            labels: Some(BTreeMap::from([label("build", build), label("step", step.to_string())])),
            ..ContainerConfig::default()
        };
        let host_config = HostConfig {
            auto_remove: true,
            security_opt: Some(vec!["no-new-privileges".into()]),
            ..HostConfig::default()
        };
        let request = CreateRequest { config, host_config, ..CreateRequest::default() };
        self.create_container(&name, request, None).await?;
        let containers = self.containers()?;
        if let Err(error) = containers.start(&name).await {
            // It would never end, and so never be removed.
            let _ = containers.remove(&name, true, true).await;
            return Err(error.into());
        }
        Ok(Shell { container: name })
    }
}

impl Inner {
    /// The image of a step, and a shell that it has.
    fn shell_of(&self, build: &str, step: usize) -> Result<(ImageId, String), Error> {
        let detail = self.build_detail(build)?;
        let row = detail.steps.iter().rev().find(|row| row.step == step);
        let row = row.ok_or_else(|| {
            let message = format!("build {build} has no step {step}: it has {}", detail.steps.len());
            Error::new(Kind::NotFound, message)
        })?;
        let gone = || {
            let message = format!("what step {step} of build {build} left is not here any more");
            Error::new(Kind::NotFound, message)
        };
        let id = row.image.clone().ok_or_else(gone)?;
        let image = self.find(&id.to_string())?;
        let stack = self.stack(&image)?;
        let union = Union::of(&stack, &LayerSet::all(stack.len()));
        let shell = SHELLS.into_iter().find(|shell| union.follow(shell.as_bytes()).is_some());
        let shell = shell.ok_or_else(|| {
            let message =
                format!("there is no shell in the image of step {step}: neither /bin/sh nor /bin/bash");
            Error::new(Kind::Conflict, message)
        })?;
        Ok((id, shell.to_owned()))
    }
}
