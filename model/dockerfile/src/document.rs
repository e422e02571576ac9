//! A whole file.

use crate::{
    Command, Diagnostic, Directives, Instruction, Onbuild, Severity, Span,
    instruction::{self, Phase},
    syntax::Reader,
};

/// The largest text that is looked at, in bytes.
pub const LARGEST: usize = 4 << 20;

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
    refusal: Option<String>,
}

/// What the builder refuses, in the order in which it finds it.
#[derive(Default)]
struct Refusals(Option<(Phase, String)>);

impl Refusals {
    fn add(&mut self, phase: Phase, message: impl FnOnce() -> String) {
        if self.0.as_ref().is_none_or(|(known, _)| phase < *known) {
            self.0 = Some((phase, message()));
        }
    }
}

/// What is found wrong while lines are read, as the daemon answers it.
fn unreadable(message: &str) -> String {
    format!("failed to parse Dockerfile: {message}")
}

impl Dockerfile {
    /// Reads a text.
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut refusals = Refusals::default();
        if text.len() > LARGEST {
            let message = format!("the Dockerfile is larger than {LARGEST} bytes");
            file.diagnostics.push(Diagnostic::refused(Span::new(0, 0), message.clone(), ""));
            file.refusal = Some(message);
            return file;
        }
        // Nothing from the first line on that is too long is read.
        let long = text.split_inclusive('\n').find(|line| line.len() > LONGEST_LINE).map(|line| {
            let start = line.as_ptr().addr() - text.as_ptr().addr();
            let message = format!("dockerfile line greater than max allowed size of {LONGEST_LINE}");
            (Span::new(start, start + line.len()), message)
        });
        let text = long.as_ref().map_or(text, |(span, _)| &text[..span.start as usize]);
        let mut reader = Reader::new(text);
        while let Some((instruction, complaint)) = instruction::next(&mut reader, text) {
            if let Some(complaint) = complaint {
                let message = &complaint.diagnostic.message;
                match complaint.phase {
                    Phase::Lines => refusals.add(Phase::Lines, || unreadable(message)),
                    Phase::Instructions => refusals.add(Phase::Instructions, || {
                        format!("dockerfile parse error line {}: {message}", instruction.lines.0)
                    }),
                }
                file.diagnostics.push(complaint.diagnostic);
            } else if let Some(diagnostic) = file.misplaced(&instruction) {
                refusals.add(Phase::Instructions, || diagnostic.message.to_string());
                file.diagnostics.push(diagnostic);
            }
            if let Command::Onbuild(Onbuild { wrong: Some(wrong), .. }) = &instruction.command {
                let help = "the build of an image from this one will stop here".into();
                let warning = Diagnostic { severity: Severity::Warning, help, ..(**wrong).clone() };
                file.diagnostics.push(warning);
            }
            file.instructions.push(instruction);
        }
        if let Some((span, _, message)) = reader.wrong.take() {
            refusals.0 = Some((Phase::Lines, unreadable(&message)));
            file.diagnostics.insert(0, Diagnostic::refused(span, message, ""));
        }
        if file.instructions.is_empty() {
            let message = "file with no instructions";
            refusals.add(Phase::Lines, || match text.is_empty() && long.is_none() {
                true => "the Dockerfile (Dockerfile) cannot be empty".to_owned(),
                false => unreadable(message),
            });
            let help = "begin with FROM and an image";
            file.diagnostics.push(Diagnostic::refused(Span::new(0, 0), message, help));
        }
        if let Some((span, message)) = long {
            refusals.add(Phase::Lines, || unreadable(&message));
            file.diagnostics.push(Diagnostic::refused(span, message, "break it with a continuation"));
        }
        file.directives = reader.directives;
        file.comments = reader.comments;
        file.refusal = refusals.0.map(|(_, message)| message);
        file.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        file
    }

    /// What dockerd answers instead of building; `None` when the file can be built as far as its text goes.
    pub fn refusal(&self) -> Option<String> {
        self.refusal.clone()
    }

    /// Whether an instruction other than ARG is before the first FROM.
    fn misplaced(&self, instruction: &Instruction) -> Option<Diagnostic> {
        let first = matches!(instruction.command, Command::From(_) | Command::Arg(_) | Command::Invalid);
        let stage = |earlier: &Instruction| matches!(earlier.command, Command::From(_));
        // A refused FROM is complained about already.
        let intended = |earlier: &Instruction| earlier.kind() == Some(crate::Keyword::From);
        if first || self.instructions.iter().any(|earlier| stage(earlier) || intended(earlier)) {
            return None;
        }
        let message = "no build stage in current context";
        Some(Diagnostic::refused(instruction.keyword.span, message, "begin with FROM and an image"))
    }
}
