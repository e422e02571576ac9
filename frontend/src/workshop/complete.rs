//! What could come next in a Dockerfile, at the cursor.

use serde::Serialize;
use strata_dockerfile::{Command, Dockerfile, Instruction, Keyword, Lines};

use super::manual;
use crate::words::Lang;

/// What of the world outside of the text can complete it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Names of local images as docker prints them.
    pub images: Vec<String>,
    /// Paths of the context that a build is sent, with `/` at the end of directories.
    pub paths: Vec<String>,
}

/// Completions for a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completions {
    /// Where the word begins, as a UTF-16 offset.
    pub from: u32,
    /// Whether typing on only narrows them.
    pub whole: bool,
    /// What could stand there.
    pub options: Vec<Completion>,
}

/// Something that could stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// What is typed.
    pub label: String,
    /// What is inserted instead, if it isn't the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply: Option<String>,
    /// A word or two beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<String>,
    /// Before others (positive) or behind them.
    pub boost: i32,
}

impl Completion {
    fn of(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    fn info(self, info: impl Into<String>) -> Self {
        Self { info: Some(info.into()), ..self }
    }

    fn apply(self, apply: impl Into<String>) -> Self {
        Self { apply: Some(apply.into()), ..self }
    }

    fn boost(self, boost: i32) -> Self {
        Self { boost, ..self }
    }
}

/// Arguments that a `RUN` sees without declaring them, and those about the platform, which need an `ARG`.
const PREDECLARED: [&str; 8] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
];
const SIGNALS: [&str; 7] = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH"];
const PLATFORMS: [&str; 6] =
    ["$BUILDPLATFORM", "$TARGETPLATFORM", "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386"];

/// What could come at `at`, a UTF-16 offset; nothing where nothing is known.
pub fn complete(
    text: &str,
    file: &Dockerfile,
    at: u32,
    explicit: bool,
    around: &Surroundings,
    lang: Lang,
) -> Option<Completions> {
    let lines = Lines::of(text);
    let cursor = (lines.byte(at) as usize).min(text.len());
    let before = text.get(..cursor)?;
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    if line.trim_start().starts_with('#') {
        return directive(line, at);
    }
    let word = &line[line.rfind([' ', '\t']).map_or(0, |blank| blank + 1)..];
    let answer = |typed: &str, whole: bool, options: Vec<Completion>| {
        (!options.is_empty()).then(|| Completions {
            from: at - typed.encode_utf16().count() as u32,
            whole,
            options,
        })
    };
    let inside = file.instructions.iter().find(|one| {
        (one.span.start as usize) < cursor
            && cursor <= one.span.end as usize
            && line.len() < before.len().max(1) + 1
    });
    let within_heredoc = inside.is_some_and(|one| {
        one.heredocs
            .iter()
            .any(|heredoc| heredoc.body.start as usize <= cursor && cursor < heredoc.terminator.end as usize)
    });
    if within_heredoc {
        return None;
    }
    let stages = stages(file, cursor);
    if let Some(typed) = variable(word) {
        return answer(typed, true, variables(file, cursor));
    }
    // The cursor may stand behind blanks after the instruction's end, where its arguments begin.
    let instruction = inside.or_else(|| {
        let last = file.instructions.iter().rfind(|one| one.span.end as usize <= cursor)?;
        let between = text.get(last.span.end as usize..cursor)?;
        (!between.is_empty() && between.chars().all(|c| matches!(c, ' ' | '\t'))).then_some(last)
    });
    let Some(mut instruction) = instruction else {
        return keywords(word, explicit, lang).and_then(|all| answer(word, true, all));
    };
    if cursor <= instruction.keyword.span.end as usize {
        return keywords(word, explicit, lang).and_then(|all| answer(word, true, all));
    }
    if let Command::Onbuild(onbuild) = &instruction.command {
        instruction = &onbuild.trigger;
    } else if instruction.kind() == Some(Keyword::Onbuild) {
        return keywords(word, true, lang).and_then(|all| answer(word, true, all));
    }
    if cursor <= instruction.keyword.span.end as usize {
        return keywords(word, true, lang).and_then(|all| answer(word, true, all));
    }
    let kind = instruction.kind()?;
    if let Some(flag) = word.strip_prefix("--") {
        return match flag.split_once('=') {
            None => answer(word, true, flags(kind, lang)),
            Some((name, typed)) => answer(typed, false, values(name, &stages, around)),
        };
    }
    let options = arguments(kind, instruction, word, cursor, &stages, around);
    // Paths and names are not words for the editor: it asks again for every letter.
    answer(word, false, options)
}

