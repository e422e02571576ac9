//! The names of instructions.

use super::{Word, cursor::Refused};

/// Which instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names of the language")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

impl Keyword {
    /// All of them, by name.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Arg,
        Self::Cmd,
        Self::Copy,
        Self::Entrypoint,
        Self::Env,
        Self::Expose,
        Self::From,
        Self::Healthcheck,
        Self::Label,
        Self::Maintainer,
        Self::Onbuild,
        Self::Run,
        Self::Shell,
        Self::Stopsignal,
        Self::User,
        Self::Volume,
        Self::Workdir,
    ];

    /// The name in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Arg => "ARG",
            Self::Cmd => "CMD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Env => "ENV",
            Self::Expose => "EXPOSE",
            Self::From => "FROM",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Label => "LABEL",
            Self::Maintainer => "MAINTAINER",
            Self::Onbuild => "ONBUILD",
            Self::Run => "RUN",
            Self::Shell => "SHELL",
            Self::Stopsignal => "STOPSIGNAL",
            Self::User => "USER",
            Self::Volume => "VOLUME",
            Self::Workdir => "WORKDIR",
        }
    }

    /// The instruction of a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|keyword| keyword.name().eq_ignore_ascii_case(name))
    }

    /// The flags that it takes.
    pub fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Add => &["chown", "chmod", "link", "keep-git-dir", "checksum", "unpack", "exclude"],
            Self::Copy => &["chown", "chmod", "from", "link", "exclude", "parents"],
            Self::From => &["platform"],
            Self::Healthcheck => &["interval", "timeout", "start-period", "start-interval", "retries"],
            Self::Run => &["mount", "network", "security"],
            _ => &[],
        }
    }

    /// Whether it makes a layer (when it changes something); the others change the config alone.
    pub fn changes_files(self) -> bool {
        matches!(self, Self::Add | Self::Copy | Self::Run | Self::Workdir)
    }
}

/// The refusal of a name that is none.
pub(super) fn unknown(word: &Word) -> Refused {
    let name = word.text.to_uppercase();
    let near = nearest(&name);
    let help = near.map_or_else(
        || "a line begins with an instruction such as FROM, RUN or COPY".to_owned(),
        |keyword| format!("did you mean {}?", keyword.name()),
    );
    let refused = Refused::new(word.span, format!("unknown instruction: {name}")).help(help);
    match near {
        Some(keyword) => refused.replace(word.span, keyword.name()),
        None => refused,
    }
}

/// The instruction that is at most two typing mistakes away.
fn nearest(name: &str) -> Option<Keyword> {
    if name.len() < 2 || name.len() > 16 {
        return None;
    }
    let (keyword, distance) = Keyword::ALL
        .into_iter()
        .map(|keyword| (keyword, distance(name.as_bytes(), keyword.name().as_bytes())))
        .min_by_key(|(_, distance)| *distance)?;
    (distance <= 2 && distance < keyword.name().len() - 1).then_some(keyword)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        for (name, expected) in [
            ("FORM", Some(Keyword::From)),
            ("RNU", Some(Keyword::Run)),
            ("ENTRYPIONT", Some(Keyword::Entrypoint)),
            ("COPPY", Some(Keyword::Copy)),
            ("APT-GET", None),
            ("X", None),
            ("ÄÖÜÄÖÜ", None),
        ] {
            assert_eq!(nearest(name), expected, "{name}");
        }
        assert_eq!(Keyword::parse("onBuild"), Some(Keyword::Onbuild));
    }
}
