//! The exec form: a JSON array of strings, read as Go's `encoding/json` reads it.

/// Why a text isn't an exec form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotExec {
    /// Not a JSON array: the builder takes it as a shell form.
    NotArray,
    /// An array with something else than strings: the builder refuses it.
    NotStrings,
}

/// A string with where its literal, quotes included, is in the text.
pub type Literal = (String, usize, usize);

/// The strings, and where the array ends: dockerd's classic builder doesn't look at what is behind it.
pub fn strings(text: &str) -> Result<(Vec<Literal>, usize), NotExec> {
    let mut json = Json { text, at: 0 };
    json.blank_of_go();
    if json.peek() != Some(b'[') {
        return Err(NotExec::NotArray);
    }
    let mut found = Vec::new();
    let mut only_strings = true;
    json.at += 1;
    json.blank();
    if json.eat(b']') {
        return Ok((found, json.at));
    }
    loop {
        json.blank();
        let start = json.at;
        if json.peek() == Some(b'"') {
            let value = json.string().ok_or(NotExec::NotArray)?;
            found.push((value, start, json.at));
        } else {
            json.other().ok_or(NotExec::NotArray)?;
            only_strings = false;
        }
        json.blank();
        if json.eat(b']') {
            break;
        }
        if !json.eat(b',') {
            return Err(NotExec::NotArray);
        }
    }
    if only_strings { Ok((found, json.at)) } else { Err(NotExec::NotStrings) }
}

/// Go's limit on nesting.
const DEPTH: usize = 10_000;

struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl Json<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// JSON's blanks.
    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Unicode's blanks, which the builder skips before the array.
    fn blank_of_go(&mut self) {
        self.at = self.text.len() - self.text.trim_start().len();
    }

    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ')?;
            value.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(value);
                }
                b'\\' => {
                    self.at += 1;
                    value.push(self.escape()?);
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return Some(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let after = self.at;
                let low = if self.eat(b'\\') && self.eat(b'u') { self.hex()? } else { 0 };
                if (0xdc00..0xe000).contains(&low) {
                    return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                }
                self.at = after;
                char::REPLACEMENT_CHARACTER
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Any value that isn't a string, without recursion: a stack of open brackets.
    fn other(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.blank();
            match self.peek()? {
                bracket @ (b'[' | b'{') => {
                    self.at += 1;
                    self.blank();
                    let close = if bracket == b'[' { b']' } else { b'}' };
                    if !self.eat(close) {
                        if open.len() == DEPTH {
                            return None;
                        }
                        open.push(bracket);
                        if bracket == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => drop(self.string()?),
                b'-' | b'0'..=b'9' => self.number()?,
                _ => self.word()?,
            }
            loop {
                let Some(bracket) = open.last().copied() else { return Some(()) };
                self.blank();
                if self.eat(b',') {
                    if bracket == b'{' {
                        self.blank();
                        self.key()?;
                    }
                    break;
                }
                if !self.eat(if bracket == b'[' { b']' } else { b'}' }) {
                    return None;
                }
                open.pop();
            }
        }
    }

    fn key(&mut self) -> Option<()> {
        if self.peek() != Some(b'"') {
            return None;
        }
        self.string()?;
        self.blank();
        self.eat(b':').then_some(())
    }

    fn word(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<String>, NotExec> {
        strings(text).map(|(found, _)| found.into_iter().map(|(value, ..)| value).collect())
    }

    #[test]
    fn strings_are_read_with_escapes() {
        assert_eq!(
            values(r#" ["a", "b\"c\\\n\u00e9\ud83d\ude00\ud800x"] "#).expect("valid"),
            ["a", "b\"c\\\né😀\u{fffd}x"]
        );
        assert_eq!(values("[]").expect("valid"), [""; 0]);
        let (found, end) = strings(r#"["ab",  "c"] x"#).expect("valid");
        assert_eq!((&found[1], end), (&("c".to_owned(), 8, 11), 12));
    }

    #[test]
    fn what_is_no_array_is_a_shell_form_and_what_has_others_is_refused() {
        for text in [
            "",
            "sh",
            "[",
            "[a]",
            "['a']",
            "[\"a\",]",
            "[\"a\"",
            "[\"\t\"]",
            "[01]",
            "[{]",
            "[{\"a\"}]",
            "[\"\\x\"]",
            "[,]",
            "[1,,2]",
            "[nul]",
            "[\"\\u12\"]",
        ] {
            assert_eq!(values(text), Err(NotExec::NotArray), "{text}");
        }
        for text in ["[1]", "[\"a\", null]", "[[\"a\"]]", "[{\"a\":[1,2.5e-3,{}]},-0]", "[true]"] {
            assert_eq!(values(text), Err(NotExec::NotStrings), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let text = "[".repeat(2_000_000);
        assert_eq!(values(&text), Err(NotExec::NotArray));
    }
}
