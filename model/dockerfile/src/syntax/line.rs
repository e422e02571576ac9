//! Logical lines: what is left of physical lines after continuations, and the way back to the source.

use crate::Span;

/// One instruction's text, joined over continuation lines, without the comments and empty lines in between.
///
/// The text is what the builder sees; [`Logical::span`] says where a piece of it is in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logical {
    /// The joined text.
    pub text: String,
    /// Per physical line that gave text: offset in `text`, offset in the source, ascending.
    pieces: Vec<(u32, u32)>,
    /// The first and the last physical line, the first of a file is 1; without heredoc bodies.
    pub lines: (u32, u32),
    /// From the first character to the end of the last physical line, without heredoc bodies.
    pub span: Span,
    /// Empty physical lines inside, which BuildKit warns about.
    pub gaps: Vec<Span>,
    /// Comments between the physical lines.
    pub comments: Vec<Span>,
}

impl Logical {
    /// Adds a piece of the source.
    pub(super) fn push(&mut self, text: &str, source: usize) {
        if self.pieces.is_empty() || !text.is_empty() {
            self.pieces.push((self.text.len() as u32, source as u32));
            self.text.push_str(text);
        }
    }

    /// The source offset of a character of the text.
    fn source(&self, offset: usize) -> usize {
        let at = self.pieces.partition_point(|(start, _)| *start as usize <= offset).saturating_sub(1);
        self.pieces.get(at).map_or(0, |(start, source)| *source as usize + (offset - *start as usize))
    }

    /// Where a piece of the text is in the source; over continuations it spans them.
    pub fn span(&self, start: usize, end: usize) -> Span {
        if start >= end {
            // Behind the character before it, not at the start of the next physical line.
            let at = if start == 0 { self.source(0) } else { self.source(start - 1) + 1 };
            return Span::new(at, at);
        }
        Span::new(self.source(start), self.source(end - 1) + 1)
    }

    /// A part of the text as a line of its own.
    pub(crate) fn from(&self, start: usize, end: usize) -> Self {
        let mut part = Self { lines: self.lines, ..Self::default() };
        let mut at = 0;
        for (text, source) in self.pieces() {
            let (from, to) = (start.max(at), end.min(at + text.len()));
            if from < to {
                part.push(&text[from - at..to - at], source.start as usize + from - at);
            }
            at += text.len();
        }
        part.span = self.span(start, end);
        part
    }

    /// Where each physical line's share of the text is: (piece of the text, its source).
    pub fn pieces(&self) -> impl Iterator<Item = (&str, Span)> {
        (0..self.pieces.len()).map(|at| {
            let (start, source) = self.pieces[at];
            let end = self.pieces.get(at + 1).map_or(self.text.len(), |next| next.0 as usize);
            let text = &self.text[start as usize..end];
            (text, Span::new(source as usize, source as usize + text.len()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lead_back_to_the_source() {
        let mut line = Logical::default();
        line.push("RUN a ", 10);
        line.push("  b", 20);
        assert_eq!(line.text, "RUN a   b");
        assert_eq!(line.span(4, 5), Span::new(14, 15));
        assert_eq!(line.span(4, 9), Span::new(14, 23));
        assert_eq!(line.span(8, 9), Span::new(22, 23));
        assert_eq!(line.span(6, 6), Span::new(16, 16));
        assert_eq!(line.span(9, 9), Span::new(23, 23));
    }
}
