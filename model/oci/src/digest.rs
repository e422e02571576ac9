//! `algorithm ":" hex`, the name of a piece of content.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256, Sha512};
use thiserror::Error;

/// A registered digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `sha256`, 64 hex digits.
    Sha256,
    /// `sha512`, 128 hex digits.
    Sha512,
}

impl Algorithm {
    /// The name as written before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A content digest: `sha256:` and 64 lower-case hex digits (or `sha512:` and 128).
///
/// Parsing is the only way in from outside, so a `Digest` is safe as a path component.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hex: Box<str>,
}

/// Why a string is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DigestError {
    /// There is no colon.
    #[error("digest {0:?} has no algorithm: expected sha256:<64 hex digits>")]
    NoAlgorithm(String),
    /// The algorithm is not one that can be verified.
    #[error("digest algorithm {0:?} is not supported: expected sha256 or sha512")]
    Algorithm(String),
    /// Wrong number of hex digits.
    #[error("{algorithm} digest has {actual} characters after the colon: expected {expected}")]
    Length {
        /// The algorithm before the colon.
        algorithm: &'static str,
        /// Characters found.
        actual: usize,
        /// Characters expected.
        expected: usize,
    },
    /// A character other than `0-9a-f`.
    #[error("digest has {0:?} after the colon: expected only 0-9 and a-f")]
    NotHex(char),
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hex digits after the colon.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// The first twelve hex digits, as `docker images` shows an id.
    pub fn short(&self) -> &str {
        &self.hex[..12]
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or_else(|| DigestError::NoAlgorithm(text.into()))?;
        let algorithm = match algorithm {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(DigestError::Algorithm(other.into())),
        };
        if let Some(bad) = hex.chars().find(|c| !matches!(c, '0'..='9' | 'a'..='f')) {
            return Err(DigestError::NotHex(bad));
        }
        if hex.len() != algorithm.hex_len() {
            return Err(DigestError::Length {
                algorithm: algorithm.name(),
                actual: hex.len(),
                expected: algorithm.hex_len(),
            });
        }
        Ok(Self { algorithm, hex: hex.into() })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Computes a [`Digest`] from bytes as they pass.
#[derive(Clone)]
pub struct Hasher(Inner);

#[derive(Clone)]
enum Inner {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// An empty hash.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => Inner::Sha256(Sha256::new()),
            Algorithm::Sha512 => Inner::Sha512(Sha512::new()),
        })
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Inner::Sha256(hash) => hash.update(bytes),
            Inner::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The digest of everything added.
    pub fn finish(self) -> Digest {
        match self.0 {
            Inner::Sha256(hash) => Digest { algorithm: Algorithm::Sha256, hex: hex(&hash.finalize()) },
            Inner::Sha512(hash) => Digest { algorithm: Algorithm::Sha512, hex: hex(&hash.finalize()) },
        }
    }
}

fn hex(bytes: &[u8]) -> Box<str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect::<String>().into()
}

/// Checks size and digest of content while it streams.
///
/// Feed every byte to [`Verifier::update`], which refuses the first byte too many at once, then call
/// [`Verifier::finish`].
pub struct Verifier {
    expected: Digest,
    size: Option<u64>,
    seen: u64,
    hasher: Hasher,
}

/// Content is not what its descriptor says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// More or fewer bytes than announced.
    #[error("content of {digest} has {actual} bytes{more}: its descriptor says {expected}", more = if *.actual > *.expected { " or more" } else { "" })]
    Size {
        /// Whose content it should be.
        digest: Digest,
        /// Bytes seen until the mismatch was certain.
        actual: u64,
        /// Bytes announced.
        expected: u64,
    },
    /// The bytes hash to something else.
    #[error("content has digest {actual}: expected {expected}")]
    Digest {
        /// What the bytes hash to.
        actual: Digest,
        /// What was asked for.
        expected: Digest,
    },
}

impl Verifier {
    /// Expects content named `expected`, of `size` bytes when known.
    pub fn new(expected: Digest, size: Option<u64>) -> Self {
        let hasher = Hasher::new(expected.algorithm());
        Self { expected, size, seen: 0, hasher }
    }

    /// Adds the next bytes; an error as soon as there are more than announced.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        self.seen += bytes.len() as u64;
        match self.size {
            Some(expected) if self.seen > expected => Err(self.size_error(expected)),
            _ => {
                self.hasher.update(bytes);
                Ok(())
            }
        }
    }

    /// How many bytes were seen.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Succeeds, with the number of bytes, if they were all there and are the right ones.
    pub fn finish(self) -> Result<u64, VerifyError> {
        if let Some(expected) = self.size.filter(|size| *size != self.seen) {
            return Err(self.size_error(expected));
        }
        let actual = self.hasher.finish();
        if actual != self.expected {
            return Err(VerifyError::Digest { actual, expected: self.expected });
        }
        Ok(self.seen)
    }

    fn size_error(&self, expected: u64) -> VerifyError {
        VerifyError::Size { digest: self.expected.clone(), actual: self.seen, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn hashes_and_prints() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse::<Digest>().expect("valid"), Digest::of(b""));
        assert_eq!(Digest::of(b"").short(), "e3b0c44298fc");
    }

    #[test]
    fn refuses_what_is_not_a_digest() {
        let long = format!("sha256:{}", "a".repeat(65));
        let cases = [
            ("", "no algorithm"),
            ("e3b0c442", "no algorithm"),
            ("md5:d41d8cd98f00b204e9800998ecf8427e", "not supported"),
            ("sha256:e3b0", "has 4 characters"),
            ("sha256:../../../../etc/passwd", "has '.'"),
            (&EMPTY.to_uppercase(), "not supported"),
            (long.as_str(), "has 65 characters"),
        ];
        for (text, part) in cases {
            let error = text.parse::<Digest>().expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn verifies_size_and_bytes() {
        let check = |bytes: &[u8], size| {
            let mut verifier = Verifier::new(Digest::of(b"abc"), Some(size));
            verifier.update(bytes).and_then(|()| verifier.finish())
        };
        assert_eq!(check(b"abc", 3), Ok(3));
        assert!(matches!(check(b"ab", 3), Err(VerifyError::Size { actual: 2, .. })));
        assert!(matches!(check(b"abcd", 3), Err(VerifyError::Size { actual: 4, .. })));
        assert!(matches!(check(b"abd", 3), Err(VerifyError::Digest { .. })));
    }
}
