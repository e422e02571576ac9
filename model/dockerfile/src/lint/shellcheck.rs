//! ShellCheck's rules, those that can be decided for certain.

use super::{
    Findings,
    scripts::RunScript,
    shell::{Arg, Call, Joint, Note},
    stage::StageFacts,
};
use crate::{Edit, Span};

pub(super) fn check(findings: &mut Findings<'_>, scripts: &[RunScript<'_>], stage: &StageFacts) {
    if !stage.is_posix() {
        return;
    }
    for script in scripts.iter().filter(|script| script.can_edit()) {
        if let Some(place) = script.script.unclosed {
            findings.add("SC1078", script.span(place), "This quote is never closed");
        }
        if script.script.broken {
            continue;
        }
        let calls = &script.script.calls;
        for (at, call) in calls.iter().enumerate() {
            let next =
                calls.get(at + 1).filter(|next| next.before == Joint::Pipe && call.after == Joint::Pipe);
            alone(findings, script, call);
            words(findings, script, call);
            directory(findings, script, call, stage);
            if let Some(next) = next {
                piped(findings, script, call, next);
            }
            if stage.is_plain_sh() {
                portable(findings, script, call);
            }
        }
        notes(findings, script, stage);
    }
}

fn alone(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let name = script.span(call.name.place);
    match &call.name.text[..] {
        "egrep" | "fgrep" => {
            let flag = if call.is("egrep") { "-E" } else { "-F" };
            let message = format!("{} is out of use: grep {flag}", call.name.text);
            let edit = Edit::new(name, format!("grep {flag}"));
            findings.add("SC2196", name, message).with_fix(format!("Use grep {flag}"), vec![edit]);
        }
        "expr" => {
            findings.add("SC2003", name, "The shell counts itself: $((…))");
        }
        "read" if !call.has_flag(&["r"]) => {
            let edit = script.insert_behind(call.name.place, " -r");
            findings
                .add("SC2162", name, "read takes backslashes away: use -r")
                .with_fix("Add -r", vec![edit]);
        }
        "mkdir" if call.has_flag(&["p", "parents"]) && call.has_flag(&["m", "mode"]) => {
            let deep = call.plain_args(&["m", "mode"]).any(|arg| arg.text.trim_matches('/').contains('/'));
            if deep {
                findings.add("SC2174", name, "With -p only the last directory gets the mode");
            }
        }
        "rm" if call.has_flag(&["r", "R", "recursive"]) => {
            let root = |arg: &&Arg| {
                let Some(rest) = arg.text.strip_prefix('$') else { return false };
                let bare = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
                let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                let rest = match braced {
                    Some((name, rest)) if plain(name) => rest,
                    Some(_) => return false,
                    None => bare,
                };
                matches!(rest, "/" | "/*")
            };
            if let Some(arg) = call.args.iter().find(root) {
                let message = "If the variable is empty this removes everything: use ${name:?}";
                findings.add("SC2115", script.span(arg.place), message);
            }
        }
        "echo" => {
            let one = match &call.args[..] {
                [one] if one.all_substitution => one,
                _ => return,
            };
            findings.add("SC2005", script.span(one.place), "echo of what a command prints: call the command");
        }
        "sudo" => redirected(findings, script, call),
        "find" => {
            let named = call.args.windows(2).find(|pair| {
                matches!(&pair[0].text[..], "-name" | "-iname" | "-path" | "-wholename") && pair[1].glob
            });
            if let Some([_, pattern]) = named {
                let message = "The shell replaces the pattern before find sees it: quote it";
                findings
                    .add("SC2061", script.span(pattern.place), message)
                    .with_fix("Quote it", quote(script, pattern));
            }
        }
        "grep" => {
            let pattern = call.plain_args(&["A", "B", "C", "m", "e", "f", "include", "exclude"]).next();
            if let Some(pattern) = pattern.filter(|arg| arg.glob && !call.has_flag(&["e", "f"])) {
                let message = "The shell replaces the pattern before grep sees it: quote it";
                findings
                    .add("SC2062", script.span(pattern.place), message)
                    .with_fix("Quote it", quote(script, pattern));
            }
        }
        "[" | "test" => {
            let joined =
                call.args.iter().skip(1).find(|arg| matches!(&arg.text[..], "-a" | "-o") && !arg.quoted);
            if let Some(arg) = joined.filter(|_| call.args.len() > 4) {
                let message = "-a and -o are not well defined: use two tests with && or ||";
                findings.add("SC2166", script.span(arg.place), message);
            }
        }
        _ => {}
    }
}