fn directive(line: &str, at: u32) -> Option<Completions> {
    let typed = line.trim_start().trim_start_matches('#').trim_start();
    let known = ["syntax=docker/dockerfile:1", "escape=`", "check=skip=", "hadolint ignore="];
    let options: Vec<Completion> = known
        .iter()
        .filter(|known| !typed.is_empty() && known.starts_with(typed))
        .map(|known| Completion::of(*known))
        .collect();
    (!options.is_empty()).then(|| Completions {
        from: at - typed.encode_utf16().count() as u32,
        whole: false,
        options,
    })
}

/// What of a variable's name was typed: behind `$` or `${`.
fn variable(word: &str) -> Option<&str> {
    let at = word.rfind('$')?;
    let name = word[at + 1..].trim_start_matches('{');
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
}

fn keywords(word: &str, explicit: bool, lang: Lang) -> Option<Vec<Completion>> {
    if !explicit && word.is_empty() || !word.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let lower = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let order = [Keyword::Run, Keyword::Copy, Keyword::From];
    Some(
        Keyword::ALL
            .into_iter()
            .filter(|keyword| *keyword != Keyword::Maintainer)
            .map(|keyword| {
                let name =
                    if lower { keyword.name().to_ascii_lowercase() } else { keyword.name().to_owned() };
                Completion::of(&name)
                    .apply(format!("{} ", keyword.name()))
                    .detail(manual::keyword(keyword).syntax_short())
                    .info(manual::keyword(keyword).text(lang))
                    .boost(if order.contains(&keyword) { 1 } else { 0 })
            })
            .collect(),
    )
}

fn flags(kind: Keyword, lang: Lang) -> Vec<Completion> {
    let switches = ["link", "parents", "keep-git-dir"];
    kind.flags()
        .iter()
        .map(|name| {
            let flag = format!("--{name}{}", if switches.contains(name) { "" } else { "=" });
            let made = Completion::of(flag);
            match manual::flag(kind, name) {
                Some(page) => made.info(page.text(lang)),
                None => made,
            }
        })
        .collect()
}

fn values(name: &str, stages: &[(String, u32)], around: &Surroundings) -> Vec<Completion> {
    match name {
        "from" => stage_options(stages).chain(image_options(around)).collect(),
        "platform" => PLATFORMS.map(Completion::of).into(),
        "network" => ["default", "none", "host"].map(Completion::of).into(),
        "security" => ["sandbox", "insecure"].map(Completion::of).into(),
        "mount" => [
            "type=cache,target=",
            "type=bind,source=,target=",
            "type=tmpfs,target=",
            "type=secret,id=",
            "type=ssh",
        ]
        .map(Completion::of)
        .into(),
        "interval" | "timeout" | "start-period" | "start-interval" => {
            ["5s", "30s", "1m"].map(Completion::of).into()
        }
        _ => Vec::new(),
    }
}

fn arguments(
    kind: Keyword,
    instruction: &Instruction,
    word: &str,
    cursor: usize,
    stages: &[(String, u32)],
    around: &Surroundings,
) -> Vec<Completion> {
    let first =
        cursor - word.len() <= instruction.arguments.start as usize || instruction.arguments.is_empty();
    match kind {
        Keyword::From if first => stage_options(stages)
            .chain(image_options(around))
            .chain([Completion::of("scratch").boost(-1)])
            .collect(),
        Keyword::From => vec![Completion::of("AS").apply("AS ")],
        Keyword::Copy | Keyword::Add if instruction.flag("from").is_none() => paths(word, around),
        Keyword::Healthcheck if first => vec![Completion::of("CMD").apply("CMD "), Completion::of("NONE")],
        Keyword::Stopsignal => SIGNALS.map(Completion::of).into(),
        Keyword::Shell if first => vec![
            Completion::of("[\"/bin/sh\", \"-c\"]"),
            Completion::of("[\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]"),
        ],
        Keyword::Arg => PREDECLARED.map(Completion::of).into(),
        _ => Vec::new(),
    }
}

/// What the context has below the directory that was typed so far.
fn paths(word: &str, around: &Surroundings) -> Vec<Completion> {
    const MOST: usize = 200;
    let (typed, absolute) = (word.trim_start_matches("./").trim_start_matches('/'), word.starts_with('/'));
    let start = &word[..word.len() - typed.len()];
    let directory = &typed[..typed.rfind('/').map_or(0, |slash| slash + 1)];
    around
        .paths
        .iter()
        .filter_map(|path| {
            let rest = path.strip_prefix(directory)?;
            let name = rest.trim_end_matches('/');
            (!name.is_empty() && !name.contains('/')).then(|| format!("{start}{path}"))
        })
        .take(MOST)
        .map(|path| {
            // A path with blanks would be two words; the array form says it right, which can't be put in from here.
            Completion::of(path).boost(if absolute { -1 } else { 0 })
        })
        .filter(|option| !option.label.contains([' ', '\t', '\n', '"']))
        .collect()
}

