//! Words: quotes, escapes, substitutions.

use super::{
    Arg, Note,
    lexer::{DEEPEST, Lexer, Lost, Until},
};

impl Lexer<'_> {
    /// A word; not empty.
    pub(super) fn word(&mut self, until: Until) -> Result<Arg, Lost> {
        let start = self.at;
        let mut arg = Arg::default();
        // Where a substitution that began with the word ended.
        let mut whole = None;
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '`' if until == Until::Backtick => break,
                '\\' => {
                    self.at += 1;
                    let Some(escaped) = self.peek() else { break };
                    self.at += escaped.len_utf8();
                    if escaped != '\n' {
                        arg.text.push(escaped);
                        arg.quoted = true;
                    }
                }
                '\'' => {
                    let open = self.at;
                    let body = &self.text[open + 1..];
                    let Some(close) = body.find('\'') else { return Err(self.unclosed(open)) };
                    arg.text.push_str(&body[..close]);
                    self.at = open + close + 2;
                    arg.quoted = true;
                }
                '"' => {
                    let from = self.at;
                    if self.double(&mut arg)? && from == start {
                        whole = Some(self.at);
                    }
                }
                '$' | '`' => {
                    let from = self.at;
                    if self.dollar()? {
                        arg.substitution.get_or_insert((from, self.at));
                        if from == start {
                            whole = Some(self.at);
                        }
                    }
                    arg.text.push_str(&self.text[from..self.at]);
                }
                c => {
                    if matches!(c, '*' | '?') {
                        arg.glob = true;
                        arg.glob_first |= self.at == start;
                    }
                    if c == '{' && self.braces() {
                        self.script.notes.push((Note::Braces, (self.at, self.at + 1)));
                    }
                    arg.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        if self.at == start {
            return Err(Lost);
        }
        arg.all_substitution = whole == Some(self.at);
        arg.place = (start, self.at);
        Ok(arg)
    }

    /// Whether what is between braces here is a list.
    fn braces(&self) -> bool {
        let rest = self.rest();
        let Some(end) = rest.find(['}', ' ', '\n', ';', '$', '"', '\'', '`', '(', '\t']) else {
            return false;
        };
        let inner = &rest[1..end.max(1)];
        rest[end..].starts_with('}') && (inner.contains(',') || inner.contains(".."))
    }

    fn unclosed(&mut self, open: usize) -> Lost {
        self.script.unclosed.get_or_insert((open, open + 1));
        Lost
    }

    /// What is in double quotes; whether it is nothing but a command.
    fn double(&mut self, arg: &mut Arg) -> Result<bool, Lost> {
        let open = self.at;
        let mut command_until = None;
        self.at += 1;
        arg.quoted = true;
        loop {
            let Some(c) = self.peek() else { return Err(self.unclosed(open)) };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(command_until == Some(self.at - 1));
                }
                '\\' => {
                    self.at += 1;
                    let Some(escaped) = self.peek() else { return Err(self.unclosed(open)) };
                    if !matches!(escaped, '"' | '\\' | '$' | '`' | '\n') {
                        arg.text.push('\\');
                    }
                    arg.text.push(escaped);
                    self.at += escaped.len_utf8();
                }
                '$' | '`' => {
                    let from = self.at;
                    if self.dollar()? && from == open + 1 {
                        command_until = Some(self.at);
                    }
                    arg.text.push_str(&self.text[from..self.at]);
                }
                c => {
                    arg.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// What begins with `$` or a backtick; whether it is a command.
    fn dollar(&mut self) -> Result<bool, Lost> {
        let start = self.at;
        if self.eat("`") {
            self.list(Until::Backtick)?;
            self.note(Note::Backticks, start);
            return Ok(true);
        }
        self.at += 1;
        match self.peek() {
            Some('(') => {
                self.at += 1;
                if self.peek() == Some('(') {
                    self.arithmetic()?;
                    return Ok(false);
                }
                self.list(Until::Bracket)?;
                Ok(true)
            }
            Some('{') => {
                self.at += 1;
                self.braced(start)?;
                Ok(false)
            }
            Some('\'') => {
                let mut escaped = false;
                let open = self.at;
                for (offset, c) in self.text[open + 1..].char_indices() {
                    match c {
                        '\'' if !escaped => {
                            self.at = open + offset + 2;
                            return Ok(false);
                        }
                        c => escaped = c == '\\' && !escaped,
                    }
                }
                Err(self.unclosed(open))
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                self.at += name.unwrap_or(self.rest().len());
                Ok(false)
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!' | '0'..='9') => {
                self.at += 1;
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// `${…}` behind its bracket.
    fn braced(&mut self, start: usize) -> Result<(), Lost> {
        let name = self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let behind = &self.rest()[name.unwrap_or(0)..];
        let named = name.is_some_and(|name| name > 0);
        let replaces = named && behind.starts_with('/');
        let cuts = named
            && behind.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Lost);
        }
        loop {
            match self.peek().ok_or(Lost)? {
                '}' => {
                    self.at += 1;
                    break;
                }
                '\\' => {
                    self.at += 1;
                    self.at += self.peek().map_or(0, char::len_utf8);
                }
                '\'' => {
                    let open = self.at;
                    let close = self.text[open + 1..].find('\'').ok_or(Lost)?;
                    self.at = open + close + 2;
                }
                '"' => {
                    self.double(&mut Arg::default())?;
                }
                '$' | '`' => {
                    self.dollar()?;
                }
                c => self.at += c.len_utf8(),
            }
        }
        self.depth -= 1;
        if replaces {
            self.note(Note::Replacement, start);
        }
        if cuts {
            self.note(Note::Substring, start);
        }
        Ok(())
    }
}
