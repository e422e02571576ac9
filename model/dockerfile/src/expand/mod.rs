//! Variables: `$x`, `${x}`, `${x:-y}`, `${x:+y}`, `${x:?e}`, the same without `:`, `${x#p}`, `${x##p}`, `${x%p}`,
//! `${x%%p}`, `${x/p/y}`, `${x//p/y}`, quotes and escapes, as the builder reads them (which is not all that a shell knows).
//!
//! ```
//! use strata_dockerfile::expand::Expander;
//! let variables = [("tag".to_owned(), "v1.2".to_owned())];
//! let expander = Expander::new('\\');
//! assert_eq!(expander.word("${tag#v}-\"$tag\"-'$tag'", &variables[..])?, "1.2-v1.2-$tag");
//! # Ok::<(), strata_dockerfile::expand::ExpandError>(())
//! ```

mod lexer;
mod pattern;
mod quote;

use std::cell::Cell;

pub use lexer::{Mode, Modifier, Reference};
pub use quote::go_quote;

/// Where values come from.
pub trait Variables {
    /// The value of a variable; `None` when it isn't set.
    fn value(&self, name: &str) -> Option<&str>;
}

/// The last one of a name holds.
impl Variables for [(String, String)] {
    fn value(&self, name: &str) -> Option<&str> {
        self.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// `NAME=value`, the last one of a name holds.
impl Variables for [String] {
    fn value(&self, name: &str) -> Option<&str> {
        let value = |entry: &'_ String| -> Option<usize> {
            let rest = entry.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('=')).then(|| entry.len().min(name.len() + 1))
        };
        self.iter().rev().find_map(|entry| value(entry).map(|at| &entry[at..]))
    }
}

impl Variables for std::collections::BTreeMap<String, String> {
    fn value(&self, name: &str) -> Option<&str> {
        self.get(name).map(String::as_str)
    }
}

/// No variable is set.
pub struct Nothing;

impl Variables for Nothing {
    fn value(&self, _: &str) -> Option<&str> {
        None
    }
}

/// Longest result of one expansion, in bytes: Linux takes no longer environment for a program by far.
pub const LONGEST: usize = 1 << 20;

/// Deepest `${a:-${b:-…}}`.
pub const DEEPEST: usize = 64;

/// What all expansions of one file may cost together, in characters looked at.
const FUEL: u64 = 1 << 28;

/// Expands the words of one file.
///
/// It stops with an error when all expansions together took too much work: values that double with every line would
/// otherwise fill the memory.
#[derive(Debug)]
pub struct Expander {
    escape: char,
    fuel: Cell<u64>,
}

impl Expander {
    /// With the file's escape character: `\` or `` ` ``.
    pub fn new(escape: char) -> Self {
        Self { escape, fuel: Cell::new(FUEL) }
    }

    /// The escape character.
    pub fn escape(&self) -> char {
        self.escape
    }

    /// One word: quotes and escapes removed, variables replaced, spaces kept.
    pub fn word<V: Variables + ?Sized>(&self, text: &str, variables: &V) -> Result<String, ExpandError> {
        self.lex(text, variables).map(|read| read.0)
    }

    /// Several words: as [`Expander::word`], then split at blanks that are not quoted.
    pub fn words<V: Variables + ?Sized>(
        &self,
        text: &str,
        variables: &V,
    ) -> Result<Vec<String>, ExpandError> {
        self.lex(text, variables).map(|read| read.1)
    }

    fn lex<V: Variables + ?Sized>(
        &self,
        text: &str,
        variables: &V,
    ) -> Result<(String, Vec<String>), ExpandError> {
        let get = |name: &str| variables.value(name).map(str::to_owned);
        let mut lexer = lexer::Lexer::new(text, self.escape, Mode::default(), &get, self.fuel.get());
        let read = lexer.read();
        self.fuel.set(lexer.fuel);
        read.map_err(|cause| ExpandError { text: text.to_owned(), cause })
    }
}

/// The words of a text with quotes and escapes left as they are; `None` when a quote or bracket isn't closed.
pub fn raw_words(text: &str, mode: Mode, escape: char) -> Option<Vec<String>> {
    lexer::Lexer::new(text, escape, mode, &|_| None, FUEL).read().ok().map(|read| read.1)
}

/// The variables that a text refers to, with where; up to the first error in it.
pub fn references(text: &str, escape: char) -> Vec<Reference> {
    let mut lexer = lexer::Lexer::new(text, escape, Mode::default(), &|_| None, FUEL);
    let _first_error = lexer.read();
    lexer.references
}

/// Why a text can't be expanded, in dockerd's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to process {}: {cause}", go_quote(text))]
pub struct ExpandError {
    /// What was to be expanded.
    pub text: String,
    /// What is wrong with it.
    #[source]
    pub cause: ExpandCause,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the message says it")]
pub enum ExpandCause {
    #[error("unexpected end of statement while looking for matching {0}")]
    Unclosed(&'static str),
    #[error("syntax error: missing '}}'")]
    MissingBrace,
    #[error("syntax error: missing '/' in ${{}}")]
    MissingSlash,
    #[error("syntax error: bad substitution")]
    BadSubstitution,
    #[error("missing ':' in substitution")]
    MissingColon,
    #[error("unsupported modifier ({0}) in substitution")]
    Modifier(String),
    #[error("invalid pattern ({pattern}) in substitution: invalid escape '\\{escape}'")]
    Pattern { pattern: String, escape: char },
    #[error("{name}: {message}")]
    Required { name: String, message: String },
    #[error("substitutions are nested more than {DEEPEST} deep")]
    Depth,
    #[error("the result is longer than {LONGEST} bytes")]
    Length,
    #[error("the substitutions of this file take too much work")]
    Work,
}

#[cfg(test)]
mod tests;
