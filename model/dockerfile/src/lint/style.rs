//! Rules about how a file is written.

use super::{Findings, pragma_free};
use crate::{Command, Edit, Span};

pub(super) fn check(findings: &mut Findings<'_>) {
    casing(findings);
    gaps(findings);
    descriptions(findings);
    inline_ignores(findings);
}

/// Keywords in the case that most have.
fn casing(findings: &mut Findings<'_>) {
    let keywords: Vec<_> = findings.file.instructions.iter().filter(|one| one.kind().is_some()).collect();
    let is_upper = |text: &str| !text.chars().any(char::is_lowercase);
    let is_lower = |text: &str| !text.chars().any(char::is_uppercase);
    let upper = keywords.iter().filter(|one| is_upper(&one.keyword.text)).count();
    let lower = keywords.iter().filter(|one| is_lower(&one.keyword.text)).count();
    let capitals = upper >= lower;
    for instruction in keywords {
        let word = &instruction.keyword;
        let right = if capitals { word.text.to_uppercase() } else { word.text.to_lowercase() };
        if word.text != right {
            let case = if capitals { "capitals" } else { "small letters" };
            let message = format!("{} should be in {case} as most instructions here are", word.text);
            let edits = vec![Edit::new(word.span, right.clone())];
            let finding = findings.add("ConsistentInstructionCasing", word.span, message);
            finding.with_fix(format!("Write {right}"), edits);
        }
    }
}

/// Empty lines in continuations.
fn gaps(findings: &mut Findings<'_>) {
    for instruction in &findings.file.instructions {
        for gap in &instruction.line.gaps {
            let message = "An empty line does not end the instruction: one day it will";
            findings
                .add("NoEmptyContinuation", *gap, message)
                .with_fix("Remove it", vec![Edit::new(*gap, "")]);
        }
    }
}

/// Comments right above a stage or argument that don't describe it by its name.
fn descriptions(findings: &mut Findings<'_>) {
    for instruction in &findings.file.instructions {
        let name = match &instruction.command {
            Command::From(from) => from.alias.as_ref().map(|(_, name)| name.text.clone()),
            Command::Arg(arg) => arg.pairs.first().map(|pair| pair.name.text.clone()),
            _ => None,
        };
        let Some(name) = name else { continue };
        let start = instruction.span.start as usize;
        let above = findings.file.comments.partition_point(|comment| comment.start < instruction.span.start);
        let Some(comment) = above.checked_sub(1).map(|at| findings.file.comments[at]) else { continue };
        let between = findings.text.get(comment.end as usize..start).unwrap_or_default();
        let text = comment.of(findings.text).trim_start_matches('#').trim();
        let directive = findings.file.directives.iter().any(|directive| directive.span == comment);
        let adjacent = between.matches('\n').count() == 1;
        if adjacent
            && !directive
            && !text.is_empty()
            && pragma_free(text)
            && !text.starts_with(&format!("{name} "))
        {
            let message = format!("A comment above {name} should describe it: # {name} …");
            findings.add("InvalidDefinitionDescription", comment, message);
        }
    }
}

/// Ignores in comments, for those who don't want any.
fn inline_ignores(findings: &mut Findings<'_>) {
    let found: Vec<Span> = findings
        .file
        .comments
        .iter()
        .filter(|comment| !pragma_free(comment.of(findings.text).trim_start_matches('#').trim()))
        .copied()
        .collect();
    for comment in found {
        findings.add("DL1001", comment, "A rule is ignored here");
    }
}
