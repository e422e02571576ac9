//! `RUN`: a program in a container, and what it wrote.

use std::{collections::BTreeMap, time::Instant};

use strata_api::engine::{CreateRequest, HostConfig, LogConfig};
use strata_catalog::Layer;
use strata_containers::{BaseImage, Condition, Output, Streams};
use strata_dockerfile::{
    Instruction, Run,
    evaluate::{Step, command_line, shell},
    key::{Content, StepKey},
};
use strata_oci::{ContainerConfig, HealthConfig, ImageId};
use strata_snapshots::SnapshotId;

use crate::{
    Error, Event, Kind, Stream,
    build::{Build, Did},
    cache::StepBody,
    mounts::{Mounts, Settings},
    stage::Stage,
};

impl Build {
    pub(crate) fn run(
        &mut self,
        stage: &mut Stage,
        run: &Run,
        step: Step,
        instruction: &Instruction,
    ) -> Result<Did, Error> {
        let begun = Instant::now();
        let mut settings = Settings::of(run, &self.expander, &stage.state)?;
        let command = command(stage, run, instruction, &mut settings);
        let env = stage.state.config.env.clone().unwrap_or_default();
        let seen = stage.state.arguments.seen(&env);
        let saved = saved(&command, &stage.state.arguments.recorded(&seen), !seen.is_empty());
        let mut made_by = ContainerConfig { cmd: Some(saved.clone()), ..stage.state.config.clone() };
        if !saved.is_empty() {
            made_by.entrypoint = None;
        }
        let text = saved.join(" ");
        let contents = self.contents(&step)?;
        let contents: Vec<Content<'_>> = contents.iter().map(Taken::as_content).collect();
        let keys = vec![StepKey::of(stage.chain.id.as_ref(), &self.platform(), &step, &contents)];
        if self.look_up(stage, &keys, &text, true)? {
            return Ok(Did { cached: true, layer: None });
        }
        let seen = seen.iter().map(|(name, value)| format!("{name}={value}"));
        let config = ContainerConfig {
            cmd: Some(command.clone()),
            env: Some(env.iter().cloned().chain(seen).collect()),
            entrypoint: if saved.is_empty() { made_by.entrypoint.clone() } else { Some(vec![String::new()]) },
            healthcheck: Some(HealthConfig { test: Some(vec!["NONE".into()]), ..HealthConfig::default() }),
            ..stage.state.config.clone()
        };
        let mounts = Mounts::prepare(self, &settings)?;
        let network =
            run.network.as_ref().map(|network| network.text.clone()).filter(|network| network != "default");
        let given = Given { binds: mounts.binds(), tmpfs: mounts.tmpfs(&settings), network };
        let id = self.create_container(stage, config, given)?;
        let stubs = mounts.make_stubs(self, &id)?;
        let code = self.run_container(&id)?;
        if code != 0 {
            let message = format!("The command '{}' returned a non-zero code: {code}", command.join(" "));
            return Err(Error { code: Some(code), ..Error::new(Kind::InvalidArgument, message) });
        }
        mounts.remove_stubs(self, &id, stubs)?;
        let layer = self.harden_container(&id)?;
        drop(mounts);
        let body = StepBody { instruction: step.text, args: step.args, ..StepBody::default() };
        self.commit(stage, made_by, Some(id), layer.clone(), &keys, body, begun)?;
        Ok(Did { cached: false, layer })
    }

    /// What the bind mounts of a step take, for its key.
    fn contents(&mut self, step: &Step) -> Result<Vec<Taken>, Error> {
        let mut contents = Vec::new();
        for copied in &step.takes {
            contents.push(match &copied.from {
                Some(from) => {
                    let current = crate::copying::stage_number(self);
                    let chain = self.source_of(current, from);
                    let chain =
                        chain.map_err(|error| error.about(format!("invalid from flag value {from}")))?;
                    match chain.id {
                        Some(id) => Taken::Image(id),
                        None => Taken::Files(strata_oci::Digest::of(b"")),
                    }
                }
                None => {
                    let content = self.listing()?.content(copied);
                    Taken::Files(content.map_err(|error| Error::invalid(error.to_string()))?.digest)
                }
            });
        }
        Ok(contents)
    }

    /// Makes a step's container.
    pub(crate) fn create_container(
        &mut self,
        stage: &Stage,
        config: ContainerConfig,
        given: Given,
    ) -> Result<String, Error> {
        let Given { binds, tmpfs, network } = given;
        let network = network.unwrap_or_else(|| self.options.network.clone());
        if self.options.contained && (network == "host" || network.starts_with("container:")) {
            let message = format!("network {network} is not allowed here: only through the unix socket");
            return Err(Error::new(Kind::Forbidden, message));
        }
        let host_config = HostConfig {
            network_mode: if network.is_empty() { "default".into() } else { network },
            log_config: LogConfig { kind: "none".into(), config: None },
            security_opt: (!self.options.security.is_empty()).then(|| self.options.security.clone()),
            shm_size: self.options.shm_size,
            extra_hosts: (!self.options.extra_hosts.is_empty()).then(|| self.options.extra_hosts.clone()),
            resources: self.options.resources.clone(),
            binds: (!binds.is_empty()).then_some(binds),
            tmpfs: (!tmpfs.is_empty()).then_some(tmpfs),
            ..HostConfig::default()
        };
        let request = CreateRequest { config, host_config, ..CreateRequest::default() };
        let image = BaseImage {
            id: stage.chain.id.clone(),
            config: None,
            layers: self.directories(&stage.chain),
            foreign_platform: None,
            passing: true,
        };
        let containers = self.bench.stores().containers.clone();
        let created = self.listener.finish(containers.create("", request, image))?;
        for warning in &created.warnings {
            self.print(format!(" ---> [Warning] {warning}\n"));
        }
        self.containers.push((created.id.clone(), stage.chain.id.clone()));
        self.listener.tell(Event::Container { step: self.number(), id: created.id.clone() });
        Ok(created.id)
    }

