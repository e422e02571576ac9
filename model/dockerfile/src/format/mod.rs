//! The usual shape of a file: keywords in capitals, one blank between words, no blanks at the ends of lines, no empty lines in
//! instructions, one before a stage. What a shell sees is never touched, so that nothing is built anew.
//!
//! ```
//! use strata_dockerfile::{Dockerfile, apply, format};
//! let text = "from  debian:12  as a\nrun   a  b \n\n\n\ncmd [ \"x\",\"y\" ]";
//! let edits = format::format(&Dockerfile::parse(text), text);
//! assert_eq!(apply(text, &edits), "FROM debian:12 AS a\nRUN a  b\n\nCMD [\"x\", \"y\"]\n");
//! ```

mod blank;

use crate::{Command, CommandLine, Dockerfile, Edit, Instruction, Span, Word};

/// What the lines of an instruction behind its first are indented with.
const INDENT: &str = "    ";

/// The edits that bring a text into shape, in ascending order; none if it is. Instructions that the builder refuses stay as
/// they are.
pub fn format(file: &Dockerfile, text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    for instruction in &file.instructions {
        if !matches!(instruction.command, Command::Invalid) && instruction.kind().is_some() {
            Shaper { text, edits: &mut edits }.instruction(instruction);
        }
    }
    blank::between(file, text, &mut edits);
    edits.retain(|edit| edit.span.of(text) != edit.text);
    edits.sort_by_key(|edit| edit.span);
    edits.dedup_by(|later, earlier| later.span.start < earlier.span.end || later == earlier);
    edits
}

struct Shaper<'a> {
    text: &'a str,
    edits: &'a mut Vec<Edit>,
}

