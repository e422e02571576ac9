//! What instructions say.

use std::borrow::Cow;

use super::{Instruction, Keyword};
use crate::{Diagnostic, Span, syntax::Heredoc};

/// A piece of an instruction, before variables are replaced and quotes taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The text, without continuations; of a JSON string its value.
    pub text: String,
    /// Where it is; over continuations it spans them.
    pub span: Span,
}

/// A command for a shell, or a program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// Goes to the shell as one argument.
    Shell(Word),
    /// A JSON array.
    Exec(Vec<Word>),
}

impl CommandLine {
    /// The arguments without a shell: one for a shell form.
    pub fn arguments(&self) -> Vec<Cow<'_, str>> {
        match self {
            Self::Shell(word) => vec![Cow::Borrowed(&word.text[..])],
            Self::Exec(words) => words.iter().map(|word| Cow::Borrowed(&word.text[..])).collect(),
        }
    }

    /// Whether a shell runs it.
    pub fn is_shell(&self) -> bool {
        matches!(self, Self::Shell(_))
    }

    /// Where it is.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Shell(word) => Some(word.span),
            Self::Exec(words) => Some(words.first()?.span.to(words.last()?.span)),
        }
    }
}

/// `FROM [--platform=p] image [AS name]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// Image or stage; variables declared before the first FROM are replaced in it.
    pub image: Word,
    /// The word AS, and the stage's name as written; names are compared in lower case.
    pub alias: Option<(Word, Word)>,
    /// `--platform`.
    pub platform: Option<Word>,
}

/// `RUN [--mount=…] [--network=…] [--security=…] command`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What runs; `None` when nothing is given.
    pub command: Option<CommandLine>,
    /// `--mount`, to be read with [`Mount::read`](super::Mount::read) when variables have values.
    pub mounts: Vec<Word>,
    /// `--network`: `default`, `none` or `host`.
    pub network: Option<Word>,
    /// `--security`: `sandbox` or `insecure`.
    pub security: Option<Word>,
}

/// What a COPY or ADD takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A path, pattern or address.
    pub word: Word,
    /// Which of the instruction's heredocs it is.
    pub heredoc: Option<usize>,
}

/// `COPY` or `ADD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// What is copied.
    pub sources: Vec<Source>,
    /// Where to.
    pub destination: Word,
    /// Whether the arguments were a JSON array.
    pub json: bool,
    /// `--from`: a stage's name or number, or an image.
    pub from: Option<Word>,
    /// `--chown`.
    pub chown: Option<Word>,
    /// `--chmod`.
    pub chmod: Option<Word>,
    /// `--link`.
    pub link: bool,
    /// `--parents`.
    pub parents: bool,
    /// `--exclude`.
    pub exclude: Vec<Word>,
    /// `--checksum` of ADD.
    pub checksum: Option<Word>,
    /// `--keep-git-dir` of ADD.
    pub keep_git_dir: bool,
    /// `--unpack` of ADD; `None` when not given.
    pub unpack: Option<bool>,
}

/// `name=value` of ENV and LABEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name; variables are replaced in it, too.
    pub name: Word,
    /// The value.
    pub value: Word,
}

/// `ENV`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Env {
    /// What is set.
    pub pairs: Vec<Pair>,
    /// `ENV name value`, without a `=`.
    pub legacy: bool,
}

/// `LABEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What is set.
    pub pairs: Vec<Pair>,
    /// `LABEL name value`, without a `=`.
    pub legacy: bool,
}

/// One argument of ARG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgPair {
    /// Its name.
    pub name: Word,
    /// Its default.
    pub value: Option<Word>,
}

/// `ARG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// What is declared.
    pub pairs: Vec<ArgPair>,
}

/// How a HEALTHCHECK probes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What runs.
    pub command: CommandLine,
    /// Nanoseconds; 0 means inherited.
    pub interval: i64,
    /// Nanoseconds; 0 means inherited.
    pub timeout: i64,
    /// Nanoseconds; 0 means inherited.
    pub start_period: i64,
    /// Nanoseconds; 0 means inherited.
    pub start_interval: i64,
    /// 0 means inherited.
    pub retries: i64,
}

/// `HEALTHCHECK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Healthcheck {
    /// `NONE`: the base's is off.
    None,
    /// `CMD …`.
    Probe(Probe),
}

/// `ONBUILD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onbuild {
    /// The trigger as it is recorded in the image.
    pub expression: String,
    /// The trigger.
    pub trigger: Box<Instruction>,
    /// Why it will be refused when it runs; the image that records it can be built.
    pub wrong: Option<Box<Diagnostic>>,
}

/// What an instruction says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the language")]
pub enum Command {
    Add(Copy),
    Arg(Arg),
    Cmd(Option<CommandLine>),
    Copy(Copy),
    Entrypoint(Option<CommandLine>),
    Env(Env),
    /// As written; docker sorts them before it expands and splits each.
    Expose(Vec<Word>),
    From(From),
    Healthcheck(Healthcheck),
    Label(Label),
    Maintainer(Word),
    Onbuild(Onbuild),
    Run(Run),
    Shell(Vec<Word>),
    Stopsignal(Word),
    User(Word),
    Volume(Vec<Word>),
    Workdir(Word),
    /// Refused: a diagnostic says why.
    Invalid,
}

impl Command {
    /// Whether heredocs follow: RUN, COPY and ADD that are no JSON array, or a trigger of these.
    pub(super) fn takes_heredocs(&self, keyword: &str) -> bool {
        match self {
            Self::Add(copy) | Self::Copy(copy) => !copy.json,
            Self::Run(run) => !matches!(run.command, Some(CommandLine::Exec(_))),
            Self::Onbuild(onbuild) => onbuild.trigger.command.takes_heredocs(&onbuild.trigger.keyword.text),
            // A refused RUN <<EOF still has a body, which is not to be read as instructions.
            Self::Invalid => {
                matches!(Keyword::parse(keyword), Some(Keyword::Add | Keyword::Copy | Keyword::Run))
            }
            _ => false,
        }
    }

    /// Tells the sources of a COPY or ADD which heredocs they are.
    pub(super) fn attach(&mut self, heredocs: &[Heredoc]) {
        let (Self::Add(copy) | Self::Copy(copy)) = self else { return };
        for source in &mut copy.sources {
            let Some(opened) = crate::syntax::opens_heredoc(&source.word.text) else { continue };
            source.heredoc = heredocs.iter().position(|heredoc| heredoc.name == opened);
        }
    }
}
