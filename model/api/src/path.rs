//! Paths of files inside images, in URLs and JSON: percent-encoded bytes.

use std::fmt::Write as _;

/// Encodes path bytes for a URL's path or query: unreserved characters and `/` stay, all else is `%XX`.
pub fn encode(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(*byte))
            }
            other => write!(text, "%{other:02X}").expect("a String takes every write"),
        }
    }
    text
}

/// The bytes that [`encode`] was given; a `%` without two hex digits stands for itself.
pub fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut path = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                path.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                path.push(byte);
                at += 1;
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), all);
        assert_eq!(encode(b"etc/a b%\xff"), "etc/a%20b%25%FF");
        assert_eq!(decode("100%"), b"100%");
    }
}
