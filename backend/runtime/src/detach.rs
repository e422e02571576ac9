//! The keys that detach a terminal.

use bytes::Bytes;
use thiserror::Error;

/// A sequence of keys, typed one after the other, that detaches: `ctrl-p,ctrl-q` unless told otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachKeys {
    sequence: Vec<u8>,
    /// How many of them were typed last.
    typed: usize,
}

/// What a client typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// This is for the process.
    Input(Bytes),
    /// This is for the process, and then the client wants to leave.
    Detach(Bytes),
}

/// A sequence that we don't understand.
#[derive(Debug, Error)]
#[error(
    "Unknown character: '{0}': detach keys are single characters or ctrl- and a letter or one of @ [ \\ ] ^ _, with commas between"
)]
pub struct DetachKeysError(String);

impl Default for DetachKeys {
    fn default() -> Self {
        Self { sequence: vec![0x10, 0x11], typed: 0 }
    }
}

impl DetachKeys {
    /// Reads docker's notation, e.g. `ctrl-p,ctrl-q` or `ctrl-a,d`. The empty text is the default.
    ///
    /// # Errors
    /// When a key is none of those that exist.
    pub fn parse(text: &str) -> Result<Self, DetachKeysError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let sequence = text.split(',').map(key).collect::<Result<_, _>>()?;
        Ok(Self { sequence, typed: 0 })
    }

    /// Looks for the sequence in what was typed. Keys that may be its beginning are kept back until the next ones show it.
    pub fn filter(&mut self, typed: &[u8]) -> Typed {
        let mut input = Vec::with_capacity(typed.len() + self.typed);
        for byte in typed {
            if self.sequence.get(self.typed) == Some(byte) {
                self.typed += 1;
                if self.typed == self.sequence.len() {
                    self.typed = 0;
                    return Typed::Detach(input.into());
                }
                continue;
            }
            input.extend_from_slice(&self.sequence[..self.typed]);
            self.typed = usize::from(self.sequence.first() == Some(byte));
            if self.typed == 0 {
                input.push(*byte);
            }
        }
        Typed::Input(input.into())
    }
}

fn key(text: &str) -> Result<u8, DetachKeysError> {
    let unknown = || DetachKeysError(text.to_owned());
    let bytes = text.as_bytes();
    match bytes.strip_prefix(b"ctrl-") {
        Some([letter @ b'a'..=b'z']) => Ok(letter - b'a' + 1),
        Some([sign @ (b'@' | b'[' | b'\\' | b']' | b'^' | b'_')]) => Ok(sign - b'@'),
        None if bytes.len() == 1 && bytes[0].is_ascii() => Ok(bytes[0]),
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::{DetachKeys, Typed};

    fn input(bytes: &[u8]) -> Typed {
        Typed::Input(bytes.to_vec().into())
    }

    #[test]
    fn finds_the_sequence_across_pieces() {
        let mut keys = DetachKeys::default();
        assert_eq!(keys.filter(b"ls\n\x10"), input(b"ls\n"));
        assert_eq!(keys.filter(b"\x11"), Typed::Detach(Vec::new().into()));
        assert_eq!(keys.filter(b"a\x10b"), input(b"a\x10b"));
        assert_eq!(keys.filter(b"\x10\x10\x11rest"), Typed::Detach(b"\x10".to_vec().into()));
    }

    #[test]
    fn reads_dockers_notation() {
        let mut keys = DetachKeys::parse("ctrl-a,d").expect("valid");
        assert_eq!(keys.filter(b"x\x01d"), Typed::Detach(b"x".to_vec().into()));
        assert_eq!(DetachKeys::parse("").expect("valid"), DetachKeys::default());
        assert!(DetachKeys::parse("ctrl-[,ctrl-@").is_ok());
        for bad in ["ctrl-A", "ctrl-", "ab", "a,,b", "é"] {
            assert!(DetachKeys::parse(bad).is_err(), "{bad}");
        }
    }
}
