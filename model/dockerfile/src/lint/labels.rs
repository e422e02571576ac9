//! Rules about LABEL.

use super::{Findings, stage::StageFacts};
use crate::{Command, Instruction, Pair};

/// What a label's value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// Anything that isn't empty.
    Text,
    /// An address.
    Url,
    /// A time of RFC 3339.
    Time,
    /// An SPDX licence expression.
    Licence,
    /// A git commit, 7 or 40 digits.
    Commit,
    /// A version of semantic versioning.
    Version,
    /// An e-mail address.
    Email,
}

/// Beginnings of names that docker keeps for itself.
const RESERVED: [&str; 3] = ["com.docker.", "io.docker.", "org.dockerproject."];

/// What the labels of the OCI image specification have to be.
const KNOWN: [(&str, LabelKind); 4] = [
    ("org.opencontainers.image.created", LabelKind::Time),
    ("org.opencontainers.image.url", LabelKind::Url),
    ("org.opencontainers.image.source", LabelKind::Url),
    ("org.opencontainers.image.documentation", LabelKind::Url),
];

pub(super) fn check(findings: &mut Findings<'_>, instruction: &Instruction) {
    let Command::Label(label) = &instruction.command else { return };
    for pair in &label.pairs {
        name(findings, pair);
        value(findings, pair);
    }
}

fn name(findings: &mut Findings<'_>, pair: &Pair) {
    let name = pair.name.text.trim_matches(['"', '\'']);
    if name.contains('$') {
        return;
    }
    let span = pair.name.span;
    let wrong = if name.chars().any(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_/".contains(c)))
    {
        Some("only small letters, digits, dots, dashes, underscores and slashes are good in it".to_owned())
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        Some("it should begin with a small letter".to_owned())
    } else if !name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        Some("it should end with a small letter or a digit".to_owned())
    } else if name.contains("..") || name.contains("--") {
        Some("separators should not be doubled".to_owned())
    } else {
        let reserved = RESERVED.iter().find(|reserved| name.starts_with(**reserved));
        reserved.map(|reserved| format!("names that begin with {reserved} are docker's own"))
    };
    if let Some(wrong) = wrong {
        findings.add("DL3048", span, format!("The label's name {name}: {wrong}"));
    }
    if findings.options.strict_labels && !findings.options.labels.contains_key(name) {
        findings.add("DL3050", span, format!("The label {name} is not among those that are wanted"));
    }
}

fn value(findings: &mut Findings<'_>, pair: &Pair) {
    let name = pair.name.text.trim_matches(['"', '\'']);
    let known = KNOWN.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let Some(kind) = findings.options.labels.get(name).copied().or(known) else { return };
    let value = pair.value.text.trim_matches(['"', '\'']);
    if value.contains('$') {
        return;
    }
    let span = pair.value.span.to(pair.name.span);
    if value.is_empty() {
        findings.add("DL3051", span, format!("The label {name} is empty"));
        return;
    }
    let (code, right, what) = match kind {
        LabelKind::Text => return,
        LabelKind::Url => ("DL3052", is_url(value), "an address"),
        LabelKind::Time => ("DL3053", is_time(value), "a time such as 2024-05-06T07:08:09Z"),
        LabelKind::Licence => ("DL3054", is_licence(value), "an SPDX expression such as Apache-2.0"),
        LabelKind::Commit => ("DL3055", is_commit(value), "a git commit of 7 or 40 digits"),
        LabelKind::Version => ("DL3056", is_version(value), "a version such as 1.2.3"),
        LabelKind::Email => ("DL3058", is_email(value), "an e-mail address"),
    };
    if !right {
        findings.add(code, span, format!("The label {name} should be {what}"));
    }
}

/// Labels that are wanted and not there.
pub(super) fn finish(findings: &mut Findings<'_>, facts: &[StageFacts]) {
    let Some(last) = facts.last() else { return };
    let missing: Vec<String> =
        findings.options.labels.keys().filter(|name| !last.labels.contains(*name)).cloned().collect();
    let from = findings.stages.stages[last.number].instructions.start;
    let span = findings.file.instructions[from].keyword.span;
    if let Some(first) = missing.first() {
        let more = if missing.len() > 1 { format!(" and {} more", missing.len() - 1) } else { String::new() };
        findings.add("DL3049", span, format!("The label {first} is missing{more}"));
    }
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    scheme_fits && !rest.is_empty() && !text.contains(char::is_whitespace)
}

fn is_time(text: &str) -> bool {
    let digits = |from: usize, to: usize| {
        text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok()
    };
    let at = |place: usize, wanted: &str| text.get(place..=place).is_some_and(|c| wanted.contains(c));
    let date =
        digits(0, 4).is_some() && at(4, "-") && digits(5, 7).is_some_and(|month| (1..=12).contains(&month));
    let day = at(7, "-") && digits(8, 10).is_some_and(|day| (1..=31).contains(&day)) && at(10, "Tt ");
    let hour = digits(11, 13).is_some_and(|hour| hour < 24) && at(13, ":");
    let minute = digits(14, 16).is_some_and(|minute| minute < 60) && at(16, ":");
    if !(date && day && hour && minute && digits(17, 19).is_some_and(|second| second <= 60)) {
        return false;
    }
    let mut zone = &text[19..];
    if let Some(fraction) = zone.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return false;
        }
        zone = &fraction[digits..];
    }
    let offset = zone.len() == 6 && zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':';
    matches!(zone, "Z" | "z") || (offset && zone.bytes().filter(u8::is_ascii_digit).count() == 4)
}

/// Identifiers with AND, OR or WITH between them.
fn is_licence(text: &str) -> bool {
    let plain = text.replace(['(', ')'], " ");
    let identifier =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.+:".contains(&byte));
    let fits = |(at, word): (usize, &str)| {
        if at % 2 == 0 { identifier(word) } else { matches!(word, "AND" | "OR" | "WITH") }
    };
    plain.split_whitespace().count() % 2 == 1 && plain.split_whitespace().enumerate().all(fits)
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 7 | 40)
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or(text);
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let rest = &text[core.len()..];
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-+.".contains(c);
    core.split('.').count() == 3
        && core.split('.').all(number)
        && rest.chars().all(allowed)
        && !rest.ends_with(['-', '+', '.'])
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
    })
}
