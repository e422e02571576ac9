//! A stage as it goes through its instructions.

use std::fmt::Write as _;

use strata_oci::ContainerConfig;

use super::{Arguments, Configured, EvaluateError, Scope, command_line, configure, directory};
use crate::{
    Command, Copy, Instruction, Mount, MountKind, Run,
    expand::{Expander, Variables, go_quote, references},
};

/// The search path of an image that has none.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a stage is at some place.
#[derive(Clone, Debug, Default)]
pub struct StageState {
    /// What a container of it would start with.
    pub config: ContainerConfig,
    /// What is declared.
    pub arguments: Arguments,
    /// Who is named as the author.
    pub author: Option<String>,
    /// Whether this stage set a command, which an ENTRYPOINT then leaves alone.
    has_command: bool,
}

/// An instruction with variables replaced: what its cache key is made of, besides its parent and files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// As it is recorded: of a RUN the command line, of a COPY or ADD its flags, sources and destination, of the others
    /// what the history says (without the shell before it).
    pub text: String,
    /// What counts besides: how the words of a RUN are divided, its flags, the contents of heredocs.
    pub detail: String,
    /// Build arguments that it sees: of a RUN all that history and cache know of, of the others those that it names. Sorted.
    pub args: Vec<(String, String)>,
    /// What it takes from elsewhere: of a COPY or ADD one, of a RUN one for each bind mount.
    pub takes: Vec<Copied>,
    /// Whether a program runs.
    pub runs: bool,
    /// What a config-only instruction did.
    pub configured: Option<Configured>,
}

/// What a COPY, ADD or bind mount takes, with variables replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Paths, patterns, addresses; without those that are heredocs.
    pub sources: Vec<String>,
    /// Where to, as written; relative to the working directory.
    pub destination: String,
    /// `--from`, which no variables are replaced in.
    pub from: Option<String>,
    /// `--chown`.
    pub chown: Option<String>,
    /// `--chmod`.
    pub chmod: Option<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// Whether whole paths count.
    pub parents: bool,
    /// Heredocs among the sources: name and contents.
    pub files: Vec<(String, String)>,
}

impl StageState {
    /// A stage on a base; the base's triggers are taken out and given back, to be run first.
    pub fn begin(base: Option<&ContainerConfig>, arguments: &Arguments) -> (Self, Vec<String>) {
        let mut config = base.cloned().unwrap_or_default();
        (config.open_stdin, config.stdin_once) = (false, false);
        let env = config.env.get_or_insert_default();
        if env.value("PATH").is_none() {
            env.push(PATH.to_owned());
        }
        let triggers = config.on_build.take().unwrap_or_default();
        let state = Self { config, arguments: arguments.for_stage(), author: None, has_command: false };
        (state, triggers)
    }

    /// Goes through one instruction.
    ///
    /// # Errors
    /// A substitution or a value is wrong; then nothing has changed.
    pub fn step(&mut self, instruction: &Instruction, expander: &Expander) -> Result<Step, EvaluateError> {
        let env = self.config.env.clone().unwrap_or_default();
        let scope = Scope { env: &env, args: &self.arguments };
        let mut step = Step::default();
        match &instruction.command {
            Command::Run(run) => {
                self.run(run, instruction, expander, &scope, &mut step)?;
                return Ok(step);
            }
            Command::Copy(copy) | Command::Add(copy) => {
                copied(copy, instruction, expander, &scope, &mut step)?;
            }
            Command::Workdir(path) => {
                let path = expander.word(&path.text, &scope)?;
                step.text = format!("WORKDIR {}", directory(&self.config.working_dir, &path));
                self.config.working_dir = directory(&self.config.working_dir, &path);
            }
            _ => {
                let mut config = self.config.clone();
                let done = configure(&mut config, instruction, expander, &scope, self.has_command)?;
                let done = done.unwrap_or_default();
                self.config = config;
                self.has_command |= done.sets_command;
                if done.author.is_some() {
                    self.author.clone_from(&done.author);
                }
                step.text.clone_from(&done.comment);
                step.configured = Some(done);
            }
        }
        step.args = self.named(instruction, &env, expander);
        for (name, value) in step.configured.iter().flat_map(|done| &done.declared) {
            self.arguments.declare(name.clone(), value.clone());
        }
        Ok(step)
    }

