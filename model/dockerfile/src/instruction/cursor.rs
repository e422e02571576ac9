//! What the parsers of single instructions work on.

use std::borrow::Cow;

use super::{CommandLine, Complaint, Flag, Keyword, Phase, Word};
use crate::{
    Diagnostic, Edit, Fix, Span,
    syntax::{
        Logical,
        json::{self, NotExec},
        words::{self, Place},
    },
};

/// An instruction whose keyword and flags are read.
pub(super) struct Cursor<'a> {
    pub line: &'a Logical,
    /// The arguments: from and to, in the logical text, trimmed.
    pub rest: Place,
    pub flags: &'a [Flag],
    pub escape: char,
}

/// Why an instruction is refused, in dockerd's words.
#[derive(Debug)]
pub(super) struct Refused(Box<(Phase, Diagnostic)>);

impl Refused {
    pub fn new(span: Span, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new((Phase::Instructions, Diagnostic::refused(span, message, ""))))
    }

    /// The code of a rule that says the same.
    pub fn code(mut self, code: &'static str) -> Self {
        self.0.1.code = code;
        self
    }

    /// What would be right.
    pub fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.0.1.help = help.into();
        self
    }

    /// It is found before any instruction is understood.
    pub fn while_reading(mut self) -> Self {
        self.0.0 = Phase::Lines;
        self
    }

    /// A replacement would make it right.
    pub fn replace(mut self, span: Span, text: &str) -> Self {
        let title = Cow::Owned(format!("Replace with {text}"));
        self.0.1.fix = Some(Fix { title, edits: vec![Edit::new(span, text)] });
        self
    }

    pub fn complaint(self) -> Complaint {
        let (phase, diagnostic) = *self.0;
        Complaint { phase, diagnostic }
    }
}

impl From<Complaint> for Refused {
    fn from(complaint: Complaint) -> Self {
        Self(Box::new((complaint.phase, complaint.diagnostic)))
    }
}

/// Arguments that may be a JSON array.
pub(super) enum Form {
    /// A JSON array.
    Json(Vec<Word>),
    /// Anything else.
    Text,
}

