//! One pass over a text: quotes, escapes, substitutions, words.

use std::{iter::Peekable, str::CharIndices};

use super::{DEEPEST, ExpandCause, LONGEST, pattern::Pattern};

/// What is left as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// Quotes stay.
    pub raw_quotes: bool,
    /// Escape characters stay.
    pub raw_escapes: bool,
    /// References to what isn't set stay.
    pub keep_unset: bool,
    /// `<< EOF` is one word.
    pub heredocs: bool,
}

/// What is done with a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// `$x`, `${x}`: the value.
    None,
    /// `-`: a default.
    Default,
    /// `+`: something else when it is set.
    Alternative,
    /// `?`: an error when it isn't.
    Required,
    /// `#`, `%`, `/`: a part of the value.
    Pattern,
}

/// A variable that a text refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// Offset of the `$`.
    pub start: usize,
    /// Offset behind the reference.
    pub end: usize,
    /// What is done with it.
    pub modifier: Modifier,
}

pub(super) struct Lexer<'a> {
    chars: Peekable<CharIndices<'a>>,
    length: usize,
    escape: char,
    mode: Mode,
    get: &'a dyn Fn(&str) -> Option<String>,
    depth: usize,
    pub fuel: u64,
    pub references: Vec<Reference>,
}

/// Words under construction.
#[derive(Default)]
struct Words {
    word: String,
    words: Vec<String>,
}

impl Words {
    fn push(&mut self, c: char) {
        if !c.is_whitespace() {
            self.word.push(c);
        } else if !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
        }
    }
}

impl<'a> Lexer<'a> {
    pub fn new(
        text: &'a str,
        escape: char,
        mode: Mode,
        get: &'a dyn Fn(&str) -> Option<String>,
        fuel: u64,
    ) -> Self {
        let chars = text.char_indices().peekable();
        Self { chars, length: text.len(), escape, mode, get, depth: 0, fuel, references: Vec::new() }
    }

