//! How text from images is shown: what would be invisible, or would reorder what is beside it, as a visible escape.
//!
//! File names, labels and instructions are bytes that somebody else chose. They reach the page as text nodes only, and
//! only through this module. Escapes are Rust's: `\n`, `\u{202e}`, and `\xNN` for bytes that are no UTF-8. In a name
//! ([`bytes`]) a backslash that could be taken for the start of one is doubled, so two different names never look the
//! same; lines of files and instructions ([`content`], [`text`]) keep theirs as they are.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A name as text.
pub fn bytes(name: &[u8]) -> String {
    let mut shown = Shown::default();
    for chunk in name.utf8_chunks() {
        let mut rest = chunk.valid().chars();
        while let Some(c) = rest.next() {
            if c == '\\' {
                shown.backslashes += 1;
                shown.text.push(c);
                continue;
            }
            let escaped = escape(c);
            let alike = matches!(c, 'n' | 'r' | 't' | 'x') || c == 'u' && rest.as_str().starts_with('{');
            if escaped.is_some() || alike {
                shown.double_backslashes();
            }
            shown.backslashes = 0;
            shown.push(c, escaped);
        }
        for byte in chunk.invalid() {
            shown.double_backslashes();
            shown.push_byte(*byte);
        }
    }
    shown.text
}

/// A line of a file as text.
pub fn content(line: &[u8]) -> String {
    let mut shown = Shown::default();
    for chunk in line.utf8_chunks() {
        chunk.valid().chars().for_each(|c| shown.push(c, escape(c)));
        chunk.invalid().iter().for_each(|byte| shown.push_byte(*byte));
    }
    shown.text
}

/// What is text already; borrowed when there is nothing to escape, which is nearly always.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| escape(c).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(content(text.as_bytes()))
}

/// Text that is being put together.
#[derive(Default)]
struct Shown {
    text: String,
    /// How many backslashes of the name it ends with.
    backslashes: usize,
}

impl Shown {
    fn push(&mut self, c: char, escaped: Option<Escape>) {
        let written = match escaped {
            None => self.text.write_char(c),
            Some(Escape::Letter(letter)) => write!(self.text, "\\{letter}"),
            Some(Escape::Code) => write!(self.text, "\\u{{{:x}}}", c as u32),
        };
        written.expect("a String takes every write");
    }

    fn push_byte(&mut self, byte: u8) {
        write!(self.text, "\\x{byte:02X}").expect("a String takes every write");
    }

    fn double_backslashes(&mut self) {
        self.text.extend(std::iter::repeat_n('\\', self.backslashes));
        self.backslashes = 0;
    }
}

enum Escape {
    /// `\n`.
    Letter(char),
    /// `\u{…}`.
    Code,
}

fn escape(c: char) -> Option<Escape> {
    match c {
        '\n' => Some(Escape::Letter('n')),
        '\r' => Some(Escape::Letter('r')),
        '\t' => Some(Escape::Letter('t')),
        // C0 and C1 controls; soft hyphen and combining joiner; Arabic letter mark; fillers; vowel separators;
        // zero-width and directional marks; line and paragraph separators, embeddings and overrides; word joiner,
        // invisible operators and isolates; byte order mark; annotations; tags.
        '\0'..='\x1f'
        | '\x7f'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Escape::Code),
        _ => None,
    }
}

/// `text` cut in its middle to at most `limit` characters; the end, which tells files apart, stays.
pub fn middle(text: &str, limit: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= limit || limit < 3 {
        return Cow::Borrowed(text);
    }
    let tail = (limit - 1) * 2 / 3;
    let head = limit - 1 - tail;
    let cut = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}…{}", &text[..cut(head)], &text[cut(length - tail)..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_is_left() {
        let cases: [(&[u8], &str); 9] = [
            (b"plain.txt", "plain.txt"),
            (b"\x1b[31mred", "\\u{1b}[31mred"),
            (b"a\nb\tc\x7f", "a\\nb\\tc\\u{7f}"),
            ("gnp.\u{202e}exe".as_bytes(), "gnp.\\u{202e}exe"),
            ("zero\u{200b}width\u{feff}".as_bytes(), "zero\\u{200b}width\\u{feff}"),
            (b"caf\xe9", "caf\\xE9"),
            ("文件 é".as_bytes(), "文件 é"),
            (b"dir\\file", "dir\\file"),
            (b"<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ];
        for (name, shown) in cases {
            assert_eq!(bytes(name), shown);
        }
    }

    #[test]
    fn no_two_names_look_the_same() {
        let parts: [&[u8]; 9] = [b"\\", b"\x1b", b"u{1b}", b"n", b"\n", b"x", b"E9", b"\xe9", b"a"];
        let mut seen = std::collections::HashMap::new();
        for code in 0..9u32.pow(4) {
            let name: Vec<u8> =
                (0..4).flat_map(|at| parts[(code / 9u32.pow(at) % 9) as usize]).copied().collect();
            if let Some(other) = seen.insert(bytes(&name), name.clone()) {
                assert_eq!(other, name);
            }
        }
    }

    #[test]
    fn text_is_borrowed_when_harmless() {
        assert!(matches!(text(r"RUN printf '\x1b\n'"), Cow::Borrowed(_)));
        assert_eq!(text("a\u{2066}b"), "a\\u{2066}b");
        assert_eq!(content(b"printf \"\\n\"\r"), "printf \"\\n\"\\r");
    }

    #[test]
    fn escaped_text_has_nothing_left_to_escape() {
        for c in (0..=0x10_ffffu32).filter_map(char::from_u32) {
            let shown = text(c.encode_utf8(&mut [0; 4])).into_owned();
            assert!(shown.chars().all(|c| escape(c).is_none()), "{:x}", c as u32);
        }
    }

    #[test]
    fn shortens_in_the_middle() {
        assert_eq!(middle("short", 10), "short");
        assert_eq!(middle("usr/share/doc/readme", 10), "usr…readme");
        assert_eq!(middle("一二三四五六七", 4), "一…六七");
    }
}
