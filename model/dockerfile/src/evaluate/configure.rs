//! The instructions that change the config alone: what they do to it, and what the history says of them.

use std::collections::BTreeMap;

use strata_oci::{ContainerConfig, Empty, HealthConfig};

use super::{Arguments, EvaluateError, golang as go, ports};
use crate::{
    Command, CommandLine, Env, Healthcheck, Instruction, Label, Pair, Word,
    expand::{Expander, Variables},
};

/// What a variable's value is looked up in: the environment, then build arguments.
pub struct Scope<'a> {
    /// `NAME=value`.
    pub env: &'a [String],
    /// Arguments, which the environment hides.
    pub args: &'a Arguments,
}

impl Variables for Scope<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.env.value(name).or_else(|| self.args.get(name))
    }
}

/// What a config-only instruction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configured {
    /// What the history says, without the shell before it.
    pub comment: String,
    /// The author, if it names one.
    pub author: Option<String>,
    /// Whether it set a command of its own.
    pub sets_command: bool,
    /// Something to tell.
    pub note: Option<String>,
    /// Arguments that it declares.
    pub declared: Vec<(String, Option<String>)>,
}

/// The shell of shell-form instructions.
pub fn shell(config: &ContainerConfig) -> Vec<String> {
    match &config.shell {
        Some(shell) if !shell.is_empty() => shell.clone(),
        _ => vec!["/bin/sh".into(), "-c".into()],
    }
}

/// The arguments of a command, with a shell before them if it is for one.
pub fn command_line(config: &ContainerConfig, line: Option<&CommandLine>) -> Vec<String> {
    let arguments =
        |line: &CommandLine| line.arguments().into_iter().map(|word| word.into_owned()).collect::<Vec<_>>();
    match line {
        None => shell(config),
        Some(line) if line.is_shell() => shell(config).into_iter().chain(arguments(line)).collect(),
        Some(line) => arguments(line),
    }
}