    fn run(
        &self,
        run: &Run,
        instruction: &Instruction,
        expander: &Expander,
        scope: &Scope<'_>,
        step: &mut Step,
    ) -> Result<(), EvaluateError> {
        let env = self.config.env.as_deref().unwrap_or_default();
        let line = command_line(&self.config, run.command.as_ref());
        step.text = line.join(" ");
        step.runs = true;
        step.args = self.arguments.recorded(&self.arguments.seen(env));
        for word in &line {
            let _infallible = write!(step.detail, "{}:{word}", word.len());
        }
        for flag in &instruction.flags {
            let value = flag.value.as_ref().map(|value| &value.text[..]).unwrap_or_default();
            let _infallible = write!(step.detail, " --{}={}", flag.name, go_quote(value));
        }
        for heredoc in &instruction.heredocs {
            let _infallible = write!(step.detail, " <<{}:{}", heredoc.content.len(), heredoc.content);
        }
        for mount in &run.mounts {
            let mount = Mount::read(&mount.text, |value| expander.word(value, scope))?;
            if mount.kind == MountKind::Bind {
                let source = mount.source.unwrap_or_else(|| ".".to_owned());
                let destination = mount.target.unwrap_or_default();
                let (sources, from) = (vec![source], mount.from);
                step.takes.push(Copied { sources, destination, from, ..Copied::default() });
            }
        }
        Ok(())
    }

    /// Build arguments that an instruction names, and gets from them and not from the environment.
    fn named(&self, instruction: &Instruction, env: &[String], expander: &Expander) -> Vec<(String, String)> {
        if !instruction.line.text.contains('$') {
            return Vec::new();
        }
        let mut args: Vec<_> = references(&instruction.line.text, expander.escape())
            .into_iter()
            .filter(|reference| env.value(&reference.name).is_none())
            .filter_map(|reference| {
                let value = self.arguments.get(&reference.name)?.to_owned();
                Some((reference.name, value))
            })
            .collect();
        args.sort();
        args.dedup();
        args
    }
}

fn copied(
    copy: &Copy,
    instruction: &Instruction,
    expander: &Expander,
    scope: &Scope<'_>,
    step: &mut Step,
) -> Result<(), EvaluateError> {
    let word = |text: &str| expander.word(text, scope);
    let maybe = |given: &Option<crate::Word>| given.as_ref().map(|given| word(&given.text)).transpose();
    let mut copied = Copied {
        destination: word(&copy.destination.text)?,
        from: copy.from.as_ref().map(|from| from.text.clone()),
        chown: maybe(&copy.chown)?,
        chmod: maybe(&copy.chmod)?,
        exclude: copy.exclude.iter().map(|pattern| word(&pattern.text)).collect::<Result<_, _>>()?,
        parents: copy.parents,
        ..Copied::default()
    };
    for source in &copy.sources {
        match source.heredoc.and_then(|at| instruction.heredocs.get(at)) {
            Some(heredoc) => {
                let content = if heredoc.expand { word(&heredoc.content)? } else { heredoc.content.clone() };
                copied.files.push((heredoc.name.clone(), content));
            }
            None => copied.sources.push(word(&source.word.text)?),
        }
    }
    step.text = instruction.keyword.text.to_ascii_uppercase();
    let flags = [("chown", &copied.chown), ("chmod", &copied.chmod), ("from", &copied.from)];
    for (name, value) in flags {
        if let Some(value) = value {
            let _infallible = write!(step.text, " --{name}={value}");
        }
    }
    for flag in &instruction.flags {
        let value = flag.value.as_ref().map(|value| &value.text[..]).unwrap_or_default();
        if !flags.iter().any(|(name, _)| *name == flag.name) {
            let _infallible = write!(step.text, " --{}={value}", flag.name);
        }
    }
    for source in &copied.sources {
        let source = source.trim_start_matches("./").trim_start_matches('/');
        let _infallible = write!(step.text, " {}", if source.is_empty() { "." } else { source });
    }
    for (name, content) in &copied.files {
        let _infallible = write!(step.text, " <<{name}");
        let _infallible = write!(step.detail, "{name}:{}:{content}", content.len());
    }
    let _infallible = write!(step.text, " in {}", copied.destination);
    step.takes.push(copied);
    Ok(())
}
