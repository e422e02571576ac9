//! What a stage has seen so far, and what is only known at its end.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::{Base, Command, Instruction, Keyword, Span};

/// What is known of a stage at some place.
#[derive(Clone, Debug, Default)]
pub(super) struct StageFacts {
    /// Its number.
    pub number: usize,
    /// The words of its SHELL; empty for the default.
    pub shell: Vec<String>,
    /// Whether a WORKDIR was set, here or in the stage that it is built on.
    pub workdir: bool,
    /// Whether an absolute one was.
    pub absolute_workdir: bool,
    /// How many instructions of a kind there were.
    pub seen: BTreeMap<Keyword, usize>,
    /// Where the last USER is, and whether it is root.
    pub user: Option<(Span, bool)>,
    /// Programs that fetch: curl, wget.
    pub fetchers: BTreeSet<&'static str>,
    /// Names of labels.
    pub labels: BTreeSet<String>,
    /// ENV and ARG names.
    pub variables: BTreeSet<String>,
    /// Whether PIP_NO_CACHE_DIR is on.
    pub pip_without_cache: bool,
    /// Whether the image keeps downloaded packages, so that lists are wanted, too.
    pub keeps_packages: bool,
    /// Findings that count only if the stage's files are shipped: code, where, message, fix.
    pub if_shipped: Vec<(&'static str, Span, &'static str, Option<crate::Fix>)>,
    /// Archives that were copied: name and where.
    pub archives: Vec<(String, Span)>,
    /// The RUN right before: its flags, and how many commands it has.
    pub last_run: Option<(Vec<String>, usize)>,
    /// Whether there is a HEALTHCHECK, here or in the stage that it is built on.
    pub healthcheck: bool,
}

impl StageFacts {
    /// A new stage, on another or on an image.
    pub fn begin(base: Option<&Self>, number: usize) -> Self {
        let Some(base) = base else { return Self { number, ..Self::default() } };
        Self {
            number,
            workdir: base.workdir,
            absolute_workdir: base.absolute_workdir,
            labels: base.labels.clone(),
            variables: base.variables.clone(),
            pip_without_cache: base.pip_without_cache,
            keeps_packages: base.keeps_packages,
            healthcheck: base.healthcheck,
            ..Self::default()
        }
    }

    /// Counts an instruction of a kind; how many there were before.
    pub fn count(&mut self, keyword: Keyword) -> usize {
        let count = self.seen.entry(keyword).or_default();
        *count += 1;
        *count - 1
    }

    /// The shell's name: `sh`, `bash`, `pwsh`.
    pub fn shell_name(&self) -> &str {
        let program = self.shell.first().map_or("sh", |program| &program[..]);
        let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
        name.strip_suffix(".exe").unwrap_or(name)
    }

    /// Whether scripts are read by a shell of the POSIX family.
    pub fn is_posix(&self) -> bool {
        !matches!(self.shell_name(), "pwsh" | "powershell" | "cmd")
    }

    /// Whether scripts are read by a shell that knows no more than POSIX.
    pub fn is_plain_sh(&self) -> bool {
        matches!(self.shell_name(), "sh" | "dash")
    }

    /// Whether a failing part fails a pipe.
    pub fn pipefail(&self) -> bool {
        !self.is_posix() || self.shell.iter().skip(1).any(|word| word.contains("pipefail"))
    }

    /// Remembers an instruction.
    pub fn after(&mut self, instruction: &Instruction, direct: bool) {
        match &instruction.command {
            Command::Shell(words) if direct => {
                self.shell = words.iter().map(|word| word.text.clone()).collect();
            }
            Command::Workdir(_) => self.workdir = true,
            Command::Healthcheck(_) => self.healthcheck = true,
            Command::Env(env) => {
                self.variables.extend(env.pairs.iter().map(|pair| pair.name.text.clone()));
                let pip = env.pairs.iter().find(|pair| pair.name.text == "PIP_NO_CACHE_DIR");
                if let Some(pair) = pip {
                    let value = pair.value.text.trim_matches(['"', '\'']).to_ascii_lowercase();
                    self.pip_without_cache = matches!(&value[..], "1" | "true" | "on" | "yes");
                }
            }
            Command::Arg(arg) => self.variables.extend(arg.pairs.iter().map(|pair| pair.name.text.clone())),
            Command::Label(label) => {
                self.labels.extend(label.pairs.iter().map(|pair| pair.name.text.clone()))
            }
            _ => {}
        }
        if !matches!(instruction.command, Command::Run(_)) {
            self.last_run = None;
        }
    }
}

/// What is only known when all stages are read.
pub(super) fn finish(findings: &mut Findings<'_>, facts: &[StageFacts]) {
    let stages = findings.stages;
    let last = facts.len().saturating_sub(1);
    for stage in facts {
        let number = stage.number;
        let built_on = stages.stages.iter().any(|other| other.base == Base::Stage(number));
        if number == last || built_on {
            for (code, span, message, fix) in &stage.if_shipped {
                findings.add(code, *span, *message).fix.clone_from(fix);
            }
        }
        if let Some((span, true)) = stage.user {
            findings.add(
                "DL3002",
                span,
                "The last USER is root: what runs in the container has all rights in it",
            );
        }
        if !stage.healthcheck && number == last {
            let from = &findings.file.instructions[stages.stages[number].instructions.start];
            findings.add("DL3057", from.keyword.span, "There is no HEALTHCHECK");
        }
    }
}
