//! A whole file.

use crate::{
    Command, Diagnostic, Directives, Instruction, Keyword, Onbuild, Severity, Span,
    instruction::{self, Complaint, Phase},
    syntax::Reader,
};

/// The largest text that is looked at, in bytes.
pub const LARGEST: usize = 4 << 20;

/// How many instructions are looked at.
pub const MOST: usize = 10_000;

/// The longest physical line, in bytes, as in dockerd.
const LONGEST_LINE: usize = 65_535;

/// A parsed file. Parsing never fails: what is wrong is in the diagnostics, and the rest is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dockerfile {
    /// The directives at the top.
    pub directives: Directives,
    /// The instructions, also those that are refused.
    pub instructions: Vec<Instruction>,
    /// Comment lines outside of instructions, directives included; without the blanks before them.
    pub comments: Vec<Span>,
    /// What the builder refuses, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// What dockerd says first.
    refusal: Option<Refusal>,
}

/// What dockerd says first.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    Empty,
    /// While lines are read.
    Lines(String),
    /// While instructions are understood.
    Instructions(String),
}

/// Keeps what the builder finds first: lines are read before instructions are understood.
fn refuse(first: &mut Option<Refusal>, refusal: Refusal) {
    match (&first, &refusal) {
        (None, _) | (Some(Refusal::Instructions(_)), Refusal::Lines(_)) => *first = Some(refusal),
        _ => {}
    }
}

impl Dockerfile {
    /// Reads a text.
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        if text.len() > LARGEST {
            let message = format!("the Dockerfile is larger than {LARGEST} bytes");
            file.refused(Refusal::Lines(message), Span::new(0, 0), "");
            return file;
        }
        let (read, long) = before_a_long_line(text);
        let mut reader = Reader::new(read);
        let mut begun = false;
        while let Some((instruction, complaint)) = instruction::next(&mut reader, read) {
            begun |= instruction.kind() == Some(Keyword::From);
            if let Some(complaint) = complaint {
                file.complain(complaint, instruction.lines.0);
            } else if !begun && !matches!(instruction.command, Command::Arg(_)) {
                // Once is enough.
                begun = true;
                let refusal = Refusal::Instructions("no build stage in current context".to_owned());
                file.refused(refusal, instruction.keyword.span, "begin with FROM and an image");
                if let Some(diagnostic) = file.diagnostics.last_mut() {
                    diagnostic.code = "DL3061";
                }
            }
            if !instruction.ignored.is_empty() {
                let message = "The classic builder doesn't look at what is behind the JSON array";
                let help = "BuildKit takes the whole line for a shell's: leave one of both out";
                let mut warning = Diagnostic::refused(instruction.ignored, message, help);
                warning.severity = Severity::Warning;
                file.diagnostics.push(warning);
            }
            if let Command::Onbuild(Onbuild { wrong: Some(wrong), .. }) = &instruction.command {
                let help = "the build of an image from this one will stop here".into();
                let warning = Diagnostic { severity: Severity::Warning, help, ..(**wrong).clone() };
                file.diagnostics.push(warning);
            }
            if file.instructions.len() == MOST {
                let message = format!("the Dockerfile has more than {MOST} instructions");
                file.refused(Refusal::Lines(message), instruction.keyword.span, "");
                break;
            }
            file.instructions.push(instruction);
        }
        if let Some((span, message)) = reader.wrong.take() {
            // Directives come first in a file.
            file.refusal = None;
            file.refused(Refusal::Lines(message), span, "");
        }
        if text.is_empty() {
            file.refused(Refusal::Empty, Span::new(0, 0), "begin with FROM and an image");
        } else if file.instructions.is_empty() {
            let message = "file with no instructions".to_owned();
            file.refused(Refusal::Lines(message), Span::new(0, 0), "begin with FROM and an image");
        }
        if let Some(span) = long {
            let message = format!("dockerfile line greater than max allowed size of {LONGEST_LINE}");
            file.refused(Refusal::Lines(message), span, "break it with a continuation");
        }
        file.directives = reader.directives;
        file.comments = reader.comments;
        file.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        file
    }

    /// What dockerd answers instead of building a file of this name; `None` when it can be built as far as its text goes.
    pub fn refusal(&self, name: &str) -> Option<String> {
        Some(match self.refusal.as_ref()? {
            Refusal::Empty => format!("the Dockerfile ({name}) cannot be empty"),
            Refusal::Lines(message) => format!("failed to parse {name}: {message}"),
            Refusal::Instructions(message) => message.clone(),
        })
    }

    fn complain(&mut self, Complaint { phase, diagnostic }: Complaint, line: u32) {
        let message = &diagnostic.message;
        let refusal = match phase {
            Phase::Lines => Refusal::Lines(message.to_string()),
            Phase::Instructions => {
                Refusal::Instructions(format!("dockerfile parse error line {line}: {message}"))
            }
        };
        refuse(&mut self.refusal, refusal);
        self.diagnostics.push(diagnostic);
    }

    fn refused(&mut self, refusal: Refusal, span: Span, help: &'static str) {
        let message = match &refusal {
            Refusal::Empty => "the Dockerfile is empty".to_owned(),
            Refusal::Lines(message) | Refusal::Instructions(message) => message.clone(),
        };
        self.diagnostics.push(Diagnostic::refused(span, message, help));
        refuse(&mut self.refusal, refusal);
    }
}

/// What is read: nothing from the first line on that is too long; and that line.
fn before_a_long_line(text: &str) -> (&str, Option<Span>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > LONGEST_LINE {
            return (&text[..at], Some(Span::new(at, at + line.len())));
        }
        at += line.len();
    }
    (text, None)
}
