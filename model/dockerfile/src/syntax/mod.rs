//! Text → directives, logical lines, heredocs: what both of docker's builders do before they look at instructions.

mod directive;
mod heredoc;
pub(crate) mod json;
mod line;
pub(crate) mod words;

pub use directive::{Directive, Directives};
pub use heredoc::Heredoc;
pub(crate) use heredoc::{heredocs, opens_heredoc};
pub use line::Logical;

use crate::Span;

/// Reads logical lines one after the other.
pub(crate) struct Reader<'a> {
    text: &'a str,
    /// Offset of the next physical line.
    at: usize,
    /// How many physical lines were read.
    line: u32,
    pub directives: Directives,
    /// Whole comment lines outside of instructions, directives included.
    pub comments: Vec<Span>,
    /// What is wrong with directives: where, and what.
    pub wrong: Option<(Span, String)>,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text, at, line: 0, directives: Directives::default(), comments: Vec::new(), wrong: None }
    }

    /// The next physical line: its text without the line's end, its offset, its raw text.
    fn physical(&mut self) -> Option<(&'a str, usize, &'a str)> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let raw = &rest[..rest.find('\n').map_or(rest.len(), |end| end + 1)];
        let start = self.at;
        self.at += raw.len();
        self.line += 1;
        Some((raw.trim_end_matches(['\n', '\r']), start, raw))
    }

    /// The next instruction's text.
    pub fn logical(&mut self) -> Option<Logical> {
        loop {
            let (line, start, _) = self.physical()?;
            let text = line.trim_start();
            let start = start + line.len() - text.len();
            if let Err(message) = self.directives.read(text, Span::new(start, start + text.len())) {
                self.wrong.get_or_insert((Span::new(start, start + text.len()), message));
            }
            if text.starts_with('#') {
                self.comments.push(Span::new(start, start + text.len()));
                continue;
            }
            let (kept, mut continues) = continuation(text, self.directives.escape());
            if !continues && kept.is_empty() {
                continue;
            }
            let mut logical = Logical::default();
            let first = self.line;
            logical.push(kept, start);
            let mut end = start + text.len();
            while continues {
                let Some((line, start, _)) = self.physical() else { break };
                let trimmed = line.trim_start();
                if trimmed.starts_with('#') {
                    logical.comments.push(Span::new(start + line.len() - trimmed.len(), start + line.len()));
                    continue;
                }
                if trimmed.is_empty() {
                    logical.gaps.push(Span::new(start, self.at));
                    continue;
                }
                let (kept, more) = continuation(line, self.directives.escape());
                logical.push(kept, start);
                continues = more;
                end = start + line.len();
            }
            logical.lines = (first, self.line);
            logical.span = Span::new(start, end);
            return Some(logical);
        }
    }

    /// The lines up to a heredoc's terminator: where the body and the terminator's line are; `None` when none comes.
    pub fn body(&mut self, terminator: &str, strip_tabs: bool) -> Option<(Span, Span)> {
        let start = self.at;
        while let Some((line, at, _)) = self.physical() {
            let word = if strip_tabs { line.trim_start_matches('\t') } else { line };
            if word == terminator {
                return Some((Span::new(start, at), Span::new(at, at + line.len())));
            }
        }
        None
    }

    /// How many physical lines were read.
    pub fn line(&self) -> u32 {
        self.line
    }
}

/// A line without its continuation character, and whether it had one: the last character but blanks, not behind another.
fn continuation(line: &str, escape: char) -> (&str, bool) {
    let kept = line.trim_end_matches([' ', '\t']);
    match kept.strip_suffix(escape) {
        Some(before) if !before.ends_with(escape) => (before, true),
        _ => (line, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, (u32, u32))> {
        let mut reader = Reader::new(text);
        std::iter::from_fn(|| reader.logical()).map(|line| (line.text, line.lines)).collect()
    }

    #[test]
    fn lines_are_joined_as_docker_joins_them() {
        for (text, expected) in [
            ("", vec![]),
            ("\n  \n# c\n", vec![]),
            ("FROM a\nRUN b", vec![("FROM a", (1, 1)), ("RUN b", (2, 2))]),
            ("\u{feff}FROM a\r\n", vec![("FROM a", (1, 1))]),
            ("RUN a \\\n  b", vec![("RUN a   b", (1, 2))]),
            ("RUN a \\ \t\nb", vec![("RUN a b", (1, 2))]),
            ("RUN a \\\\\nRUN b", vec![("RUN a \\\\", (1, 1)), ("RUN b", (2, 2))]),
            ("RUN a \\\n# c\n   # d\n\n b\nX", vec![("RUN a  b", (1, 5)), ("X", (6, 6))]),
            ("RUN a \\", vec![("RUN a ", (1, 1))]),
            ("\\\nRUN a", vec![("RUN a", (1, 2))]),
            ("\\", vec![("", (1, 1))]),
            ("  RUN a  ", vec![("RUN a  ", (1, 1))]),
            ("# escape=`\nRUN a \\\nRUN b `\nc", vec![("RUN a \\", (2, 2)), ("RUN b c", (3, 4))]),
            ("\n# escape=`\nRUN a \\\nb", vec![("RUN a b", (3, 4))]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(line, at)| (line.to_owned(), at)).collect();
            assert_eq!(read(text), expected, "{text:?}");
        }
    }
}
