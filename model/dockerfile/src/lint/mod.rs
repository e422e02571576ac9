//! What could be better: hadolint's rules by their codes, BuildKit's checks by their names, ShellCheck's for what is certain.
//!
//! A finding has one code; where hadolint and BuildKit mean the same it is hadolint's, and either name ignores it.
//! `# hadolint ignore=…` before an instruction, `# hadolint global ignore=…` and `# check=skip=…` at the top are honoured.
//!
//! ```
//! use strata_dockerfile::{Dockerfile, lint};
//! let text = "FROM debian\n";
//! let found = lint::lint(&Dockerfile::parse(text), text, &lint::Options::default());
//! assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["DL3006"]);
//! ```

mod chinese;
mod configure;
mod copy;
mod describe;
mod from;
mod labels;
mod packages;
mod pragma;
mod rules;
mod run;
mod scripts;
mod shell;
mod shellcheck;
mod stage;
mod style;
mod variables;

use std::{borrow::Cow, collections::BTreeMap};

pub use chinese::in_chinese;
pub use describe::{Page, pages};
pub use labels::LabelKind;
pub use rules::{RULES, Rule, find};

use crate::{Command, Diagnostic, Dockerfile, Edit, Fix, Instruction, Span, Stages, context::Listing};
use stage::StageFacts;

/// What a linter is told besides the text.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// The whole context, ignored files included, and what is ignored: for copies of ignored files.
    pub context: Option<(&'a Listing, &'a crate::ignore::Ignore)>,
    /// Codes or names that are off.
    pub off: Vec<String>,
    /// Codes or names of optional rules that are on.
    pub on: Vec<String>,
    /// Registries that images may come from (`*` stands for anything at either end); empty for all.
    pub registries: Vec<String>,
    /// Labels that have to be there, with what their values have to be.
    pub labels: BTreeMap<String, LabelKind>,
    /// Whether there may be no others.
    pub strict_labels: bool,
}

/// Whether a comment's text ignores nothing.
fn pragma_free(text: &str) -> bool {
    !(text.starts_with("hadolint") && text.contains("ignore"))
}

/// What was found so far.
pub(crate) struct Findings<'a> {
    file: &'a Dockerfile,
    text: &'a str,
    stages: &'a Stages,
    options: &'a Options<'a>,
    list: Vec<Diagnostic>,
}

impl Findings<'_> {
    /// Adds one.
    fn add(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<Cow<'static, str>>,
    ) -> &mut Diagnostic {
        let severity = find(code).map_or(crate::Severity::Warning, |rule| rule.severity);
        let (message, help) = (message.into(), Cow::Borrowed(""));
        self.list.push(Diagnostic { span, severity, code, message, help, fix: None });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }
}

impl Diagnostic {
    /// Says what makes it right.
    fn with_fix(&mut self, title: impl Into<Cow<'static, str>>, edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }
}

/// The findings in a file that was parsed from `text`, in the order of the text. What the builder refuses is not among them:
/// that is in [`Dockerfile::diagnostics`].
pub fn lint(file: &Dockerfile, text: &str, options: &Options<'_>) -> Vec<Diagnostic> {
    let stages = Stages::of(file, &BTreeMap::new());
    let mut findings = Findings { file, text, stages: &stages, options, list: Vec::new() };
    style::check(&mut findings);
    variables::check(&mut findings);
    let mut facts: Vec<StageFacts> = Vec::new();
    let mut before = StageFacts::default();
    for instruction in &file.instructions {
        if let Command::From(from) = &instruction.command {
            from::check(&mut findings, instruction, from, facts.len());
            let base = stages.stages.get(facts.len()).map(|stage| &stage.base);
            let inherited = match base {
                Some(crate::Base::Stage(base)) => facts.get(*base),
                _ => None,
            };
            let next = StageFacts::begin(inherited, facts.len());
            facts.push(next);
            continue;
        }
        let stage = facts.last_mut().unwrap_or(&mut before);
        instruction_of(&mut findings, instruction, stage);
    }
    stage::finish(&mut findings, &facts);
    labels::finish(&mut findings, &facts);
    let Findings { mut list, .. } = findings;
    pragma::Pragmas::of(file, text, options).filter(&mut list, file);
    list.sort_by(|a, b| (a.span, a.code).cmp(&(b.span, b.code)));
    list.dedup_by(|a, b| a.span == b.span && a.code == b.code);
    list
}

/// What is found in one instruction that is no FROM.
fn instruction_of(findings: &mut Findings<'_>, instruction: &Instruction, stage: &mut StageFacts) {
    configure::check(findings, instruction, stage);
    copy::check(findings, instruction, stage);
    labels::check(findings, instruction);
    let triggered = match &instruction.command {
        Command::Onbuild(onbuild) => &onbuild.trigger,
        _ => instruction,
    };
    if let Command::Run(run) = &triggered.command {
        let scripts = scripts::of(triggered, run, instruction);
        run::check(findings, triggered, run, &scripts, stage);
        packages::check(findings, run, &scripts, stage);
        shellcheck::check(findings, &scripts, stage);
    }
    stage.after(triggered, std::ptr::eq(triggered, instruction));
}