impl Shaper<'_> {
    fn instruction(&mut self, instruction: &Instruction) {
        let keyword = &instruction.keyword;
        self.edits.push(Edit::new(keyword.span, keyword.text.to_ascii_uppercase()));
        // Keyword, flags and the rest, one blank between.
        let mut at = keyword.span;
        for flag in &instruction.flags {
            self.space(at, flag.span);
            at = flag.span;
        }
        if !instruction.arguments.is_empty() {
            self.space(at, instruction.arguments);
        }
        self.ends(instruction);
        match &instruction.command {
            Command::From(from) => {
                let alias = from.alias.iter().flat_map(|(keyword, name)| [keyword, name]);
                let words: Vec<&Word> = [&from.image].into_iter().chain(alias).collect();
                self.words(&words);
                // One that a continuation cuts stays so, as its words do.
                if let Some((keyword, _)) = &from.alias
                    && !keyword.span.of(self.text).contains('\n')
                {
                    self.edits.push(Edit::new(keyword.span, "AS"));
                }
            }
            Command::Env(env) if !env.legacy => {
                let spans = env.pairs.iter().map(|pair| pair.name.span.to(pair.value.span));
                self.spans(&spans.collect::<Vec<_>>());
            }
            Command::Label(label) if !label.legacy => {
                let spans = label.pairs.iter().map(|pair| pair.name.span.to(pair.value.span));
                self.spans(&spans.collect::<Vec<_>>());
            }
            Command::Arg(arg) => {
                let spans = arg.pairs.iter().map(|pair| {
                    let value = pair.value.as_ref().map_or(pair.name.span, |value| value.span);
                    pair.name.span.to(value)
                });
                self.spans(&spans.collect::<Vec<_>>());
            }
            Command::Copy(copy) | Command::Add(copy) => {
                let sources = copy.sources.iter().map(|source| &source.word);
                let words: Vec<&Word> = sources.chain([&copy.destination]).collect();
                // What is no array because of a tab may be one with a blank.
                let bracket = instruction.arguments.of(self.text).starts_with('[');
                match (copy.json, bracket) {
                    (true, _) => self.array(&words, instruction.arguments),
                    (false, false) => self.words(&words),
                    (false, true) => {}
                }
            }
            Command::Volume(words) => {
                let words: Vec<&Word> = words.iter().collect();
                let json = instruction.arguments.of(self.text).starts_with('[');
                if json { self.array(&words, instruction.arguments) } else { self.words(&words) }
            }
            Command::Expose(words) => self.words(&words.iter().collect::<Vec<_>>()),
            Command::Shell(words) => self.array(&words.iter().collect::<Vec<_>>(), instruction.arguments),
            Command::Cmd(Some(CommandLine::Exec(words)))
            | Command::Entrypoint(Some(CommandLine::Exec(words))) => {
                self.array(&words.iter().collect::<Vec<_>>(), instruction.arguments);
            }
            Command::Run(run) => {
                if let Some(CommandLine::Exec(words)) = &run.command {
                    self.array(&words.iter().collect::<Vec<_>>(), instruction.arguments);
                }
            }
            _ => {}
        }
    }

    /// One blank between two pieces of the same line.
    fn space(&mut self, before: Span, after: Span) {
        if before.end >= after.start {
            return;
        }
        let between = Span { start: before.end, end: after.start };
        if between.of(self.text).chars().all(|c| matches!(c, ' ' | '\t')) {
            self.edits.push(Edit::new(between, " "));
        }
    }

    fn words(&mut self, words: &[&Word]) {
        self.spans(&words.iter().map(|word| word.span).collect::<Vec<_>>());
    }

    /// Words that only blanks and continuations divide.
    fn spans(&mut self, spans: &[Span]) {
        // A word over several lines may be in quotes.
        if spans.iter().any(|span| span.of(self.text).contains('\n')) {
            return;
        }
        for pair in spans.windows(2) {
            // An escape before a blank may be meant for it.
            if pair[0].of(self.text).ends_with(['\\', '`']) {
                continue;
            }
            self.space(pair[0], pair[1]);
            let between = Span { start: pair[0].end, end: pair[1].start };
            let text = between.of(self.text);
            let Some(first) = text.find('\n') else { continue };
            let last = text.rfind('\n').unwrap_or(first);
            let start = between.start as usize;
            // ` \` behind the word, and its indentation.
            let line = text[..first].trim_end();
            let escape = line.trim_start_matches([' ', '\t']);
            if escape.chars().count() == 1 {
                self.edits.push(Edit::new(Span::new(start, start + line.len()), format!(" {escape}")));
            }
            let indent = Span::new(start + last + 1, between.end as usize);
            if indent.of(self.text).chars().all(|c| matches!(c, ' ' | '\t')) {
                self.edits.push(Edit::new(indent, INDENT));
            }
        }
    }

    /// A JSON array on one line.
    fn array(&mut self, words: &[&Word], arguments: Span) {
        let whole = arguments.of(self.text);
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return };
        if whole.contains('\n') || !whole.starts_with('[') || !whole.ends_with(']') {
            return;
        }
        let inner = |start: u32, end: u32| Span { start, end };
        // Nothing but blanks, commas and the brackets around the strings.
        let starts = words.iter().map(|word| word.span.start).chain([arguments.end]);
        let ends = [arguments.start].into_iter().chain(words.iter().map(|word| word.span.end));
        let plain = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',');
        // `["a" "b"]` looks like one, and is none.
        if !words.iter().all(|word| word.span.of(self.text).starts_with('"')) {
            return;
        }
        if ends.zip(starts).any(|(end, start)| !inner(end, start).of(self.text).chars().all(plain)) {
            return;
        }
        self.edits.push(Edit::new(inner(arguments.start + 1, first.span.start), ""));
        for pair in words.windows(2) {
            self.edits.push(Edit::new(inner(pair[0].span.end, pair[1].span.start), ", "));
        }
        self.edits.push(Edit::new(inner(last.span.end, arguments.end - 1), ""));
    }

    /// No blanks at the ends of its lines, and no empty lines.
    fn ends(&mut self, instruction: &Instruction) {
        for gap in &instruction.line.gaps {
            self.edits.push(Edit::new(*gap, ""));
        }
        for comment in &instruction.line.comments {
            blank::line_end(self.text, comment.end as usize, self.edits);
        }
        // What is behind the last line's text is between instructions.
        let mut pieces: Vec<Span> = instruction.line.pieces().map(|(_, span)| span).collect();
        pieces.pop();
        for piece in pieces {
            blank::line_end(self.text, piece.end as usize, self.edits);
        }
    }
}