/// Applies an instruction to a config. `None` if it is one that makes files or starts a stage.
///
/// `has_command` tells whether this stage set a command, which an entrypoint then leaves alone.
pub fn configure(
    config: &mut ContainerConfig,
    instruction: &Instruction,
    expander: &Expander,
    scope: &Scope<'_>,
    has_command: bool,
) -> Result<Option<Configured>, EvaluateError> {
    let word = |word: &Word| -> Result<String, EvaluateError> { Ok(expander.word(&word.text, scope)?) };
    let mut done = Configured::default();
    match &instruction.command {
        Command::Maintainer(name) => {
            done.author = Some(name.text.clone());
            done.comment = format!("MAINTAINER {}", name.text);
        }
        Command::Env(Env { pairs, .. }) => {
            done.comment = "ENV".into();
            for (name, value) in expanded(pairs, &word)? {
                done.comment += &format!(" {name}={value}");
                set(config.env.get_or_insert_default(), &name, &value);
            }
        }
        Command::Label(Label { pairs, .. }) => {
            done.comment = "LABEL".into();
            let labels = config.labels.get_or_insert_with(BTreeMap::new);
            for (name, value) in expanded(pairs, &word)? {
                done.comment += &format!(" {name}={value}");
                labels.insert(name, value);
            }
        }
        Command::Arg(arg) => {
            let mut texts = Vec::new();
            for pair in &arg.pairs {
                let name = word(&pair.name)?;
                let value = pair.value.as_ref().map(word).transpose()?;
                texts.push(value.as_ref().map_or_else(|| name.clone(), |value| format!("{name}={value}")));
                done.declared.push((name, value));
            }
            done.comment = format!("ARG {}", texts.join(" "));
        }
        Command::Cmd(line) => {
            let command = command_line(config, line.as_ref());
            done.comment = format!("CMD {}", go::quoted_list(&command));
            done.sets_command = line.as_ref().is_some_and(|line| !line.arguments().is_empty());
            config.cmd = Some(command);
        }
        Command::Entrypoint(line) => {
            let command = command_line(config, line.as_ref());
            done.comment = format!("ENTRYPOINT {}", go::quoted_list(&command));
            // An empty list takes the base's away.
            config.entrypoint = Some(command).filter(|command| !command.is_empty());
            if !has_command {
                config.cmd = None;
            }
        }
        Command::Shell(words) => {
            let words: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
            done.comment = format!("SHELL {}", go::plain_list(&words));
            config.shell = Some(words);
        }
        Command::User(user) => {
            config.user = word(user)?;
            done.comment = format!("USER {}", config.user);
        }
        Command::Stopsignal(signal) => {
            let signal = word(signal)?;
            done.comment = format!("STOPSIGNAL {signal}");
            config.stop_signal = Some(signal);
        }
        Command::Volume(paths) => {
            let paths = paths.iter().map(&word).collect::<Result<Vec<_>, _>>()?;
            if paths.iter().any(String::is_empty) {
                return Err(EvaluateError::EmptyVolume);
            }
            done.comment = format!("VOLUME {}", go::plain_list(&paths));
            config.volumes.get_or_insert_default().extend(paths.into_iter().map(|path| (path, Empty {})));
        }
        Command::Expose(words) => {
            let mut texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            texts.sort_unstable();
            let mut given = Vec::new();
            for text in texts {
                given.extend(expander.words(text, scope)?);
            }
            let exposed = config.exposed_ports.get_or_insert_default();
            for text in &given {
                exposed.extend(ports::exposed(text)?.into_iter().map(|port| (port, Empty {})));
            }
            done.comment = format!("EXPOSE {}", given.join(" "));
        }
        Command::Onbuild(trigger) => {
            done.comment = format!("ONBUILD {}", trigger.expression);
            config.on_build.get_or_insert_default().push(trigger.expression.clone());
        }
        Command::Healthcheck(check) => {
            let old = config.healthcheck.as_ref().and_then(|check| check.test.as_deref()).unwrap_or_default();
            if old.first().is_some_and(|kind| kind != "NONE") {
                done.note = Some(format!("Note: overriding previous HEALTHCHECK: {}", go::plain_list(old)));
            }
            let check = health_config(check);
            done.comment = format!("HEALTHCHECK {}", go::health(&check));
            config.healthcheck = Some(check);
        }
        _ => return Ok(None),
    }
    Ok(Some(done))
}

fn expanded(
    pairs: &[Pair],
    word: &impl Fn(&Word) -> Result<String, EvaluateError>,
) -> Result<Vec<(String, String)>, EvaluateError> {
    pairs.iter().map(|pair| Ok((word(&pair.name)?, word(&pair.value)?))).collect()
}

/// Sets a variable where it is, or at the end.
fn set(env: &mut Vec<String>, name: &str, value: &str) {
    let pair = format!("{name}={value}");
    match env.iter_mut().find(|old| old.split('=').next() == Some(name)) {
        Some(old) => *old = pair,
        None => env.push(pair),
    }
}

fn health_config(check: &Healthcheck) -> HealthConfig {
    let Healthcheck::Probe(probe) = check else {
        return HealthConfig { test: Some(vec!["NONE".into()]), ..HealthConfig::default() };
    };
    let arguments = probe.command.arguments().into_iter().map(|word| word.into_owned());
    let kind = if probe.command.is_shell() { "CMD-SHELL" } else { "CMD" };
    let given = |number: i64| (number != 0).then_some(number);
    HealthConfig {
        test: Some(std::iter::once(kind.to_owned()).chain(arguments).collect()),
        interval: given(probe.interval),
        timeout: given(probe.timeout),
        start_period: given(probe.start_period),
        start_interval: given(probe.start_interval),
        retries: given(probe.retries),
    }
}

/// A working directory after a `WORKDIR`: an absolute one as it stands, else Go's `path.Join` with the old one.
pub fn directory(now: &str, new: &str) -> String {
    if new.starts_with('/') {
        return new.to_owned();
    }
    let joined = format!("/{now}/{new}");
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
