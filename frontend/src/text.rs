//! A file's bytes as lines, chunk by chunk.

use std::fmt::Write as _;

use crate::names;

/// Lines that arrived together: drawn as one block of numbers beside one block of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Number of its first line, from 1.
    pub first: usize,
    /// How many lines.
    pub lines: usize,
    /// The lines, each ended by `\n` except perhaps the last, with everything invisible escaped.
    pub text: String,
}

impl Block {
    /// `1\n2\n…`, as tall as the text.
    pub fn numbers(&self) -> String {
        let mut text = String::with_capacity(self.lines * 5);
        for number in self.first..self.first + self.lines {
            writeln!(text, "{number}").expect("a String takes every write");
        }
        text
    }
}

/// Cuts a stream of bytes into blocks at line ends.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    rest: Vec<u8>,
    lines: usize,
}

/// A line longer than this is broken so that the browser isn't asked to lay out megabytes in one line.
const LONGEST: usize = 16 * 1024;

impl Reader {
    /// Takes the next chunk; `last` says that nothing follows. Nothing comes back while a line is incomplete.
    pub fn push(&mut self, chunk: &[u8], last: bool) -> Option<Block> {
        self.rest.extend_from_slice(chunk);
        let end = match self.rest.iter().rposition(|b| *b == b'\n') {
            _ if last => self.rest.len(),
            Some(at) => at + 1,
            None if self.rest.len() >= 4 * LONGEST => whole_characters(&self.rest),
            None => 0,
        };
        let rest = self.rest.split_off(end);
        let bytes = std::mem::replace(&mut self.rest, rest);
        if bytes.is_empty() {
            return None;
        }
        let (text, lines) = lines(&bytes);
        let first = self.lines + 1;
        self.lines += lines;
        Some(Block { first, lines, text })
    }
}

/// How many bytes end at a character's end.
fn whole_characters(bytes: &[u8]) -> usize {
    let cut = bytes.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
    if cut < 4 && cut < bytes.len() { bytes.len() - cut } else { bytes.len() }
}

fn lines(bytes: &[u8]) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
    let mut count = 0;
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    for line in body.split(|b| *b == b'\n') {
        for piece in pieces(line) {
            if count > 0 {
                text.push('\n');
            }
            let mut parts = piece.split(|b| *b == b'\t');
            text += &names::content(parts.next().unwrap_or_default());
            for part in parts {
                text.push('\t');
                text += &names::content(part);
            }
            count += 1;
        }
    }
    text.push('\n');
    (text, count)
}

fn pieces(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        if line.len() <= LONGEST {
            rest = None;
            return Some(line);
        }
        let end = whole_characters(&line[..LONGEST]);
        rest = Some(&line[end..]);
        Some(&line[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Block> {
        let mut reader = Reader::default();
        let last = chunks.len() - 1;
        chunks.iter().enumerate().filter_map(|(at, chunk)| reader.push(chunk, at == last)).collect()
    }

    #[test]
    fn lines_are_numbered_across_chunks() {
        let blocks = read(&[b"one\ntw", b"o\nthree\n", b"four"]);
        let shown: Vec<_> = blocks.iter().map(|b| (b.first, b.lines, b.text.as_str())).collect();
        assert_eq!(shown, [(1, 1, "one\n"), (2, 2, "two\nthree\n"), (4, 1, "four\n")]);
        assert_eq!(blocks[1].numbers(), "2\n3\n");
    }

    #[test]
    fn what_is_invisible_is_escaped_but_tabs_stay() {
        let blocks = read(&[b"a\tb\r\n\x1b[0m\xff\n\n"]);
        assert_eq!(blocks[0].text, "a\tb\\r\n\\u{1b}[0m\\xFF\n\n");
        assert_eq!(blocks[0].lines, 3);
    }

    #[test]
    fn characters_survive_any_cut() {
        let whole = "第一行\n第二行".as_bytes();
        for cut in 0..whole.len() {
            let text: String =
                read(&[&whole[..cut], &whole[cut..]]).iter().map(|b| b.text.as_str()).collect();
            assert_eq!(text, "第一行\n第二行\n");
        }
    }

    #[test]
    fn endless_lines_are_broken() {
        let line = "é".repeat(100_000);
        let blocks = read(&[line.as_bytes(), b""]);
        assert!(blocks.iter().all(|b| b.text.lines().all(|l| l.len() <= LONGEST)));
        assert_eq!(blocks.iter().map(|b| b.text.replace('\n', "").len()).sum::<usize>(), line.len());
    }
}
