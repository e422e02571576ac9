//! What is to be left out: comments of hadolint and the check directive of BuildKit.

use std::collections::BTreeMap;

use super::{Options, rules};
use crate::{Diagnostic, Dockerfile, Lines, Severity};

/// What a file wants to have left out.
#[derive(Debug, Default)]
pub(super) struct Pragmas {
    /// Codes and names; `all` stands for BuildKit's.
    global: Vec<String>,
    /// By the first line of the instruction below.
    lines: BTreeMap<u32, Vec<String>>,
    /// By the number of a stage.
    stages: BTreeMap<usize, Vec<String>>,
    /// Whether findings fail the build.
    errors: bool,
    on: Vec<String>,
    /// Where lines begin.
    starts: Option<Lines>,
}

impl Pragmas {
    pub fn of(file: &Dockerfile, text: &str, options: &Options<'_>) -> Self {
        let mut pragmas = Self { global: options.off.clone(), on: options.on.clone(), ..Self::default() };
        if let Some(check) = file.directives.get("check") {
            for part in check.value.split(';') {
                match part.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
                    Some(("skip", codes)) => pragmas.global.extend(list(codes)),
                    Some(("experimental", codes)) => pragmas.on.extend(list(codes)),
                    Some(("error", value)) => pragmas.errors = value.eq_ignore_ascii_case("true"),
                    _ => {}
                }
            }
        }
        let lines = Lines::of(text);
        for comment in &file.comments {
            let body = comment.of(text).trim_start_matches('#').trim();
            let Some(body) = body.strip_prefix("hadolint").filter(|rest| rest.starts_with([' ', '\t']))
            else {
                continue;
            };
            let body = body.trim_start();
            let scope = ["global", "stage"].into_iter().find(|scope| body.starts_with(scope)).unwrap_or("");
            let Some(codes) = body[scope.len()..].trim_start().strip_prefix("ignore") else { continue };
            let Some(codes) = codes.trim_start().strip_prefix('=') else { continue };
            let codes = list(codes.split('#').next().unwrap_or_default());
            match scope {
                "global" => pragmas.global.extend(codes),
                "stage" => {
                    let froms = file.instructions.iter().filter(|instruction| {
                        instruction.span.start < comment.start
                            && matches!(instruction.command, crate::Command::From(_))
                    });
                    let stage = froms.count().saturating_sub(1);
                    pragmas.stages.entry(stage).or_default().extend(codes);
                }
                _ => {
                    // The instruction below, other comments between.
                    let next = file.instructions.partition_point(|one| one.span.start < comment.start);
                    if let Some(next) = file.instructions.get(next) {
                        pragmas.lines.entry(next.lines.0).or_default().extend(codes);
                    }
                }
            }
        }
        pragmas.starts = Some(lines);
        pragmas
    }

    /// Takes away what is left out, or not switched on.
    pub fn filter(&self, list: &mut Vec<Diagnostic>, file: &Dockerfile) {
        let Some(lines) = &self.starts else { return };
        list.retain_mut(|finding| {
            let Some(rule) = rules::find(finding.code) else { return true };
            let named = |codes: &[String]| codes.iter().any(|code| matches(code, rule));
            if named(&self.global) || (rule.optional && !named(&self.on)) {
                return false;
            }
            let at =
                file.instructions.partition_point(|instruction| instruction.span.start <= finding.span.start);
            let instruction = at.checked_sub(1).map(|at| &file.instructions[at]);
            let first =
                instruction.map_or_else(|| lines.line(finding.span.start), |instruction| instruction.lines.0);
            if self.lines.get(&first).is_some_and(|codes| named(codes)) {
                return false;
            }
            if !self.stages.is_empty() {
                let before = &file.instructions[..at];
                let froms =
                    before.iter().filter(|one| matches!(one.command, crate::Command::From(_))).count();
                if self.stages.get(&froms.saturating_sub(1)).is_some_and(|codes| named(codes)) {
                    return false;
                }
            }
            if self.errors && finding.severity < Severity::Error && is_check(rule) {
                finding.severity = Severity::Error;
            }
            true
        });
    }
}

fn list(codes: &str) -> Vec<String> {
    codes.split(',').map(|code| code.trim().to_owned()).filter(|code| !code.is_empty()).collect()
}

/// Whether a rule is one of BuildKit's.
fn is_check(rule: &rules::Rule) -> bool {
    !rule.also.is_empty() || !rule.code.starts_with(['D', 'S']) || rule.code == "StageNameCasing"
}

fn matches(code: &str, rule: &rules::Rule) -> bool {
    let same = |name: &str| !name.is_empty() && name.eq_ignore_ascii_case(code);
    same(rule.code) || same(rule.also) || (code.eq_ignore_ascii_case("all") && is_check(rule))
}
