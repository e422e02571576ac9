//! From a stream's pieces to records, and back.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

use super::{LogLine, Stream};
use crate::Time;

/// The longest record, as docker's: a longer line becomes several records, all but the last without a newline.
const LONGEST: usize = 16 << 10;

/// Cuts a stream into records. What has no newline yet waits for it.
#[derive(Debug, Default)]
pub(super) struct Records {
    pending: Vec<u8>,
}

impl Records {
    /// Takes a piece of the stream and writes the records that are complete.
    pub fn push(&mut self, mut piece: &[u8], stream: Stream, time: Timestamp, out: &mut Vec<u8>) {
        let suffix = suffix(stream, time);
        while !piece.is_empty() {
            let line =
                piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |newline| newline + 1);
            let (taken, rest) = piece.split_at(line.min(LONGEST - self.pending.len()));
            piece = rest;
            if self.pending.is_empty() && taken.ends_with(b"\n") {
                encode(taken, &suffix, out);
                continue;
            }
            self.pending.extend_from_slice(taken);
            if taken.ends_with(b"\n") {
                self.flush(stream, time, out);
            } else if self.pending.len() == LONGEST {
                let torn = self.pending.split_off(whole_characters(&self.pending));
                self.flush(stream, time, out);
                self.pending = torn;
            }
        }
    }

    /// Writes what waits.
    pub fn flush(&mut self, stream: Stream, time: Timestamp, out: &mut Vec<u8>) {
        if !self.pending.is_empty() {
            encode(&self.pending, &suffix(stream, time), out);
            self.pending.clear();
        }
    }
}

/// How many bytes there are before a character that the end cuts in two.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for start in (tail..bytes.len()).rev() {
        let needed = match bytes[start] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => 1,
        };
        return if start + needed > bytes.len() { start } else { bytes.len() };
    }
    bytes.len()
}

/// The end of a record, the same for all of a piece.
fn suffix(stream: Stream, time: Timestamp) -> String {
    let stream = match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    format!(",\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n")
}

/// Appends one record. What isn't UTF-8 becomes U+FFFD, as in docker's.
fn encode(record: &[u8], suffix: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"log\":");
    serde_json::to_writer(&mut *out, &String::from_utf8_lossy(record)).expect("memory takes any string");
    out.extend_from_slice(suffix.as_bytes());
}

/// Reads one line of the file. None if it is no record: cut off by a full disk, or not ours.
pub(super) fn decode(line: &[u8]) -> Option<LogLine> {
    #[derive(Deserialize)]
    struct Record {
        #[serde(default)]
        log: String,
        stream: Stream,
        time: Time,
    }
    let record: Record = serde_json::from_slice(line).ok()?;
    Some(LogLine { time: record.time, stream: record.stream, bytes: Bytes::from(record.log) })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::{LONGEST, Records, decode, whole_characters};
    use crate::log::Stream;

    fn written(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut records, mut out) = (Records::default(), Vec::new());
        for piece in pieces {
            records.push(piece, Stream::Stdout, Timestamp::UNIX_EPOCH, &mut out);
        }
        records.flush(Stream::Stdout, Timestamp::UNIX_EPOCH, &mut out);
        let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| decode(line).expect("a record").bytes.to_vec()).collect()
    }

    #[test]
    fn looks_like_dockers() {
        let (mut records, mut out) = (Records::default(), Vec::new());
        let time = Timestamp::new(1_600_000_000, 123_450_000).expect("valid");
        records.push(b"say \"hi\"\xff\n", Stream::Stderr, time, &mut out);
        let expected = "{\"log\":\"say \\\"hi\\\"\u{fffd}\\n\",\"stream\":\"stderr\",\"time\":\"2020-09-13T12:26:40.12345Z\"}\n";
        assert_eq!(String::from_utf8(out).expect("JSON"), expected);
    }

    #[test]
    fn joins_pieces_and_cuts_long_lines() {
        assert_eq!(written(&[b"a", b"b\nc", b"d"]), [b"ab\n".to_vec(), b"cd".to_vec()]);
        let long = vec![b'x'; LONGEST + 1];
        assert_eq!(written(&[&long]).iter().map(Vec::len).collect::<Vec<_>>(), [LONGEST, 1]);
        let mut exact = vec![b'x'; LONGEST - 1];
        exact.push(b'\n');
        assert_eq!(written(&[&exact]), [exact.clone()]);
    }

    #[test]
    fn finds_torn_characters() {
        assert_eq!(whole_characters("aé".as_bytes()), 3);
        assert_eq!(whole_characters(&"aé".as_bytes()[..2]), 1);
        assert_eq!(whole_characters(&"a🙂".as_bytes()[..4]), 1);
        assert_eq!(whole_characters(b"a\x80\x80\x80\x80"), 5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn no_text_is_lost_wherever_it_is_cut(text in "(\\PC|\n){0,80}", repeat in 1_usize..600, cut in 1_usize..9_000) {
            let text = text.repeat(repeat);
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(cut).collect();
            prop_assert_eq!(written(&pieces).concat(), text.as_bytes());
        }
    }
}