/// The names of stages that are complete before the cursor, with the lines they begin in.
fn stages(file: &Dockerfile, cursor: usize) -> Vec<(String, u32)> {
    file.instructions
        .iter()
        .take_while(|one| (one.span.end as usize) < cursor)
        .filter_map(|one| match &one.command {
            Command::From(from) => from.alias.as_ref().map(|(_, name)| (name.text.clone(), one.lines.0)),
            _ => None,
        })
        .collect()
}

fn stage_options(stages: &[(String, u32)]) -> impl Iterator<Item = Completion> {
    stages.iter().map(|(name, line)| Completion::of(name).detail(format!(":{line}")).boost(2))
}

fn image_options(around: &Surroundings) -> impl Iterator<Item = Completion> {
    around.images.iter().map(Completion::of)
}

/// What `ARG` and `ENV` declared before the cursor, in its stage or before all stages.
fn variables(file: &Dockerfile, cursor: usize) -> Vec<Completion> {
    let before = file.instructions.iter().take_while(|one| (one.span.end as usize) < cursor);
    let mut known: Vec<Completion> = Vec::new();
    for one in before {
        let line = one.lines.0;
        let mut add = |name: &str, value: Option<&str>| {
            known.retain(|other| other.label != name);
            let detail = value.map_or_else(|| format!(":{line}"), |value| format!("= {value}"));
            known.push(Completion::of(name).detail(detail));
        };
        match &one.command {
            Command::From(_) => {}
            Command::Arg(arg) => arg
                .pairs
                .iter()
                .for_each(|pair| add(&pair.name.text, pair.value.as_ref().map(|value| value.text.as_str()))),
            Command::Env(env) => {
                env.pairs.iter().for_each(|pair| add(&pair.name.text, Some(&pair.value.text)))
            }
            _ => {}
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around() -> Surroundings {
        Surroundings {
            images: vec!["busybox:latest".into(), "debian:12".into()],
            paths: ["app/", "app/main.c", "app/deep/", "app/deep/x", "README", "with blank"]
                .map(String::from)
                .into(),
        }
    }

    /// What completes a text at its `|`.
    fn options(text: &str) -> Vec<String> {
        let at = text.find('|').expect("a cursor");
        let units = text[..at].encode_utf16().count() as u32;
        let text = text.replacen('|', "", 1);
        let file = Dockerfile::parse(&text);
        complete(&text, &file, units, false, &around(), Lang::En)
            .map(|all| all.options.into_iter().map(|one| one.label).collect())
            .unwrap_or_default()
    }

    #[test]
    fn what_fits_is_offered() {
        let cases: [(&str, &[&str], &[&str]); 16] = [
            ("R|", &["RUN", "COPY"], &["MAINTAINER"]),
            ("fr|", &["from"], &[]),
            ("FROM busybox\n|", &[], &["RUN"]),
            ("FROM |", &["busybox:latest", "debian:12", "scratch"], &[]),
            ("FROM busy|", &["busybox:latest"], &[]),
            ("FROM busybox |", &["AS"], &["debian:12"]),
            ("FROM a AS one\nFROM |", &["one", "busybox:latest"], &[]),
            ("FROM a AS one\nCOPY --|", &["--from=", "--link", "--chown="], &["--mount="]),
            ("FROM a AS one\nFROM b\nCOPY --from=|", &["one"], &[]),
            ("FROM a\nRUN --mount=|", &["type=cache,target="], &[]),
            ("FROM a\nCOPY |", &["app/", "README"], &["app/main.c", "with blank"]),
            ("FROM a\nCOPY app/|", &["app/main.c", "app/deep/"], &["app/", "README"]),
            ("FROM a\nCOPY ./app/m|", &["./app/main.c"], &[]),
            ("ARG V=1\nFROM a\nENV W=2\nRUN echo ${|", &["V", "W"], &[]),
            ("FROM a\nONBUILD C|", &["COPY"], &[]),
            ("# 你好 syn|", &[], &["RUN"]),
        ];
        for (text, some, none) in cases {
            let found = options(text);
            for label in some {
                assert!(found.iter().any(|one| one == label), "{text}: {label} not in {found:?}");
            }
            for label in none {
                assert!(!found.iter().any(|one| one == label), "{text}: {label} in {found:?}");
            }
        }
    }

    #[test]
    fn nothing_is_offered_in_a_heredoc() {
        assert!(options("FROM a\nRUN <<EOF\nmake |\nEOF\n").is_empty());
        assert!(options("FROM a\nRUN <<EOF\nR|\nEOF\n").is_empty());
    }

    #[test]
    fn offsets_are_javascripts() {
        let text = "# 😀\nFROM busy";
        let file = Dockerfile::parse(text);
        let at = text.encode_utf16().count() as u32;
        let found = complete(text, &file, at, false, &around(), Lang::En).expect("some");
        assert_eq!(found.from, at - 4);
    }
}
