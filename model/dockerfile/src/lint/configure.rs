//! Rules about instructions that change the config.

use super::{Findings, stage::StageFacts};
use crate::{
    Arg, ArgPair, Command, CommandLine, Edit, Env, Healthcheck, Instruction, Keyword, Pair, Span, Word,
    expand::{go_quote, references},
};

/// Parts of names that promise something secret, whole words between underscores.
const SECRET: [&str; 9] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret"];

pub(super) fn check(findings: &mut Findings<'_>, instruction: &Instruction, stage: &mut StageFacts) {
    let keyword = instruction.keyword.span;
    match &instruction.command {
        Command::Maintainer(name) => {
            let label = if instruction.keyword.text.starts_with('m') { "label" } else { "LABEL" };
            let text = format!("{label} org.opencontainers.image.authors={}", quoted(&name.text));
            let finding =
                findings.add("DL4000", keyword, "MAINTAINER is out of use: a label names the authors");
            finding.with_fix("Use a label", vec![Edit::new(instruction.span, text)]);
        }
        Command::Workdir(path) => workdir(findings, path, stage),
        Command::User(user) => user_of(findings, user, stage),
        Command::Cmd(line) => {
            only_once(findings, instruction, stage, Keyword::Cmd, "DL4003");
            exec_form(findings, line.as_ref(), stage);
        }
        Command::Entrypoint(line) => {
            only_once(findings, instruction, stage, Keyword::Entrypoint, "DL4004");
            exec_form(findings, line.as_ref(), stage);
        }
        Command::Healthcheck(check) => {
            only_once(findings, instruction, stage, Keyword::Healthcheck, "DL3012");
            if let Healthcheck::Probe(probe) = check {
                exec_form(findings, Some(&probe.command), stage);
            }
        }
        Command::Env(env) => {
            own_references(findings, env, stage);
            env.pairs.iter().for_each(|pair| secret(findings, &pair.name, "ENV"));
            if env.legacy {
                legacy(findings, instruction, &env.pairs[0], "ENV");
            }
        }
        Command::Label(label) if label.legacy => legacy(findings, instruction, &label.pairs[0], "LABEL"),
        Command::Arg(Arg { pairs }) => {
            pairs.iter().for_each(|ArgPair { name, .. }| secret(findings, name, "ARG"));
        }
        Command::Expose(ports) => ports.iter().for_each(|port| expose(findings, port)),
        _ => {}
    }
}

fn only_once(
    findings: &mut Findings<'_>,
    instruction: &Instruction,
    stage: &mut StageFacts,
    keyword: Keyword,
    code: &'static str,
) {
    if stage.count(keyword) > 0 {
        let name = keyword.name();
        let message = format!("There is a {name} in this stage already: only the last one counts");
        findings.add(code, instruction.keyword.span, message);
    }
}

fn workdir(findings: &mut Findings<'_>, path: &Word, stage: &mut StageFacts) {
    let text = path.text.trim_matches(['"', '\'']);
    let drive = text.as_bytes().get(1) == Some(&b':');
    if text.starts_with(['/', '$']) || drive {
        stage.absolute_workdir = true;
    } else {
        findings.add(
            "DL3000",
            path.span,
            format!("{text} depends on the directory before: use an absolute path"),
        );
    }
}

fn user_of(findings: &mut Findings<'_>, user: &Word, stage: &mut StageFacts) {
    let text = user.text.trim_matches(['"', '\'']);
    let name = text.split(':').next().unwrap_or(text);
    stage.user = Some((user.span, name == "root" || name == "0"));
    if !name.contains('$') && !name.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = "Who runs a container by number can't tell that this user isn't root";
        findings.add("DL3066", user.span, message);
    }
}

/// Shell form where signals should reach the program.
fn exec_form(findings: &mut Findings<'_>, line: Option<&CommandLine>, stage: &StageFacts) {
    let Some(CommandLine::Shell(word)) = line else { return };
    // A shell that was chosen on purpose is meant.
    if !stage.shell.is_empty() {
        return;
    }
    let message = "In shell form signals don't reach the program: use a JSON array";
    let finding = findings.add("DL3025", word.span, message);
    let plain = |c: char| c.is_ascii_alphanumeric() || " /._-:=,+@%".contains(c);
    let words: Vec<&str> = word.text.split_whitespace().collect();
    if word.text.chars().all(plain) && !words.first().is_none_or(|first| first.contains('=')) {
        let words: Vec<String> = words.into_iter().map(go_quote).collect();
        finding.with_fix("Use a JSON array", vec![Edit::new(word.span, format!("[{}]", words.join(", ")))]);
    }
}

