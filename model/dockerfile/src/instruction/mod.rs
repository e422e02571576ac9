//! Instructions with their parts, one file per kind of part.

mod command;
mod configure;
mod copy;
mod cursor;
mod duration;
mod flag;
mod from;
mod healthcheck;
mod keyword;
mod mount;
mod onbuild;
mod pairs;
mod run;

pub use command::{
    Arg, ArgPair, Command, CommandLine, Copy, Env, From, Healthcheck, Label, Onbuild, Pair, Probe, Run,
    Source, Word,
};
pub use duration::{DurationError, parse_duration};
pub use flag::Flag;
pub use keyword::Keyword;
pub use mount::{Mount, MountError, MountKind, Sharing};

use crate::{
    Diagnostic, Span,
    syntax::{Heredoc, Logical, Reader, heredocs, words},
};
use cursor::{Cursor, Refused};

/// One instruction of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// From the keyword to the end, with the bodies of heredocs.
    pub span: Span,
    /// The first and last physical line of that; the first of a file is 1.
    pub lines: (u32, u32),
    /// The keyword as written.
    pub keyword: Word,
    /// The flags, also unknown ones.
    pub flags: Vec<Flag>,
    /// What is behind keyword and flags.
    pub arguments: Span,
    /// What is behind a JSON array, where the builder doesn't look; empty if nothing is.
    pub ignored: Span,
    /// The text that it was read from.
    pub line: Logical,
    /// The files that follow it.
    pub heredocs: Vec<Heredoc>,
    /// What it says.
    pub command: Command,
}

impl Instruction {
    /// The instruction on one line, as docker prints and records it.
    pub fn code(&self) -> &str {
        self.line.text.trim()
    }

    /// Which instruction it is; `None` when there is none of that name.
    pub fn kind(&self) -> Option<Keyword> {
        Keyword::parse(&self.keyword.text)
    }

    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

/// When the builder refuses something; what it finds earlier it tells first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// While lines are read.
    Lines,
    /// While instructions are understood.
    Instructions,
}

/// What was found wrong with one instruction.
pub(crate) struct Complaint {
    pub phase: Phase,
    pub diagnostic: Diagnostic,
}

/// The next instruction of a text, and what the builder would say against it.
pub(crate) fn next(reader: &mut Reader<'_>, text: &str) -> Option<(Instruction, Option<Complaint>)> {
    let line = reader.logical()?;
    let escape = reader.directives.escape();
    let (instruction, mut complaint) = read(line, escape, |command, keyword, line| {
        if !command.takes_heredocs(keyword) {
            return (Vec::new(), None);
        }
        let mut found = Vec::new();
        for heredoc in heredocs(line) {
            match reader.body(&heredoc.name, heredoc.strip_tabs) {
                Some((body, end)) => found.push(heredoc.filled(text, body, end)),
                None => return (found, Some(heredoc.name)),
            }
        }
        (found, None)
    });
    let mut instruction = instruction;
    if let Some(last) = instruction.heredocs.last() {
        instruction.span.end = last.terminator.end;
        instruction.lines.1 = reader.line();
    }
    if let Some(Complaint { phase: Phase::Lines, diagnostic }) = &mut complaint
        && diagnostic.message == UNTERMINATED
    {
        instruction.span.end = text.len() as u32;
        instruction.lines.1 = reader.line();
    }
    Some((instruction, complaint))
}

const UNTERMINATED: &str = "unterminated heredoc";

/// The instruction of one logical line; `bodies` gives its heredocs, and the word that never came.
fn read(
    line: Logical,
    escape: char,
    bodies: impl FnOnce(&Command, &str, &str) -> (Vec<Heredoc>, Option<String>),
) -> (Instruction, Option<Complaint>) {
    let (keyword, rest) = words::keyword(&line.text);
    let (flags, rest) = words::flags(&line.text, rest, escape);
    let end = rest.0 + line.text[rest.0..rest.1].trim_end().len();
    let rest = (rest.0, end);
    let flags: Vec<Flag> = flags.into_iter().map(|(place, word)| Flag::read(&line, place, word)).collect();
    let cursor = Cursor { line: &line, rest, flags: &flags, escape };
    let keyword_word = cursor.word(keyword);
    let understood = understand(&cursor, &keyword_word);
    let arguments = line.span(rest.0, rest.1);
    let ignored = cursor.behind_array(Keyword::parse(&keyword_word.text));
    let (mut command, refused) = match understood {
        Ok(command) => (command, None),
        Err(refused) => (Command::Invalid, Some(refused)),
    };
    let (heredocs, missing) = bodies(&command, &keyword_word.text, &line.text);
    let refused = match missing {
        Some(name) => Some(
            Refused::new(line.span, UNTERMINATED)
                .help(format!("end it with a line `{name}`"))
                .while_reading(),
        ),
        None => refused,
    };
    if refused.is_some() {
        command = Command::Invalid;
    }
    command.attach(&heredocs);
    let complaint = refused.map(|refused| refused.complaint());
    let instruction = Instruction {
        span: line.span,
        lines: line.lines,
        keyword: keyword_word,
        arguments,
        ignored,
        heredocs,
        command,
        flags,
        line,
    };
    (instruction, complaint)
}

/// What an instruction says, or why it is refused.
fn understand(cursor: &Cursor<'_>, keyword: &Word) -> Result<Command, Refused> {
    let Some(kind) = Keyword::parse(&keyword.text) else { return Err(keyword::unknown(keyword)) };
    match kind {
        Keyword::Add | Keyword::Copy => copy::parse(cursor, kind),
        Keyword::Arg => pairs::arg(cursor),
        Keyword::Cmd => run::cmd(cursor),
        Keyword::Entrypoint => run::entrypoint(cursor),
        Keyword::Env | Keyword::Label => pairs::parse(cursor, kind),
        Keyword::Expose => configure::expose(cursor),
        Keyword::From => from::parse(cursor),
        Keyword::Healthcheck => healthcheck::parse(cursor),
        Keyword::Maintainer => configure::maintainer(cursor),
        Keyword::Onbuild => onbuild::parse(cursor),
        Keyword::Run => run::run(cursor),
        Keyword::Shell => run::shell(cursor),
        Keyword::Stopsignal => configure::stopsignal(cursor),
        Keyword::User => configure::user(cursor),
        Keyword::Volume => configure::volume(cursor),
        Keyword::Workdir => configure::workdir(cursor),
    }
}
