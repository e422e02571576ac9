//! The keys that leave a container without ending it.
//!
//! ```text
//! keys := key { "," key }
//! key := any single character | "ctrl-" ( "a" … "z" | "@" | "[" | "\" | "]" | "^" | "_" )
//! ```

use crate::Error;

/// A sequence of bytes that detaches, and how much of it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachKeys {
    keys: Vec<u8>,
    typed: usize,
}

impl Default for DetachKeys {
    /// `ctrl-p,ctrl-q`.
    fn default() -> Self {
        Self { keys: vec![16, 17], typed: 0 }
    }
}

impl DetachKeys {
    /// Reads a sequence; the empty one is the default.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let wrong =
            |key: &str| Error::invalid(format!("Invalid detach keys ({text}): Unknown character: '{key}'"));
        let keys: Result<Vec<u8>, Error> = text
            .split(',')
            .map(|key| match key.strip_prefix("ctrl-").map(str::as_bytes) {
                Some(&[letter @ (b'a'..=b'z' | b'@' | b'['..=b'_')]) => Ok(letter & 0x1f),
                Some(_) => Err(wrong(key)),
                None => match key.as_bytes() {
                    &[byte] => Ok(byte),
                    _ => Err(wrong(key)),
                },
            })
            .collect();
        Ok(Self { keys: keys?, typed: 0 })
    }

    /// Takes what was typed and returns what is to be passed on, and whether the sequence is complete.
    ///
    /// The start of a sequence is held back until it is clear that it isn't one.
    pub fn filter(&mut self, input: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(input.len());
        for &byte in input {
            if byte != self.keys[self.typed] {
                passed.extend_from_slice(&self.keys[..self.typed]);
                self.typed = 0;
            }
            if byte == self.keys[self.typed] {
                self.typed += 1;
                if self.typed == self.keys.len() {
                    self.typed = 0;
                    return (passed, true);
                }
            } else {
                passed.push(byte);
            }
        }
        (passed, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_read() {
        assert_eq!(DetachKeys::parse(""), Ok(DetachKeys::default()));
        assert_eq!(DetachKeys::parse("ctrl-p,ctrl-q"), Ok(DetachKeys::default()));
        assert_eq!(DetachKeys::parse("ctrl-@,a,ctrl-[").expect("valid").keys, [0, b'a', 27]);
        for wrong in ["ctrl-", "ctrl-A", "ab", "a,,b", "ctrl-1"] {
            assert!(DetachKeys::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_sequence_detaches_however_it_arrives() {
        let feed = |parts: &[&[u8]]| {
            let mut keys = DetachKeys::default();
            let mut passed = Vec::new();
            for part in parts {
                let (more, detached) = keys.filter(part);
                passed.extend(more);
                if detached {
                    return (passed, true);
                }
            }
            (passed, false)
        };
        assert_eq!(feed(&[b"ls\n\x10\x11rest"]), (b"ls\n".to_vec(), true));
        assert_eq!(feed(&[b"\x10", b"\x11"]), (vec![], true));
        assert_eq!(feed(&[b"\x10", b"x"]), (b"\x10x".to_vec(), false));
        assert_eq!(feed(&[b"\x10\x10\x11"]), (b"\x10".to_vec(), true));
        assert_eq!(feed(&[b"\x11\x11"]), (b"\x11\x11".to_vec(), false));
    }
}
