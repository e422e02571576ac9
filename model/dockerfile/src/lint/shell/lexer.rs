//! Words, operators and the few structures in which a word is no program's name.

use super::{Arg, Call, Joint, Note, Script};

/// How deep substitutions and subshells are followed.
pub(super) const DEEPEST: usize = 32;

/// What ends a list of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    End,
    Bracket,
    Backtick,
}

/// Too deep, or not understood.
pub(super) struct Lost;

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) script: Script,
    /// Terminators of heredocs whose lines come behind this one.
    heredocs: Vec<String>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, script: Script::default(), heredocs: Vec::new() }
    }

    pub fn read(mut self) -> Script {
        if self.list(Until::End).is_err() {
            self.script.broken = true;
        }
        self.script
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    pub(super) fn note(&mut self, note: Note, start: usize) {
        self.script.notes.push((note, (start, self.at)));
    }

    pub(super) fn list(&mut self, until: Until) -> Result<(), Lost> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Lost);
        }
        let mut joint = Joint::Start;
        let mut words: Vec<Arg> = Vec::new();
        let mut case = 0_usize;
        loop {
            self.blanks();
            let start = self.at;
            let Some(c) = self.peek() else {
                self.call(&mut words, joint, Joint::End);
                return if until == Until::End { Ok(()) } else { Err(Lost) };
            };
            let next = match c {
                '\n' => {
                    self.at += 1;
                    self.skip_heredocs();
                    Joint::Then
                }
                ';' => {
                    self.at += 1;
                    let double = self.eat(";") | self.eat("&");
                    self.call(&mut words, joint, Joint::Then);
                    joint = Joint::Then;
                    if double {
                        case = self.pattern(case)?;
                    }
                    continue;
                }
                '&' if self.eat("&&") => Joint::And,
                '&' if self.rest().starts_with("&>") => {
                    self.redirect()?;
                    self.note(Note::BothRedirected, start);
                    continue;
                }
                '&' => {
                    self.at += 1;
                    Joint::Then
                }
                '|' if self.eat("||") => Joint::Or,
                '|' => {
                    self.at += 1;
                    self.eat("&");
                    self.note(Note::Pipe, start);
                    Joint::Pipe
                }
                '(' if words.is_empty() => {
                    self.at += 1;
                    if self.peek() == Some('(') {
                        self.arithmetic()?;
                        self.note(Note::Arithmetic, start);
                    } else {
                        self.list(Until::Bracket)?;
                    }
                    continue;
                }
                // `name() {`
                '(' if words.len() == 1 && self.eat("()") => {
                    words.clear();
                    continue;
                }
                ')' if until == Until::Bracket => {
                    self.at += 1;
                    self.call(&mut words, joint, Joint::End);
                    self.depth -= 1;
                    return Ok(());
                }
                '(' | ')' => return Err(Lost),
                '`' if until == Until::Backtick => {
                    self.at += 1;
                    self.call(&mut words, joint, Joint::End);
                    self.depth -= 1;
                    return Ok(());
                }
                '<' | '>' => {
                    self.redirect()?;
                    continue;
                }
                '#' => {
                    let line = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.at += line;
                    continue;
                }
                _ => {
                    let word = self.word(until)?;
                    // `2>file`
                    let number = word.text.bytes().all(|byte| byte.is_ascii_digit()) && !word.quoted;
                    if number && matches!(self.peek(), Some('<' | '>')) {
                        self.at = start;
                        self.redirect()?;
                        continue;
                    }
                    if !words.is_empty() {
                        words.push(word);
                        continue;
                    }
                    joint = self.first(word, &mut words, joint, &mut case)?;
                    continue;
                }
            };
            self.call(&mut words, joint, next);
            joint = next;
        }
    }

    /// The first word of a command: a program, an assignment or a word of the language.
    fn first(
        &mut self,
        word: Arg,
        words: &mut Vec<Arg>,
        joint: Joint,
        case: &mut usize,
    ) -> Result<Joint, Lost> {
        if word.quoted {
            words.push(word);
            return Ok(joint);
        }
        match &word.text[..] {
            "if" | "then" | "elif" | "else" | "fi" | "while" | "until" | "do" | "done" | "{" | "}" => {
                return Ok(Joint::Then);
            }
            "!" | "time" => return Ok(joint),
            "for" | "select" => {
                // The name, `in` and the list up to its end.
                loop {
                    self.blanks();
                    match self.peek() {
                        None | Some(';' | '\n') => return Ok(Joint::Then),
                        Some('(' | ')' | '<' | '>' | '&' | '|') => return Err(Lost),
                        Some(_) => {
                            let word = self.word(Until::End)?;
                            if word.text == "do" && !word.quoted {
                                return Ok(Joint::Then);
                            }
                        }
                    }
                }
            }
            "case" => {
                self.blanks();
                self.word(Until::End)?;
                self.space();
                let word = self.word(Until::End)?;
                if word.text != "in" {
                    return Err(Lost);
                }
                *case = self.pattern(*case + 1)?;
                return Ok(Joint::Then);
            }
            "esac" => {
                *case = case.checked_sub(1).ok_or(Lost)?;
                return Ok(Joint::Then);
            }
            "function" => {
                self.blanks();
                self.word(Until::End)?;
                self.blanks();
                self.eat("()");
                return Ok(Joint::Then);
            }
            "[[" => {
                let start = word.place.0;
                self.brackets()?;
                self.note(Note::DoubleBracket, start);
                return Ok(joint);
            }
            text if is_assignment(text) => {
                if self.peek() == Some('(') {
                    return Err(Lost);
                }
                return Ok(joint);
            }
            _ => {}
        }
        words.push(word);
        Ok(joint)
    }

    /// The pattern of a case's arm, or the end of the case.
    fn pattern(&mut self, case: usize) -> Result<usize, Lost> {
        if case == 0 {
            return Err(Lost);
        }
        self.space();
        let before = self.at;
        if let Ok(word) = self.word(Until::End)
            && word.text == "esac"
        {
            return Ok(case - 1);
        }
        self.at = before;
        self.eat("(");
        loop {
            self.space();
            match self.peek() {
                Some(')') => {
                    self.at += 1;
                    return Ok(case);
                }
                Some('|') => self.at += 1,
                Some(';' | '&' | '<' | '>' | '(') | None => return Err(Lost),
                Some(_) => drop(self.word(Until::End)?),
            }
        }
    }

    /// What is between `[[` and `]]`.
    fn brackets(&mut self) -> Result<(), Lost> {
        loop {
            self.space();
            match self.peek() {
                None => return Err(Lost),
                Some('(' | ')' | '<' | '>' | '&' | '|' | ';') => self.at += 1,
                Some(_) => {
                    if self.word(Until::End)?.text == "]]" {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// `((…))` behind its first bracket.
    pub(super) fn arithmetic(&mut self) -> Result<(), Lost> {
        let mut open = 1;
        while open > 0 {
            let c = self.peek().ok_or(Lost)?;
            self.at += c.len_utf8();
            match c {
                '(' => open += 1,
                ')' => open -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn call(&mut self, words: &mut Vec<Arg>, before: Joint, after: Joint) {
        if words.is_empty() {
            if let (Some(last), Joint::Pipe | Joint::And | Joint::Or) = (self.script.calls.last_mut(), after)
            {
                last.after = after;
            }
            return;
        }
        let name = words.remove(0);
        let args = std::mem::take(words);
        let end = args.last().map_or(name.place.1, |last| last.place.1);
        let place = (name.place.0, end);
        self.script.calls.push(Call { name, args, place, before, after });
    }

    /// Blanks, and line ends behind an escape.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.rest().starts_with("\\\n") => self.at += 2,
                _ => return,
            }
        }
    }

    /// Blanks and line ends.
    fn space(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                Some('\n') => self.at += 1,
                Some('#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    fn redirect(&mut self) -> Result<(), Lost> {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        if self.eat("<<<") {
            self.note(Note::HereString, start);
        } else if self.eat("<<") {
            self.eat("-");
            self.blanks();
            let word = self.word(Until::End)?;
            self.heredocs.push(word.text);
            return Ok(());
        } else if self.rest().starts_with("<(") || self.rest().starts_with(">(") {
            self.at += 2;
            self.list(Until::Bracket)?;
            self.note(Note::ProcessSubstitution, start);
            return Ok(());
        } else {
            let operators = ["&>>", "&>", ">>", ">&", ">|", "<&", "<>", ">", "<"];
            if !operators.iter().any(|operator| self.eat(operator)) {
                return Err(Lost);
            }
        }
        let operator = &self.text[start..self.at];
        self.blanks();
        if self.peek() == Some('<') || self.peek() == Some('>') {
            // `< <(…)`
            return self.redirect();
        }
        let target = self.word(Until::End)?;
        if operator == "2>&" && target.text == "1" {
            self.blanks();
            let rest = self.rest();
            let to_file = rest.starts_with('>') && !rest.starts_with(">&") && !rest.starts_with(">(");
            if to_file || rest.starts_with("1>") && !rest.starts_with("1>&") {
                self.note(Note::ErrorsFirst, start);
            }
        }
        Ok(())
    }

    fn skip_heredocs(&mut self) {
        for end in std::mem::take(&mut self.heredocs) {
            loop {
                let rest = self.rest();
                if rest.is_empty() {
                    return;
                }
                let line = rest.split_inclusive('\n').next().unwrap_or(rest);
                self.at += line.len();
                if line.trim_end_matches(['\n', '\r']).trim_start_matches('\t') == end {
                    break;
                }
            }
        }
    }
}

fn is_assignment(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
