//! `--name=value`.

use super::Word;
use crate::{
    Span,
    syntax::{Logical, words::Place},
};

/// A flag as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without the dashes.
    pub name: String,
    /// Behind the `=`, without quotes and escapes; `None` without a `=`.
    pub value: Option<Word>,
    /// The whole of it.
    pub span: Span,
}

impl Flag {
    /// From its place in a line and its text without quotes and escapes.
    pub(super) fn read(line: &Logical, (start, end): Place, word: String) -> Self {
        let span = line.span(start, end);
        let written = &line.text[start..end];
        let behind = written.find('=').map_or(end, |at| start + at + 1);
        let rest = word.strip_prefix("--").unwrap_or(&word);
        match rest.split_once('=') {
            Some((name, value)) => {
                let value = Word { text: value.to_owned(), span: line.span(behind, end) };
                Self { name: name.to_owned(), value: Some(value), span }
            }
            None => Self { name: rest.to_owned(), value: None, span },
        }
    }
}
