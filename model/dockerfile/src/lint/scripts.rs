//! The scripts of a RUN, with the way from a place in one back to the source.

use super::shell::{Call, Place, Script};
use crate::{CommandLine, Edit, Instruction, Run, Span, syntax::Logical};

/// A script of an instruction.
pub(super) struct RunScript<'a> {
    pub script: Script,
    /// Its text.
    pub text: &'a str,
    origin: Origin<'a>,
}

enum Origin<'a> {
    /// The arguments of a line, which begin there in its text.
    Line(&'a Logical, usize),
    /// The body of a heredoc, which begins there in the source.
    Body(usize),
    /// A JSON array: places are those of the source already.
    Words,
}

impl RunScript<'_> {
    /// Where a place is in the source.
    pub fn span(&self, (start, end): Place) -> Span {
        match self.origin {
            Origin::Line(line, from) => line.span(from + start, from + end),
            Origin::Body(from) => Span::new(from + start, from + end),
            Origin::Words => Span::new(start, end),
        }
    }

    /// Whether words can be put in: not into a JSON array.
    pub fn can_edit(&self) -> bool {
        !matches!(self.origin, Origin::Words)
    }

    /// Puts text behind a place.
    pub fn insert_behind(&self, (_, end): Place, text: &str) -> Edit {
        let at = self.span((end.saturating_sub(1), end)).end;
        Edit::new(Span { start: at, end: at }, text)
    }

    /// Puts text behind the argument of a call that is one of these words.
    pub fn insert_after_word(&self, call: &Call, words: &[&str], text: &str) -> Option<Edit> {
        let word = call.args.iter().find(|arg| words.contains(&&arg.text[..]))?;
        self.can_edit().then(|| self.insert_behind(word.place, text))
    }

    /// Puts text at the end of the script, where that is behind its last command.
    pub fn append(&self, text: &str) -> Option<Edit> {
        let end = self.text.trim_end().len();
        let last = self.script.calls.last()?;
        // Not behind a comment, into a loop or a subshell.
        let plain = last.place.1 == end
            || self.text[last.place.1..end].chars().all(|c| " ;0123456789&>/devnul".contains(c));
        let ends = self.text.ends_with([';', '&', '|']);
        (self.can_edit() && plain && !ends).then(|| self.insert_behind((0, end), text))
    }
}

/// The scripts of a RUN; `outer` is the instruction that it is in (itself, or an ONBUILD).
pub(super) fn of<'a>(
    instruction: &'a Instruction,
    run: &'a Run,
    outer: &'a Instruction,
) -> Vec<RunScript<'a>> {
    match &run.command {
        None => Vec::new(),
        Some(CommandLine::Exec(words)) => {
            let words =
                words.iter().map(|word| (&word.text[..], (word.span.start as usize, word.span.end as usize)));
            vec![RunScript { script: Script::of_words(words), text: "", origin: Origin::Words }]
        }
        Some(CommandLine::Shell(word)) => {
            let heredocs = &outer.heredocs;
            let opens = crate::syntax::opens_heredoc(word.text.trim()).is_some();
            if let (true, [heredoc]) = (opens, &heredocs[..]) {
                let portable = !heredoc.content.starts_with("#!");
                if heredoc.strip_tabs || !portable {
                    return Vec::new();
                }
                let text = &heredoc.content[..];
                let origin = Origin::Body(heredoc.body.start as usize);
                return vec![RunScript { script: Script::read(text), text, origin }];
            }
            let from = instruction.line.text.trim_end().len() - word.text.len();
            let script = Script::read(&word.text);
            vec![RunScript { script, text: &word.text, origin: Origin::Line(&instruction.line, from) }]
        }
    }
}
