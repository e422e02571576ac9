//! `.dockerignore`: which files of a context the builder never sees.
//!
//! One pattern per line, as Go's `filepath.Match` with `**` for any number of directories; `!` takes files back in; the
//! last line that matches a file or one of its directories decides.
//!
//! ```
//! use strata_dockerfile::ignore::Ignore;
//! let ignore = Ignore::parse("**/*.log\nnode_modules\n!node_modules/keep\n");
//! assert!(ignore.ignores("a/b/c.log"));
//! assert_eq!(ignore.verdict("node_modules/x/y.js").line, Some(2));
//! assert!(!ignore.ignores("node_modules/keep"));
//! ```

mod pattern;

use crate::{Diagnostic, Span};
pub use pattern::{Pattern, PatternError, clean};

/// The patterns of a file.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
    /// Lines that are no patterns; docker refuses to build with one.
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    /// The line's number, the first is 1.
    line: u32,
    /// `!`: it takes back in.
    keeps: bool,
}

/// What holds for a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the builder never sees it.
    pub ignored: bool,
    /// The line that decided; `None` when no line is about it.
    pub line: Option<u32>,
}

impl Ignore {
    /// Reads a `.dockerignore`.
    pub fn parse(text: &str) -> Self {
        let mut ignore = Self::default();
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut at = text.len() - body.len();
        for (number, raw) in body.split_inclusive('\n').enumerate() {
            let start = at;
            at += raw.len();
            let line = raw.trim_end_matches(['\n', '\r']);
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let text = line.trim();
            let (keeps, path) = match text.strip_prefix('!') {
                Some(path) => (true, path.trim()),
                None => (false, text),
            };
            let path = clean(path);
            let path = if path.len() > 1 { path.strip_prefix('/').unwrap_or(&path) } else { &path };
            // dockerd's clients look for the `!` once more when the path is clean.
            let (keeps, path) = match path.strip_prefix('!') {
                Some(path) if !keeps => (true, path),
                _ => (keeps, path),
            };
            let parsed = match (text, path) {
                ("!", _) | (_, "") => Err(PatternError::OnlyExclusion),
                _ => Pattern::parse(path),
            };
            match parsed {
                Ok(pattern) => ignore.rules.push(Rule { pattern, line: number as u32 + 1, keeps }),
                Err(error) => {
                    let start = start + (line.len() - line.trim_start().len());
                    let span = Span::new(start, start + text.len());
                    ignore.diagnostics.push(Diagnostic::refused(span, error.to_string(), error.help()));
                }
            }
        }
        ignore
    }

    /// Whether no line is a pattern.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether the builder never sees a path: relative to the context, with `/`, without one at the start.
    pub fn ignores(&self, path: &str) -> bool {
        self.verdict(path).ignored
    }

    /// What holds for a path, and which line says so.
    pub fn verdict(&self, path: &str) -> Verdict {
        let mut verdict = Verdict::default();
        let path = path.trim_matches('/');
        for rule in &self.rules {
            // A rule that would change nothing needs no look.
            if rule.keeps == verdict.ignored && rule.pattern.matches_or_parent(path) {
                verdict = Verdict { ignored: !rule.keeps, line: Some(rule.line) };
            }
        }
        verdict
    }

    /// Whether nothing below an ignored directory can be taken back in, so that it needs no look.
    pub fn is_whole(&self, directory: &str) -> bool {
        self.ignores(directory)
            && !self.rules.iter().any(|rule| rule.keeps && rule.pattern.reaches_into(directory))
    }
}

#[cfg(test)]
mod tests;
