//! Where something is in a text.

use serde::{Deserialize, Serialize};

/// A piece of the source: byte offsets, the end not included. Both ends are on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        // Texts are limited to a few MiB, far below what `u32` holds.
        Self { start: start as u32, end: end.max(start) as u32 }
    }

    /// The piece itself; empty when `text` isn't the text that the span was made for.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// From the start of this one to the end of `other`.
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether an offset lies inside, or right behind the end (where a cursor stands after typing).
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }

    /// Bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Where the lines of a text begin: turns byte offsets into lines, columns, and the UTF-16 offsets of JavaScript.
#[derive(Clone, Debug)]
pub struct Lines {
    /// Byte offset of each line's start.
    starts: Vec<u32>,
    /// (byte offset behind a character that takes more bytes than UTF-16 units, bytes minus units up to there)
    wide: Vec<(u32, u32)>,
}

impl Lines {
    /// Reads the text once.
    pub fn of(text: &str) -> Self {
        let mut starts = vec![0];
        let mut wide = Vec::new();
        let mut saved = 0;
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                starts.push(at as u32 + 1);
            }
        }
        if !text.is_ascii() {
            for (at, c) in text.char_indices().filter(|(_, c)| !c.is_ascii()) {
                saved += (c.len_utf8() - c.len_utf16()) as u32;
                wide.push(((at + c.len_utf8()) as u32, saved));
            }
        }
        Self { starts, wide }
    }

    /// The line that a byte offset is in, the first is 1.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// How many lines there are; an empty text has one.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The byte offset at which a line (the first is 1) begins.
    pub fn start(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// Bytes between the line's start and the offset, plus one: the column as compilers count it.
    pub fn column(&self, offset: u32) -> u32 {
        offset - self.starts[self.line(offset) as usize - 1] + 1
    }

    /// A byte offset in UTF-16 units, as JavaScript and CodeMirror count.
    pub fn utf16(&self, offset: u32) -> u32 {
        let known = self.wide.partition_point(|(end, _)| *end <= offset);
        offset - known.checked_sub(1).map_or(0, |last| self.wide[last].1)
    }

    /// The byte offset of a UTF-16 offset; the inverse of [`Lines::utf16`].
    pub fn byte(&self, units: u32) -> u32 {
        let known = self.wide.partition_point(|(end, saved)| end - saved <= units);
        units + known.checked_sub(1).map_or(0, |last| self.wide[last].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns() {
        let lines = Lines::of("ab\n\nc");
        let places: Vec<_> = (0..=5).map(|at| (lines.line(at), lines.column(at))).collect();
        assert_eq!(places, [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2)]);
        assert_eq!((lines.count(), lines.start(2), lines.start(4), lines.start(0)), (3, Some(3), None, None));
    }

    #[test]
    fn offsets_of_javascript_and_back() {
        let text = "a镜b😀c";
        let lines = Lines::of(text);
        let mut units = 0;
        for (at, c) in text.char_indices() {
            assert_eq!(lines.utf16(at as u32), units);
            assert_eq!(lines.byte(units), at as u32);
            units += c.len_utf16() as u32;
        }
        assert_eq!(lines.utf16(text.len() as u32), units);
        assert_eq!(lines.byte(units), text.len() as u32);
    }
}
