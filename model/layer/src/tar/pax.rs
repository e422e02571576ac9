//! PAX extended headers.
//!
//! ```text
//! header = *record
//! record = length " " key "=" value "\n"      length is that of the whole record, in decimal
//! ```
//! Values are bytes: those of extended attributes may hold zeros and newlines. An empty value means that the header
//! block's stands.

use super::sparse::Declared;
use crate::{Timestamp, Xattr, read::Problem};

/// What an extended header says of the entry after it.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<i64>,
    pub(super) gid: Option<i64>,
    pub(super) mtime: Option<Timestamp>,
    pub(super) xattrs: Vec<Xattr>,
    pub(super) sparse: Declared,
}

/// Where star and GNU tar keep extended attributes: the name as it is, the value as it is.
const SCHILY: &[u8] = b"SCHILY.xattr.";
/// Where bsdtar keeps them besides: the name percent-encoded, the value in base64.
const LIBARCHIVE: &[u8] = b"LIBARCHIVE.xattr.";

impl Extensions {
    pub(super) fn parse(mut header: &[u8]) -> Result<Self, Problem> {
        let mut extensions = Self::default();
        let mut first_hand = Vec::new();
        while !header.is_empty() {
            let (key, value, rest) = record(header).ok_or(Problem::Pax)?;
            header = rest;
            if let Some(name) = key.strip_prefix(LIBARCHIVE) {
                extensions.xattrs.push(xattr(percent(name), base64(value).ok_or(Problem::Pax)?)?);
            } else if let Some(name) = key.strip_prefix(SCHILY) {
                first_hand.push(xattr(name.to_vec(), value.to_vec())?);
            } else {
                extensions.record(key, value)?;
            }
        }
        extensions.xattrs.append(&mut first_hand);
        Xattr::keep_last(&mut extensions.xattrs);
        Ok(extensions)
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        if value.is_empty() {
            return Ok(());
        }
        let number = |field| decimal(value).ok_or(Problem::Number { field });
        match key {
            b"path" | b"linkpath" if value.contains(&0) => return Err(Problem::Pax),
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => {
                let size = u64::try_from(number("size")?);
                self.size = Some(size.map_err(|_| Problem::Number { field: "size" })?);
            }
            b"uid" => self.uid = Some(number("user id")?),
            b"gid" => self.gid = Some(number("group id")?),
            b"mtime" => self.mtime = Some(timestamp(value).ok_or(Problem::Number { field: "mtime" })?),
            _ => {
                if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.record(key, value)?;
                }
            }
        }
        Ok(())
    }
}

/// Takes the first record off.
fn record(header: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    // More digits than this would be a record beyond every limit.
    let space = header.iter().take(12).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(&header[..space])?).ok()?;
    let record = header.get(space + 1..length)?;
    let record = record.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (&record[..equals], &record[equals + 1..]);
    (!key.is_empty() && !key.contains(&0)).then_some((key, value, &header[length..]))
}

fn xattr(name: Vec<u8>, value: Vec<u8>) -> Result<Xattr, Problem> {
    match name.is_empty() || name.contains(&0) {
        true => Err(Problem::Pax),
        false => Ok(Xattr { name: name.into(), value: value.into() }),
    }
}

/// A decimal number with an optional sign.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        let value = value.checked_mul(10)?;
        if negative { value.checked_sub(digit) } else { value.checked_add(digit) }
    })
}

/// Seconds with an optional fraction, of which nine digits count. The sign is of the whole: -0.5 is half a second
/// before 1970.
fn timestamp(text: &[u8]) -> Option<Timestamp> {
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &[][..]),
    };
    let mut nanos = 0;
    for place in 0..9 {
        let digit = fraction.get(place).copied().unwrap_or(b'0');
        nanos = nanos * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    if fraction.iter().any(|digit| !digit.is_ascii_digit()) {
        return None;
    }
    let seconds = decimal(whole)?;
    match whole.starts_with(b"-") && nanos > 0 {
        true => Some(Timestamp { seconds: seconds.checked_sub(1)?, nanos: 1_000_000_000 - nanos }),
        false => Some(Timestamp { seconds, nanos }),
    }
}

/// Undoes percent-encoding; a `%` without two hex digits stands for itself.
fn percent(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    while at < text.len() {
        match (text[at], hex(text.get(at + 1)), hex(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    bytes
}

/// Undoes base64, with or without padding.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for char in text.iter().filter(|char| !matches!(char, b'=' | b'\n')) {
        let value = match char {
            b'A'..=b'Z' => char - b'A',
            b'a'..=b'z' => char - b'a' + 26,
            b'0'..=b'9' => char - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn records_hold_any_bytes() {
        let mut header = b"30 mtime=1350244992.023960108\n".to_vec();
        header.extend_from_slice(b"28 SCHILY.xattr.user.a=\0\n=\xff\n");
        header.extend_from_slice(b"41 LIBARCHIVE.xattr.user%2Eb=aGVsbG8gIQo\n");
        header.extend_from_slice(b"11 path=\xe9x\n");
        let extensions = Extensions::parse(&header).expect("well-formed");
        assert_eq!(extensions.mtime, Some(Timestamp { seconds: 1_350_244_992, nanos: 23_960_108 }));
        assert_eq!(extensions.path.as_deref(), Some(&b"\xe9x"[..]));
        let xattrs: Vec<_> = extensions.xattrs.iter().map(|xattr| (&*xattr.name, &*xattr.value)).collect();
        assert_eq!(xattrs, [(&b"user.a"[..], &b"\0\n=\xff"[..]), (b"user.b", b"hello !\n")]);
    }

    #[test]
    fn malformed_records_are_refused() {
        let headers: [&[u8]; 9] = [
            b"7 a=b",
            b"6 a=b\n6",
            b"x a=b\n",
            b"5 ab\n",
            b"5 =b\n",
            b"999 a=b\n",
            b"0 a=b\n",
            b"-6 a=b\n",
            b"12 path=a\0b\n",
        ];
        for header in headers {
            assert!(Extensions::parse(header).is_err(), "{header:?}");
        }
    }

    #[test]
    fn times() {
        let cases = [
            ("0", 0, 0),
            ("1.5", 1, 500_000_000),
            ("1.0000000019", 1, 1),
            ("-1", -1, 0),
            ("-1.5", -2, 500_000_000),
            ("-0.25", -1, 750_000_000),
        ];
        for (text, seconds, nanos) in cases {
            assert_eq!(timestamp(text.as_bytes()), Some(Timestamp { seconds, nanos }), "{text}");
        }
        for text in ["", ".5", "1.x", "9223372036854775808", "-"] {
            assert_eq!(timestamp(text.as_bytes()), None, "{text}");
        }
    }
}
