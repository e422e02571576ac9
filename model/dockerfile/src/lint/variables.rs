//! Variables that nothing defines.

use std::collections::BTreeSet;

use super::Findings;
use crate::{
    Base, Command, Instruction, Span, Word,
    evaluate::PROXIES,
    expand::{Modifier, references},
};

/// What an image may well define, and BuildKit gives.
const COMMON: [&str; 4] = ["PATH", "HOME", "HOSTNAME", "TERM"];

pub(super) fn check(findings: &mut Findings<'_>) {
    let file = findings.file;
    let escape = file.directives.escape();
    let mut stages: Vec<Option<BTreeSet<String>>> = Vec::new();
    for stage in &findings.stages.stages {
        // What an image defines is not known here: only a stage that begins with nothing is certain.
        let mut defined = match &stage.base {
            Base::Scratch => Some(BTreeSet::new()),
            Base::Stage(base) => stages.get(*base).cloned().flatten(),
            Base::Image(_) | Base::Unknown(_) => None,
        };
        let mut declared: BTreeSet<String> = BTreeSet::new();
        for instruction in &file.instructions[stage.instructions.clone()] {
            for word in words(instruction) {
                for reference in references(&word.text, escape) {
                    let name = &reference.name;
                    let known = declared.contains(name)
                        || defined.as_ref().is_some_and(|defined| defined.contains(name))
                        || PROXIES.contains(&&name[..])
                        || COMMON.contains(&&name[..]);
                    let plain = reference.modifier == Modifier::None;
                    let certain = defined.is_some() || near(name, &declared).is_some();
                    if !known && plain && certain && name.len() > 1 {
                        let start = word.span.start as usize + reference.start;
                        let end = word.span.start as usize + reference.end;
                        let same = word.span.len() == word.text.len();
                        let span = if same { Span::new(start, end) } else { word.span };
                        let mut message = format!("Nothing defines {name} here");
                        if let Some(near) = near(name, &declared) {
                            message = format!("{message}: is {near} meant?");
                        }
                        findings.list.push(undefined(span, message));
                    }
                }
            }
            match &instruction.command {
                Command::Env(env) => {
                    let names = env.pairs.iter().map(|pair| pair.name.text.clone());
                    declared.extend(names.clone());
                    if let Some(defined) = &mut defined {
                        defined.extend(names);
                    }
                }
                Command::Arg(arg) => declared.extend(arg.pairs.iter().map(|pair| pair.name.text.clone())),
                _ => {}
            }
        }
        stages.push(defined);
    }
}

fn undefined(span: Span, message: String) -> crate::Diagnostic {
    let severity = crate::Severity::Warning;
    crate::Diagnostic {
        span,
        severity,
        code: "UndefinedVar",
        message: message.into(),
        help: "".into(),
        fix: None,
    }
}

/// A defined name that is one typing mistake away.
fn near<'a>(name: &str, declared: &'a BTreeSet<String>) -> Option<&'a String> {
    if name.len() < 4 {
        return None;
    }
    declared
        .iter()
        .find(|other| other.len().abs_diff(name.len()) <= 1 && is_near(name.as_bytes(), other.as_bytes()))
}

/// Whether one letter more, less, else or two swapped make them equal.
fn is_near(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([], []) => false,
        ([_, rest @ ..], _) if rest == b => true,
        (_, [_, rest @ ..]) if rest == a => true,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([a, b, rest @ ..], [c, d, other @ ..]) => a == d && b == c && rest == other,
        _ => false,
    }
}

/// The words in which an instruction has variables replaced.
fn words(instruction: &Instruction) -> Vec<&Word> {
    match &instruction.command {
        Command::Env(env) => env.pairs.iter().map(|pair| &pair.value).collect(),
        Command::Label(label) => label.pairs.iter().map(|pair| &pair.value).collect(),
        Command::Arg(arg) => arg.pairs.iter().filter_map(|pair| pair.value.as_ref()).collect(),
        Command::Copy(copy) | Command::Add(copy) => {
            let sources = copy.sources.iter().map(|source| &source.word);
            sources.chain([&copy.destination]).chain(&copy.chown).collect()
        }
        Command::Expose(words) | Command::Volume(words) => words.iter().collect(),
        Command::User(word) | Command::Workdir(word) | Command::Stopsignal(word) => vec![word],
        _ => Vec::new(),
    }
}