    /// The whole text as one word, and as words.
    pub fn read(&mut self) -> Result<(String, Vec<String>), ExpandCause> {
        let mut words = Words::default();
        let text = self.until(None, self.mode.raw_escapes, Some(&mut words))?;
        if !words.word.is_empty() {
            words.words.push(words.word);
        }
        Ok((text, words.words))
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn next(&mut self) -> Option<char> {
        self.chars.next().map(|(_, c)| c)
    }

    fn offset(&mut self) -> usize {
        self.chars.peek().map_or(self.length, |(at, _)| *at)
    }

    /// Pays for work, and refuses what is too much.
    fn pay(&mut self, cost: u64, length: usize) -> Result<(), ExpandCause> {
        self.fuel = self.fuel.checked_sub(cost).ok_or(ExpandCause::Work)?;
        if length > LONGEST { Err(ExpandCause::Length) } else { Ok(()) }
    }

    /// Up to `stop`, which is eaten, or to the end. Whatever else is open at the end, it is the bracket that is missed.
    fn until(
        &mut self,
        stop: Option<char>,
        raw_escapes: bool,
        words: Option<&mut Words>,
    ) -> Result<String, ExpandCause> {
        let read = self.read_until(stop, raw_escapes, words);
        let limit = |cause: &ExpandCause| {
            matches!(cause, ExpandCause::Depth | ExpandCause::Length | ExpandCause::Work)
        };
        match (read, stop) {
            (Err(cause), Some(stop)) if self.peek().is_none() && !limit(&cause) => {
                Err(if stop == '/' { ExpandCause::MissingSlash } else { ExpandCause::MissingBrace })
            }
            (read, _) => read,
        }
    }

    fn read_until(
        &mut self,
        stop: Option<char>,
        raw_escapes: bool,
        mut words: Option<&mut Words>,
    ) -> Result<String, ExpandCause> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ExpandCause::Depth);
        }
        let outer = std::mem::replace(&mut self.mode.raw_escapes, raw_escapes);
        let mut out = String::new();
        let mut closed = stop.is_none();
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.next();
                closed = true;
                break;
            }
            let before = out.len();
            match c {
                '\'' => self.single(&mut out)?,
                '"' => self.double(&mut out)?,
                '$' => {
                    self.dollar(&mut out)?;
                    if let Some(words) = &mut words {
                        out[before..].chars().for_each(|c| words.push(c));
                    }
                }
                '<' if self.mode.heredocs => self.heredoc(&mut out),
                c => {
                    self.next();
                    let mut literal = c;
                    let escaped = c == self.escape;
                    if escaped {
                        if raw_escapes {
                            out.push(c);
                        }
                        let Some(next) = self.next() else { break };
                        literal = next;
                    }
                    out.push(literal);
                    if let (Some(words), false) = (&mut words, escaped) {
                        words.push(literal);
                        self.pay(1, out.len())?;
                        continue;
                    }
                }
            }
            self.pay((out.len() - before) as u64 + 1, out.len())?;
            if let (Some(words), true) = (&mut words, c != '$') {
                // Quoted and escaped blanks don't split.
                words.word.push_str(&out[before..]);
            }
        }
        self.mode.raw_escapes = outer;
        self.depth -= 1;
        match stop {
            _ if closed => Ok(out),
            Some('/') => Err(ExpandCause::MissingSlash),
            _ => Err(ExpandCause::MissingBrace),
        }
    }

    fn single(&mut self, out: &mut String) -> Result<(), ExpandCause> {
        self.next();
        let quote = self.mode.raw_quotes;
        if quote {
            out.push('\'');
        }
        loop {
            match self.next().ok_or(ExpandCause::Unclosed("single-quote"))? {
                '\'' => {
                    if quote {
                        out.push('\'');
                    }
                    return Ok(());
                }
                c => out.push(c),
            }
        }
    }

    fn double(&mut self, out: &mut String) -> Result<(), ExpandCause> {
        self.next();
        let quote = self.mode.raw_quotes;
        if quote {
            out.push('"');
        }
        let unclosed = ExpandCause::Unclosed("double-quote");
        loop {
            match self.peek() {
                None => return Err(unclosed),
                Some('$') => {
                    self.dollar(out)?;
                    self.pay(1, out.len())?;
                }
                Some('"') => {
                    self.next();
                    if quote {
                        out.push('"');
                    }
                    return Ok(());
                }
                Some(c) if c == self.escape => {
                    self.next();
                    if self.mode.raw_escapes {
                        out.push(c);
                    }
                    match self.peek() {
                        None => return Err(unclosed),
                        // Only these can be escaped; before others the escape stands for itself.
                        Some(special) if special == '"' || special == '$' || special == c => {
                            self.next();
                            out.push(special);
                        }
                        Some(_) => out.push(c),
                    }
                }
                Some(c) => {
                    self.next();
                    out.push(c);
                }
            }
        }
    }

    /// `<<` with the blanks behind it.
    fn heredoc(&mut self, out: &mut String) {
        self.next();
        out.push('<');
        if self.peek() == Some('<') {
            self.next();
            out.push('<');
            while let Some(c @ (' ' | '\t' | '\r')) = self.peek() {
                self.next();
                out.push(c);
            }
        }
    }

    fn dollar(&mut self, out: &mut String) -> Result<(), ExpandCause> {
        let start = self.offset();
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                out.push('$');
                return Ok(());
            }
            self.refer(&name, start, Modifier::None);
            match (self.get)(&name) {
                Some(value) => out.push_str(&value),
                None if self.mode.keep_unset => {
                    out.push('$');
                    out.push_str(&name);
                }
                None => {}
            }
            return Ok(());
        }
        self.next();
        match self.peek() {
            None => return Err(ExpandCause::MissingBrace),
            Some('{' | '}' | ':') => return Err(ExpandCause::BadSubstitution),
            Some(_) => {}
        }
        let name = self.name();
        let value = (self.get)(&name);
        let kept = value.is_none() && self.mode.keep_unset;
        match self.next().ok_or(ExpandCause::MissingColon)? {
            '}' => {
                self.refer(&name, start, Modifier::None);
                match value {
                    Some(value) => out.push_str(&value),
                    None if kept => out.push_str(&format!("${{{name}}}")),
                    None => {}
                }
                Ok(())
            }
            ':' => {
                let Some(modifier) = self.next() else { return Err(ExpandCause::MissingBrace) };
                self.choice(&name, value, modifier, true, start, out)
            }
            modifier @ ('+' | '-' | '?') => self.choice(&name, value, modifier, false, start, out),
            end @ ('#' | '%') => {
                let word = self.until(Some('}'), true, None)?;
                self.refer(&name, start, Modifier::Pattern);
                if kept {
                    out.push_str(&format!("${{{name}{end}{word}}}"));
                    return Ok(());
                }
                let longest = word.starts_with(end);
                let pattern = self.pattern(&word[usize::from(longest)..], value.as_deref())?;
                let value = value.unwrap_or_default();
                out.push_str(&match end {
                    '#' => pattern.without_prefix(&value, longest),
                    _ => pattern.without_suffix(&value, longest),
                });
                Ok(())
            }
            '/' => {
                let all = self.peek() == Some('/');
                if all {
                    self.next();
                }
                let word = self.until(Some('/'), true, None)?;
                let replacement = self.until(Some('}'), true, None)?;
                self.refer(&name, start, Modifier::Pattern);
                if kept {
                    out.push_str(&format!("${{{name}/{word}/{replacement}}}"));
                    return Ok(());
                }
                let pattern = self.pattern(&word, value.as_deref())?;
                let value = value.unwrap_or_default();
                let most = (value.chars().count() + 1).saturating_mul(replacement.len());
                if most > LONGEST && all {
                    return Err(ExpandCause::Length);
                }
                out.push_str(&pattern.replace(&value, &replacement, all));
                Ok(())
            }
            _ => Err(ExpandCause::MissingColon),
        }
    }

    fn pattern(&mut self, word: &str, value: Option<&str>) -> Result<Pattern, ExpandCause> {
        let pattern = Pattern::parse(word)
            .map_err(|escape| ExpandCause::Pattern { pattern: word.to_owned(), escape })?;
        self.pay(2 * pattern.cost(value.map_or(0, str::len)), 0)?;
        Ok(pattern)
    }

    /// `${x:-y}` and its relatives; with `strict` an empty value counts as unset.
    fn choice(
        &mut self,
        name: &str,
        value: Option<String>,
        modifier: char,
        strict: bool,
        start: usize,
        out: &mut String,
    ) -> Result<(), ExpandCause> {
        let word = self.until(Some('}'), false, None)?;
        let kind = match modifier {
            '-' => Modifier::Default,
            '+' => Modifier::Alternative,
            '?' => Modifier::Required,
            other => return Err(ExpandCause::Modifier(other.to_string())),
        };
        self.refer(name, start, kind);
        let Some(value) = value else {
            match modifier {
                _ if self.mode.keep_unset => {
                    let colon = if strict { ":" } else { "" };
                    out.push_str(&format!("${{{name}{colon}{modifier}{word}}}"));
                }
                '-' => out.push_str(&word),
                '?' => return Err(required(name, word, "is not allowed to be unset")),
                _ => {}
            }
            return Ok(());
        };
        let missing = strict && value.is_empty();
        match modifier {
            '-' if missing => out.push_str(&word),
            '+' if !missing => out.push_str(&word),
            '+' => {}
            '?' if missing => return Err(required(name, word, "is not allowed to be empty")),
            _ => out.push_str(&value),
        }
        Ok(())
    }

    fn refer(&mut self, name: &str, start: usize, modifier: Modifier) {
        let end = self.offset();
        self.references.push(Reference { name: name.to_owned(), start, end, modifier });
    }

    /// A name; digits alone; or one of the shell's special parameters.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if name.is_empty() && matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!') {
                self.next();
                return c.to_string();
            }
            let digits = name.starts_with(|first: char| first.is_ascii_digit());
            if if digits { !c.is_ascii_digit() } else { !(c.is_alphanumeric() || c == '_') } {
                break;
            }
            self.next();
            name.push(c);
        }
        name
    }
}

fn required(name: &str, message: String, otherwise: &str) -> ExpandCause {
    let message = if message.is_empty() { otherwise.to_owned() } else { message };
    ExpandCause::Required { name: name.to_owned(), message }
}
