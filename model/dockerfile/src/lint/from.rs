//! Rules about FROM.

use super::Findings;
use crate::{Base, Command, Edit, From, Instruction, Word, expand::references};

/// Stage names that mean something else.
const RESERVED: [&str; 2] = ["scratch", "context"];

/// Platform arguments that BuildKit gives to a FROM without a declaration.
const PLATFORM: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

pub(super) fn check(findings: &mut Findings<'_>, instruction: &Instruction, from: &From, number: usize) {
    image(findings, from, number);
    platform(findings, instruction, from);
    arguments(findings, from);
    let Some((keyword, name)) = &from.alias else { return };
    let lower = name.text.to_lowercase();
    if lower != name.text {
        let edits = renamed(findings, name);
        let message = format!("The stage name {} should be in lower case", name.text);
        findings.add("StageNameCasing", name.span, message).with_fix(format!("Rename to {lower}"), edits);
    }
    if RESERVED.contains(&&lower[..]) {
        findings.add("DL3063", name.span, format!("{lower} already means something else than a stage"));
    }
    if findings.stages.named(&lower).is_some_and(|first| first != number) {
        findings.add("DL3024", name.span, format!("Another stage is called {lower} already"));
    }
    let upper = |text: &str| text.chars().all(char::is_uppercase);
    let (mine, theirs) = (upper(&keyword.text), upper(&instruction.keyword.text));
    let lowered = |text: &str| text.chars().all(char::is_lowercase);
    if (theirs && !mine) || (lowered(&instruction.keyword.text) && !lowered(&keyword.text)) {
        let right = if theirs { "AS" } else { "as" };
        let message = format!("{} and {} are not written alike", keyword.text, instruction.keyword.text);
        let edits = vec![Edit::new(keyword.span, right)];
        findings.add("FromAsCasing", keyword.span, message).with_fix(format!("Write {right}"), edits);
    }
}

/// Its name in lower case, wherever it is named.
fn renamed(findings: &Findings<'_>, name: &Word) -> Vec<Edit> {
    let lower = name.text.to_lowercase();
    let mut edits = vec![Edit::new(name.span, lower.clone())];
    for instruction in &findings.file.instructions {
        let other = match &instruction.command {
            Command::From(from) => Some(&from.image),
            Command::Copy(copy) => copy.from.as_ref(),
            _ => None,
        };
        if let Some(other) = other.filter(|other| other.text == name.text && other.span > name.span) {
            edits.push(Edit::new(other.span, lower.clone()));
        }
    }
    edits.sort_by_key(|edit| edit.span);
    edits
}

/// An image's tag, and where it comes from.
fn image(findings: &mut Findings<'_>, from: &From, number: usize) {
    let text = from.image.text.trim_matches('"');
    let is_image = !matches!(
        findings.stages.stages.get(number).map(|stage| &stage.base),
        Some(Base::Stage(_) | Base::Scratch)
    );
    if !is_image || text == "scratch" {
        return;
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    if !text.contains('@') {
        match name.split_once(':') {
            None if !text.contains('$') => {
                let message = format!("Say which version of {text} is meant, as in {text}:TAG");
                findings.add("DL3006", from.image.span, message);
            }
            Some((_, "latest")) => {
                let message = "latest is another image after every release: name a version";
                findings.add("DL3007", from.image.span, message);
            }
            _ => {}
        }
    }
    registry(findings, &from.image);
}

/// Whether an image comes from where it may.
pub(super) fn registry(findings: &mut Findings<'_>, image: &Word) {
    let allowed = &findings.options.registries;
    if allowed.is_empty() || image.text.contains('$') {
        return;
    }
    let first = image.text.split_once('/').map_or("", |(first, _)| first);
    let host = if first.contains(['.', ':']) || first == "localhost" { first } else { "docker.io" };
    let fits = |pattern: &String| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => host.ends_with(end),
        (_, Some(start)) => host.starts_with(start),
        _ => host == pattern || (host == "docker.io" && pattern == "hub.docker.com"),
    };
    if !allowed.iter().any(fits) {
        findings.add("DL3026", image.span, format!("Images may not come from {host}"));
    }
}

fn platform(findings: &mut Findings<'_>, instruction: &Instruction, from: &From) {
    let Some(platform) = &from.platform else { return };
    match &platform.text[..] {
        "$TARGETPLATFORM" | "${TARGETPLATFORM}" => {
            let message = "A stage is for the target platform anyway";
            let flag = instruction.flag("platform").map_or(platform.span, |flag| flag.span);
            let mut gone = flag;
            gone.end = from.image.span.start;
            findings.add("DL3065", flag, message).with_fix("Remove the flag", vec![Edit::new(gone, "")]);
        }
        text if !text.contains("BUILDPLATFORM")
            && !text.contains("TARGETPLATFORM")
            && !text.contains('$') =>
        {
            let message = "With a fixed platform the image can't be built for others";
            findings.add("DL3029", platform.span, message);
        }
        _ => {}
    }
}

/// Variables of the image's name.
fn arguments(findings: &mut Findings<'_>, from: &From) {
    let escape = findings.file.directives.escape();
    let before = &findings.file.instructions[..findings.stages.before];
    let declared: Vec<(&str, bool)> = before
        .iter()
        .filter_map(|instruction| match &instruction.command {
            Command::Arg(arg) => Some(&arg.pairs),
            _ => None,
        })
        .flatten()
        .map(|pair| (&pair.name.text[..], pair.value.as_ref().is_some_and(|value| !value.text.is_empty())))
        .collect();
    let words = [Some(&from.image), from.platform.as_ref()];
    for word in words.into_iter().flatten() {
        let mut empty = None;
        for reference in references(&word.text, escape) {
            let known = declared.iter().rev().find(|(name, _)| *name == reference.name);
            let given = PLATFORM.contains(&&reference.name[..])
                || crate::evaluate::PROXIES.contains(&&reference.name[..]);
            match known {
                None if !given => {
                    let message = format!("No ARG before the first FROM declares {}", reference.name);
                    findings.add("UndefinedArgInFrom", word.span, message);
                }
                Some((_, false)) if reference.modifier == crate::expand::Modifier::None => {
                    empty = Some(reference.name);
                }
                _ => {}
            }
        }
        if let Some(name) = empty.filter(|_| std::ptr::eq(word, &from.image)) {
            let expanded = crate::expand::Expander::new(escape);
            let without = expanded.word(&word.text, &crate::expand::Nothing).unwrap_or_default();
            // A name that ends with a colon, or has nothing in it, is none.
            let bad = without.is_empty()
                || without.ends_with([':', '/', '@'])
                || without.starts_with([':', '/', '@']);
            if bad {
                let message = format!("Without a value for {name} there is no image of that name");
                findings.add("InvalidDefaultArgInFrom", word.span, message);
            }
        }
    }
}