    /// Runs a container to its end and tells what it prints; the exit code.
    fn run_container(&mut self, id: &str) -> Result<i64, Error> {
        let containers = self.bench.stores().containers.clone();
        let listener = self.listener.clone();
        let step = self.number();
        let wait = containers.wait(id, Condition::NextExit)?;
        let running = async {
            let streams = Streams { stdin: false, stdout: true, stderr: true };
            let attachment = containers.attach(id, streams).await?;
            containers.start(id).await?;
            if let Some(mut attached) = attachment.ready().await {
                while let Some(output) = attached.output.next().await {
                    let (stream, bytes) = match output {
                        Output::Stdout(bytes) => (Stream::Stdout, bytes),
                        Output::Stderr(bytes) => (Stream::Stderr, bytes),
                        Output::Overrun => continue,
                        Output::Exit(_) => break,
                    };
                    listener.tell_later(Event::Output { step, stream, bytes }).await;
                }
            }
            Ok::<_, Error>(wait.done().await)
        };
        let ended = self.listener.wait(running)?;
        if let Some(error) = ended.error.filter(|error| !error.message.is_empty()) {
            return Err(Error::new(Kind::Internal, error.message));
        }
        Ok(ended.status_code)
    }

    /// What a container wrote becomes a layer. One that is to be removed is good for nothing else afterwards.
    fn harden_container(&mut self, id: &str) -> Result<Option<Layer>, Error> {
        self.listener.check()?;
        let keep = !self.options.remove && !self.options.force_remove;
        let stores = self.bench.stores();
        let snapshot: SnapshotId =
            id.parse().map_err(|error: strata_snapshots::IdError| Error::internal("no id", &error))?;
        stores.snapshots.unmount(&snapshot)?;
        let staged = stores.snapshots.harden(&snapshot, &stores.layers, keep);
        self.bench.keep(staged.map_err(|error| Error::internal("cannot make a layer", &error))?)
    }

    /// Removes the step's containers.
    pub(crate) fn remove_containers(&mut self) {
        let containers = self.bench.stores().containers.clone();
        for (id, image) in std::mem::take(&mut self.containers) {
            let nominal = image.is_none() && containers.commit_source(&id).is_err();
            if !nominal && let Err(error) = self.listener.finish(containers.remove(&id, true, true)) {
                self.print(format!(
                    "Error removing intermediate container {}: {error}\n",
                    strata_containers::short_id(&id)
                ));
                continue;
            }
            self.listener.tell(Event::Removed { id });
        }
    }

    /// Lets the step's containers be; they get their images when these have records.
    pub(crate) fn leave_containers(&mut self) {
        for (id, image) in std::mem::take(&mut self.containers) {
            if let Some(image) = image {
                self.bench.remember_container(id, image);
            }
        }
    }
}

/// What a step's container is given besides.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// As `docker run -v` takes them.
    pub binds: Vec<String>,
    /// Path → options.
    pub tmpfs: BTreeMap<String, String>,
    /// Its network, if it is not the build's.
    pub network: Option<String>,
}

/// What a bind mount takes.
enum Taken {
    Files(strata_oci::Digest),
    Image(ImageId),
}

impl Taken {
    fn as_content(&self) -> Content<'_> {
        match self {
            Self::Files(digest) => Content::Files(digest),
            Self::Image(image) => Content::Image(image),
        }
    }
}

/// The command with the arguments that it sees before it, as history and cache have it. `any` tells whether it sees any at all.
fn saved(command: &[String], args: &[(String, String)], any: bool) -> Vec<String> {
    if !any {
        return command.to_vec();
    }
    let mut args: Vec<String> = args.iter().map(|(name, value)| format!("{name}={value}")).collect();
    args.sort_unstable();
    std::iter::once(format!("|{}", args.len())).chain(args).chain(command.iter().cloned()).collect()
}

/// What runs. A heredoc alone is a script; with other words the shell reads it.
fn command(stage: &Stage, run: &Run, instruction: &Instruction, settings: &mut Settings) -> Vec<String> {
    let config = &stage.state.config;
    let Some(first) = instruction.heredocs.first() else { return command_line(config, run.command.as_ref()) };
    let given = command_line(config, run.command.as_ref());
    let text = given.last().cloned().unwrap_or_default();
    let word = text.trim();
    let opens = word.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with("<<");
    let alone = instruction.heredocs.len() == 1 && opens && !word.contains(char::is_whitespace);
    if !alone {
        let heredocs =
            instruction.heredocs.iter().map(|heredoc| format!("\n{}{}", heredoc.content, heredoc.name));
        return shell(config)
            .into_iter()
            .chain([heredocs.fold(text, |text, heredoc| text + &heredoc)])
            .collect();
    }
    if first.content.starts_with("#!") {
        let path = format!("/dev/pipes/{}", first.name);
        settings.scripts.push((path.clone(), first.content.clone()));
        return vec![path];
    }
    shell(config).into_iter().chain([first.content.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stand_before_a_command() {
        let command = ["sh".to_owned(), "-c".to_owned()];
        let args = [("A1".to_owned(), "x".to_owned()), ("A".to_owned(), "y z".to_owned())];
        assert_eq!(saved(&command, &args, true), ["|2", "A1=x", "A=y z", "sh", "-c"]);
        assert_eq!(saved(&command, &[], true), ["|0", "sh", "-c"]);
        assert_eq!(saved(&command, &[], false), command);
    }
}