impl Cursor<'_> {
    /// The arguments' text.
    pub fn text(&self) -> &str {
        &self.line.text[self.rest.0..self.rest.1]
    }

    pub fn is_empty(&self) -> bool {
        self.rest.0 == self.rest.1
    }

    /// Where the arguments are, or the keyword when there are none.
    pub fn span(&self) -> Span {
        if self.is_empty() { self.line.span } else { self.line.span(self.rest.0, self.rest.1) }
    }

    pub fn word(&self, place: Place) -> Word {
        Word { text: self.line.text[place.0..place.1].to_owned(), span: self.line.span(place.0, place.1) }
    }

    /// All arguments as one word.
    pub fn whole(&self) -> Word {
        self.word(self.rest)
    }

    /// The arguments between blanks.
    pub fn plain(&self) -> Vec<Word> {
        words::plain(&self.line.text, self.rest).into_iter().map(|place| self.word(place)).collect()
    }

    /// Whether the arguments from an offset are a JSON array.
    pub fn form(&self, from: usize) -> Result<Form, Refused> {
        let text = &self.line.text[from..self.rest.1];
        match json::strings(text) {
            Ok((found, _)) => Ok(Form::Json(
                found
                    .into_iter()
                    .map(|(text, start, end)| Word { text, span: self.line.span(from + start, from + end) })
                    .collect(),
            )),
            Err(NotExec::NotArray) => Ok(Form::Text),
            Err(NotExec::NotStrings) => Err(Refused::new(
                self.line.span(from, self.rest.1),
                "when using JSON array syntax, arrays must be comprised of strings only",
            )
            .help("put every element in double quotes")
            .while_reading()),
        }
    }

    /// What is behind a JSON array.
    pub fn behind_array(&self, kind: Option<Keyword>) -> Span {
        use Keyword::{Add, Cmd, Copy, Entrypoint, Run, Shell, Volume};
        let takes = matches!(kind, Some(Add | Cmd | Copy | Entrypoint | Run | Shell | Volume));
        let end = if takes { json::strings(self.text()).ok().map(|(_, end)| end) } else { None };
        let start = end.map_or(self.rest.1, |end| {
            let rest = &self.text()[end..];
            self.rest.0 + end + (rest.len() - rest.trim_start().len())
        });
        self.line.span(start, self.rest.1)
    }

    /// The arguments from an offset as a command; `None` when there are none.
    pub fn command_line(&self, from: usize) -> Result<Option<CommandLine>, Refused> {
        if from >= self.rest.1 {
            return Ok(None);
        }
        Ok(Some(match self.form(from)? {
            Form::Json(words) => CommandLine::Exec(words),
            Form::Text => CommandLine::Shell(self.word((from, self.rest.1))),
        }))
    }

    /// The arguments as a JSON array or between blanks, and whether they were an array.
    pub fn list(&self) -> Result<(Vec<Word>, bool), Refused> {
        Ok(match self.form(self.rest.0)? {
            Form::Json(words) => (words, true),
            Form::Text => (self.plain(), false),
        })
    }

    /// Refuses flags that an instruction doesn't take, twice given ones, and ones without a value.
    pub fn check_flags(&self, known: &[&'static str]) -> Result<(), Refused> {
        for (at, flag) in self.flags.iter().enumerate() {
            let name = &flag.name;
            if !known.contains(&&name[..]) {
                let help = match known {
                    [] => "this instruction takes no flags".to_owned(),
                    known => format!("known here are --{}", known.join(", --")),
                };
                return Err(Refused::new(flag.span, format!("Unknown flag: {name}")).help(help));
            }
            let many = matches!(&name[..], "mount" | "exclude");
            if !many && self.flags[..at].iter().any(|other| other.name == *name) {
                return Err(
                    Refused::new(flag.span, format!("Duplicate flag specified: {name}")).help("give it once")
                );
            }
            let switch = matches!(&name[..], "link" | "keep-git-dir" | "parents" | "unpack");
            let value = flag.value.as_ref().map(|value| &value.text[..]);
            let wrong = match value {
                None if switch => None,
                None => Some(format!("Missing a value on flag: {name}")),
                Some("") if switch => Some(format!("Missing a value on flag: {name}")),
                Some(value) if switch && !matches!(&value.to_ascii_lowercase()[..], "true" | "false") => {
                    Some(format!("Expecting boolean value for flag {name}, not: {value}"))
                }
                Some(_) => None,
            };
            if let Some(message) = wrong {
                let help = if switch { "true or false" } else { "write it as --name=value" };
                return Err(Refused::new(flag.span, message).help(help));
            }
        }
        Ok(())
    }

    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<Word> {
        self.flags.iter().find(|flag| flag.name == name)?.value.clone()
    }

    /// Whether a switch is on.
    pub fn switch(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| {
            let off = |value: &Word| value.text.eq_ignore_ascii_case("false");
            flag.name == name && !flag.value.as_ref().is_some_and(off)
        })
    }

    /// All values of a flag that may be given several times.
    pub fn values(&self, name: &str) -> Vec<Word> {
        let given = self.flags.iter().filter(|flag| flag.name == name);
        given.filter_map(|flag| flag.value.clone()).collect()
    }

    /// The refusal of missing arguments.
    pub fn too_few(&self, name: &str) -> Refused {
        Refused::new(self.line.span, format!("{name} requires at least one argument"))
    }

    /// The one argument.
    pub fn one(&self, name: &str) -> Result<Word, Refused> {
        if self.is_empty() {
            return Err(Refused::new(self.line.span, format!("{name} requires exactly one argument")));
        }
        Ok(self.whole())
    }
}