/// A variable that is defined in the same ENV.
fn own_references(findings: &mut Findings<'_>, env: &Env, stage: &StageFacts) {
    let escape = findings.file.directives.escape();
    if env.pairs.len() < 2 {
        return;
    }
    for (at, pair) in env.pairs.iter().enumerate() {
        for reference in references(&pair.value.text, escape) {
            let defined = |(other, pair): (usize, &Pair)| other != at && pair.name.text == reference.name;
            if env.pairs.iter().enumerate().any(defined) && !stage.variables.contains(&reference.name) {
                let message = format!("{} has its value only after this instruction", reference.name);
                findings.add("DL3044", pair.value.span, message);
            }
        }
    }
}

fn secret(findings: &mut Findings<'_>, name: &Word, instruction: &str) {
    let lower = name.text.to_ascii_lowercase();
    let mut words = lower.split(['_', '-', '.']);
    let public = lower.contains("public") || lower.ends_with("_url") || lower.ends_with("_file");
    if !public && words.any(|word| SECRET.contains(&word) || word == "token") {
        let message = format!("{instruction} {} can be read in the image by everybody who has it", name.text);
        findings.add("DL3064", name.span, message).help = "use RUN --mount=type=secret".into();
    }
}

fn legacy(findings: &mut Findings<'_>, instruction: &Instruction, pair: &Pair, name: &'static str) {
    let span = pair.name.span.to(pair.value.span);
    let message = format!("{name} name value is an old form: use {name} name=value");
    let finding = findings.add("LegacyKeyValueFormat", instruction.keyword.span, message);
    let text = &pair.value.text;
    let bare = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-:=,+@%$${}".contains(c));
    // What is in quotes or escaped already would mean something else in quotes.
    let safe = !text.contains(['"', '\'', '\\', '`']);
    if bare || safe {
        let value = if bare { text.clone() } else { format!("\"{text}\"") };
        finding.with_fix("Use =", vec![Edit::new(span, format!("{}={value}", pair.name.text))]);
    } else if text.len() > 1 && is_one_quoted(text) {
        finding.with_fix("Use =", vec![Edit::new(span, format!("{}={text}", pair.name.text))]);
    }
}

fn is_one_quoted(text: &str) -> bool {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    [inner('"'), inner('\'')].into_iter().flatten().any(|inner| !inner.contains(['"', '\'', '\\', '`']))
}

fn expose(findings: &mut Findings<'_>, port: &Word) {
    let text = port.text.trim_matches(['"', '\'']);
    if text.contains('$') {
        return;
    }
    let (ports, protocol) = text.split_once('/').unwrap_or((text, ""));
    if protocol.chars().any(char::is_uppercase) {
        let lower = protocol.to_lowercase();
        // Not where a continuation cuts it.
        let start = port.span.of(findings.text).rfind(protocol).map(|at| port.span.start as usize + at);
        let finding = findings.add("ExposeProtoCasing", port.span, format!("Write {lower} in lower case"));
        if let Some(start) = start {
            let span = Span::new(start, start + protocol.len());
            finding.with_fix(format!("Write {lower}"), vec![Edit::new(span, lower)]);
        }
    }
    if ports.contains(':') {
        let message = "EXPOSE names a port of the container, nothing of the host";
        findings.add("ExposeInvalidFormat", port.span, message);
    }
    let numbers = ports.rsplit(':').next().unwrap_or(ports).split('-');
    let over =
        |number: &str| number.bytes().all(|byte| byte.is_ascii_digit()) && number.parse::<u16>().is_err();
    if numbers.filter(|number| !number.is_empty()).any(over) {
        findings.add("DL3011", port.span, "Ports go up to 65535");
    }
}

/// A value of a label, in quotes.
fn quoted(text: &str) -> String {
    let inner = text.trim_matches(['"', '\'']);
    format!("\"{}\"", inner.replace('\\', "\\\\").replace('"', "\\\""))
}
