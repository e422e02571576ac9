//! A container's output as lines: docker's frames taken apart, terminal sequences left out.

use std::collections::VecDeque;

use crate::names;

/// Lines that are kept.
pub const MOST: usize = 5000;
/// Bytes after which a line is broken.
const LONGEST: usize = 8 * 1024;

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Standard output, or a terminal.
    Out,
    /// Standard error.
    Error,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1; the first ones may have been dropped.
    pub number: u64,
    /// Where it was written to.
    pub source: Source,
    /// What it says, everything invisible escaped.
    pub text: String,
}

/// Output that is being read.
#[derive(Clone, Debug)]
pub struct Log {
    framed: bool,
    rest: Vec<u8>,
    open: [Writing; 2],
    lines: VecDeque<Line>,
    count: u64,
}

impl Log {
    /// Reads the output of a container with a terminal, which comes as it is, or without, which comes in frames.
    pub fn new(tty: bool) -> Self {
        let open = [Writing::default(), Writing::default()];
        Self { framed: !tty, rest: Vec::new(), open, lines: VecDeque::new(), count: 0 }
    }

    /// The lines that are kept, and those that were begun.
    pub fn lines(&self) -> Vec<Line> {
        let begun = [Source::Out, Source::Error].into_iter().filter_map(|source| {
            let line = &self.open[source as usize].line;
            (!line.is_empty()).then(|| Line { number: 0, source, text: names::content(line) })
        });
        let mut lines: Vec<Line> = self.lines.iter().cloned().collect();
        for (at, mut line) in begun.enumerate() {
            line.number = self.count + 1 + at as u64;
            lines.push(line);
        }
        lines
    }

    /// How many lines were dropped.
    pub fn dropped(&self) -> u64 {
        self.count - self.lines.len() as u64
    }

    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.framed {
            return self.write(Source::Out, chunk);
        }
        self.rest.extend_from_slice(chunk);
        let bytes = std::mem::take(&mut self.rest);
        self.rest = split(&bytes, |source, payload| self.write(source, payload)).to_vec();
    }

    fn write(&mut self, source: Source, bytes: &[u8]) {
        for byte in bytes {
            let writing = &mut self.open[source as usize];
            if writing.take(*byte) || writing.line.len() >= LONGEST {
                let text = names::content(&std::mem::take(&mut writing.line));
                self.count += 1;
                self.lines.push_back(Line { number: self.count, source, text });
                if self.lines.len() > MOST {
                    self.lines.pop_front();
                }
            }
        }
    }
}

/// The bytes of all frames, in order, without their headers.
pub fn payloads(frames: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frames.len());
    split(frames, |_, payload| bytes.extend_from_slice(payload));
    bytes
}

/// Gives each whole frame to `take`; what is left is the beginning of the next.
///
/// A frame: which stream, three zeros, length as a big-endian number, that many bytes.
fn split<'a>(mut left: &'a [u8], mut take: impl FnMut(Source, &'a [u8])) -> &'a [u8] {
    while let Some((header, after)) = left.split_first_chunk::<8>() {
        let [stream, _, _, _, length @ ..] = *header;
        let length = u32::from_be_bytes(length) as usize;
        let Some((payload, after)) = after.split_at_checked(length) else { break };
        take(if stream == 2 { Source::Error } else { Source::Out }, payload);
        left = after;
    }
    left
}

/// A line that is being written, and where in a terminal sequence it is.
#[derive(Clone, Debug, Default)]
struct Writing {
    line: Vec<u8>,
    sequence: Sequence,
    returned: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Sequence {
    #[default]
    None,
    /// After ESC.
    Escape,
    /// `ESC [ …` up to a letter.
    Control,
    /// `ESC ] …` and the like up to BEL or `ESC \`.
    Text,
    /// ESC inside of that.
    TextEscape,
    /// `ESC (` and the like: one more byte.
    One,
}

impl Writing {
    /// Takes a byte; whether the line ends here.
    fn take(&mut self, byte: u8) -> bool {
        self.sequence = match (self.sequence, byte) {
            (Sequence::None, 0x1b) => Sequence::Escape,
            (Sequence::None, b'\n') => {
                self.returned = false;
                return true;
            }
            (Sequence::None, b'\r') => {
                self.returned = true;
                Sequence::None
            }
            (Sequence::None, 0x08) => {
                self.line.pop();
                Sequence::None
            }
            (Sequence::None, 0x07) => Sequence::None,
            (Sequence::None, byte) => {
                // Only what comes after a carriage return writes over the line: before a line end it means nothing.
                if std::mem::take(&mut self.returned) {
                    self.line.clear();
                }
                self.line.push(byte);
                Sequence::None
            }
            (Sequence::Escape, b'[') => Sequence::Control,
            (Sequence::Escape, b']' | b'P' | b'X' | b'^' | b'_') => Sequence::Text,
            (Sequence::Escape, b'(' | b')' | b'*' | b'+' | b'#' | b'%') => Sequence::One,
            (Sequence::Escape | Sequence::One, _) => Sequence::None,
            (Sequence::Control, 0x40..=0x7e) => Sequence::None,
            (Sequence::Control, _) => Sequence::Control,
            (Sequence::Text, 0x07) => Sequence::None,
            (Sequence::Text, 0x1b) => Sequence::TextEscape,
            (Sequence::Text, _) => Sequence::Text,
            (Sequence::TextEscape, b'\\') => Sequence::None,
            (Sequence::TextEscape, _) => Sequence::Text,
        };
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: u8, text: &str) -> Vec<u8> {
        let mut frame = vec![stream, 0, 0, 0];
        frame.extend((text.len() as u32).to_be_bytes());
        frame.extend(text.as_bytes());
        frame
    }

    fn texts(log: &Log) -> Vec<String> {
        log.lines().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn frames_survive_any_cut() {
        let whole = [frame(1, "one\ntw"), frame(2, "bad\n"), frame(1, "o\n"), frame(1, "begun")].concat();
        assert_eq!(payloads(&whole), b"one\ntwbad\no\nbegun");
        for cut in 0..whole.len() {
            let mut log = Log::new(false);
            log.push(&whole[..cut]);
            log.push(&whole[cut..]);
            let lines: Vec<_> = log.lines().into_iter().map(|l| (l.number, l.source, l.text)).collect();
            let expected = [
                (1, Source::Out, "one"),
                (2, Source::Error, "bad"),
                (3, Source::Out, "two"),
                (4, Source::Out, "begun"),
            ];
            assert_eq!(
                lines,
                expected.map(|(number, source, text)| (number, source, text.to_owned())),
                "{cut}"
            );
        }
    }

    #[test]
    fn terminal_sequences_are_left_out() {
        let mut log = Log::new(true);
        log.push(b"\x1b[1;32mgreen\x1b[0m\r\n\x1b]0;title\x07/ # \x1b[6nls\r\n10%\r20%\r\nab\x08c\n\x1b(Bq\x1b]8;;x\x1b\\z\n");
        assert_eq!(texts(&log), ["green", "/ # ls", "20%", "ac", "qz"]);
    }

    #[test]
    fn old_lines_and_endless_ones_are_bounded() {
        let mut log = Log::new(true);
        log.push("x\n".repeat(MOST + 7).as_bytes());
        assert_eq!((log.lines().len(), log.dropped(), log.lines()[0].number), (MOST, 7, 8));
        let mut log = Log::new(true);
        log.push(&vec![b'y'; LONGEST * 2 + 1]);
        assert_eq!(log.lines().len(), 3);
    }
}