/// Quotes around a word that has none.
fn quote(script: &RunScript<'_>, arg: &Arg) -> Vec<Edit> {
    let span = script.span(arg.place);
    let text = script.text.get(arg.place.0..arg.place.1).unwrap_or_default();
    if arg.quoted || text.contains(['\'', '"', '\\', '$', '`']) || span.len() != text.len() {
        return Vec::new();
    }
    vec![Edit::new(span, format!("'{text}'"))]
}

fn words(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let test = call.is("[") || call.is("[[") || call.is("test");
    for arg in &call.args {
        if let (Some(place), false) = (arg.substitution, call.is("echo") && call.args.len() == 1) {
            let inner = script
                .text
                .get(place.0..place.1)
                .unwrap_or_default()
                .trim_start_matches(['$', '(', '`', ' ']);
            // What these print is made to be split, or has nothing to split at.
            let program = inner.split([' ', ')', '`']).next().unwrap_or_default();
            let safe = matches!(program, "seq" | "pgrep" | "pidof" | "nproc" | "id" | "getconf" | "uname");
            if !safe && !call.is("export") && !call.is("local") && !call.is("readonly") {
                let message = "What the command prints is split at blanks and taken for patterns: quote it";
                findings.add("SC2046", script.span(place), message);
            }
        }
        let listed =
            matches!(&call.name.text[..], "echo" | "printf" | "ls" | "for" | "find" | "set" | "case");
        if arg.glob_first
            && !arg.quoted
            && !listed
            && !test
            && arg.text.len() > 1
            && !arg.text.contains(['=', ':'])
        {
            let programs =
                ["rm", "cp", "mv", "chmod", "chown", "tar", "gzip", "cat", "touch", "zip", "install"];
            if programs.contains(&&call.name.text[..]) && !call.has_arg(&["--"]) {
                let edit = Edit::new(
                    Span { end: script.span(arg.place).start, start: script.span(arg.place).start },
                    "./",
                );
                let message = "A name that begins with a dash would be taken for an option: use ./";
                findings.add("SC2035", script.span(arg.place), message).with_fix("Add ./", vec![edit]);
            }
        }
    }
}

/// A change of directory that may fail without anybody noticing.
fn directory(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call, stage: &StageFacts) {
    let stops = stage.shell.iter().skip(1).any(|word| word.starts_with('-') && word.contains('e'));
    let set = |call: &Call| {
        call.is("set") && call.args.iter().any(|arg| arg.text.starts_with('-') && arg.text.contains('e'))
    };
    if call.is("cd") && call.after == Joint::Then && !stops && !script.script.calls_any(set) {
        // In a condition its failure is looked at.
        let before = script.text[..call.place.0].trim_end();
        if !["if", "while", "until", "!", "elif"].iter().any(|word| before.ends_with(word)) {
            let message = "If cd fails the rest runs in the wrong directory: cd … && …";
            findings.add("SC2164", script.span(call.place), message);
        }
    }
}

fn redirected(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let behind = script.text.get(call.place.1..).unwrap_or_default().trim_start();
    if behind.starts_with('>')
        && !behind.starts_with(">&")
        && !behind.starts_with("> /dev/null")
        && !behind.starts_with(">/dev/null")
    {
        findings.add(
            "SC2024",
            script.span(call.name.place),
            "The file is written without sudo: use sudo tee",
        );
    }
}

fn piped(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call, next: &Call) {
    let span = script.span(call.name.place);
    match (&call.name.text[..], &next.name.text[..]) {
        ("cat", _) if call.before != Joint::Pipe => {
            if let [file] = &call.args[..]
                && !file.text.starts_with('-')
                && !file.glob
                && file.substitution.is_none()
                && !(file.text.contains('$') && !file.quoted)
            {
                findings.add("SC2002", span, "cat of one file isn't needed: the next program can read it");
            }
        }
        ("ps", "grep") => {
            findings.add("SC2009", span, "pgrep finds programs better than grep in a list");
        }
        ("ls", "grep" | "egrep" | "fgrep") => {
            findings.add(
                "SC2010",
                span,
                "Names can have anything in them: use a pattern or find instead of ls",
            );
        }
        ("find", "xargs") => {
            let safe = call
                .args
                .iter()
                .any(|arg| arg.text.starts_with("-print0") || arg.text.starts_with("-printf"));
            if !safe && !next.has_flag(&["0", "null"]) {
                let message = "Names with blanks fall apart: find … -print0 | xargs -0, or -exec … +";
                findings.add("SC2038", span, message);
            }
        }
        ("grep", "wc") if next.has_arg(&["-l"]) && next.args.len() == 1 => {
            let lists = [
                "l",
                "L",
                "o",
                "r",
                "R",
                "c",
                "q",
                "A",
                "B",
                "C",
                "files-with-matches",
                "recursive",
                "only-matching",
            ];
            if !call.has_flag(&lists) {
                findings.add("SC2126", span, "grep -c counts itself");
            }
        }
        _ => {}
    }
}

/// What a plain sh doesn't know.
fn portable(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    match &call.name.text[..] {
        "source" => {
            let span = script.span(call.name.place);
            let edit = Edit::new(span, ".");
            findings.add("SC3046", span, "sh has no source: use .").with_fix("Use .", vec![edit]);
        }
        "[" | "test" => {
            if let Some(arg) = call.args.iter().find(|arg| arg.text == "==" && !arg.quoted) {
                let span = script.span(arg.place);
                let edit = Edit::new(span, "=");
                findings.add("SC3014", span, "sh compares with one =").with_fix("Use =", vec![edit]);
            }
        }
        "set" => {
            if let Some(arg) = call.args.iter().find(|arg| arg.text == "pipefail") {
                findings.add("SC3040", script.span(arg.place), "sh has no pipefail: choose bash with SHELL");
            }
        }
        _ => {}
    }
}

fn notes(findings: &mut Findings<'_>, script: &RunScript<'_>, stage: &StageFacts) {
    let plain = stage.is_plain_sh();
    for (note, place) in &script.script.notes {
        let span = script.span(*place);
        match note {
            Note::Backticks => {
                let text = script.text.get(place.0..place.1).unwrap_or_default();
                let inner = text.trim_start_matches('`').trim_end_matches('`');
                let finding =
                    findings.add("SC2006", span, "Backticks are hard to read and to nest: use $(…)");
                if !inner.contains(['\\', '`']) && span.len() == text.len() {
                    finding.with_fix("Use $(…)", vec![Edit::new(span, format!("$({inner})"))]);
                }
            }
            Note::ErrorsFirst => {
                findings.add("SC2069", span, "Errors still go where output went before: put 2>&1 last");
            }
            Note::DoubleBracket if plain => {
                findings.add("SC3010", span, "sh has no [[ ]]: use [ ], or choose bash with SHELL");
            }
            Note::ProcessSubstitution if plain => {
                findings.add("SC3001", span, "sh has no <(…): choose bash with SHELL");
            }
            Note::BothRedirected if plain => {
                findings.add("SC3020", span, "sh takes & for the end of the command: use >file 2>&1");
            }
            _ => {}
        }
    }
}
