//! The 512-byte header block of V7, ustar, GNU and star archives.
//!
//! ```text
//! 0 name 100 mode 108 uid 116 gid 124 size 136 mtime 148 checksum 156 type 157 link 257 magic 263 version 265
//! uname 297 gname 329 major 337 minor 345 prefix (ustar: to 500, star: to 476; GNU: atime, ctime, sparse map)
//! ```

use crate::read::Problem;

/// Bytes of a header, and what contents are padded to.
pub(crate) const BLOCK: usize = 512;

/// A header block whose checksum was right.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a>(&'a [u8; BLOCK]);

/// Which fields stand behind the link name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    V7,
    Ustar,
    Star,
    Gnu,
}

impl<'a> Block<'a> {
    /// Checks the checksum: the sum of all bytes with its own field as spaces. Old tars summed signed bytes.
    pub(crate) fn parse(bytes: &'a [u8; BLOCK]) -> Result<Self, Problem> {
        let actual = number(&bytes[148..156], "checksum")?;
        let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
        let field: u32 = bytes[148..156].iter().map(|byte| u32::from(*byte)).sum();
        let expected = i64::from(sum - field + 8 * 32);
        if actual == expected {
            return Ok(Self(bytes));
        }
        let high = |bytes: &[u8]| bytes.iter().filter(|byte| **byte >= 0x80).count() as i64;
        if actual == expected - 256 * (high(bytes) - high(&bytes[148..156])) {
            return Ok(Self(bytes));
        }
        Err(Problem::Checksum { actual: actual.cast_unsigned(), expected: expected.cast_unsigned() })
    }

    pub(crate) fn format(self) -> Format {
        match (&self.0[257..263], &self.0[263..265], &self.0[508..512]) {
            (b"ustar\0", _, b"tar\0") => Format::Star,
            (b"ustar\0", ..) => Format::Ustar,
            (b"ustar ", b" \0", _) => Format::Gnu,
            _ => Format::V7,
        }
    }

    pub(crate) fn type_flag(self) -> u8 {
        self.0[156]
    }

    pub(crate) fn size(self) -> Result<u64, Problem> {
        let size = number(&self.0[124..136], "size")?;
        u64::try_from(size).map_err(|_| Problem::Number { field: "size" })
    }

    pub(crate) fn mode(self) -> Result<u16, Problem> {
        Ok((number(&self.0[100..108], "mode")? & 0o7777) as u16)
    }

    pub(crate) fn uid(self) -> Result<i64, Problem> {
        number(&self.0[108..116], "user id")
    }

    pub(crate) fn gid(self) -> Result<i64, Problem> {
        number(&self.0[116..124], "group id")
    }

    pub(crate) fn mtime(self) -> Result<i64, Problem> {
        number(&self.0[136..148], "mtime")
    }

    /// Major and minor number; zeros in V7.
    pub(crate) fn device(self) -> Result<(i64, i64), Problem> {
        match self.format() {
            Format::V7 => Ok((0, 0)),
            _ => {
                Ok((number(&self.0[329..337], "device number")?, number(&self.0[337..345], "device number")?))
            }
        }
    }

    /// Appends the name with its prefix.
    pub(crate) fn name(self, name: &mut Vec<u8>) {
        let prefix = match self.format() {
            Format::V7 => &[][..],
            Format::Ustar => &self.0[345..500],
            Format::Star => &self.0[345..476],
            Format::Gnu => self.misplaced_prefix(),
        };
        let prefix = text(prefix);
        if !prefix.is_empty() {
            name.extend_from_slice(prefix);
            name.push(b'/');
        }
        name.extend_from_slice(text(&self.0[..100]));
    }

    pub(crate) fn link(self) -> &'a [u8] {
        text(&self.0[157..257])
    }

    /// GNU: the bytes of a sparse file with its holes, and its map: pairs of start and length, then a byte that says
    /// whether a block with more of them follows.
    pub(crate) fn sparse(self) -> Result<(u64, &'a [u8]), Problem> {
        let size = number(&self.0[483..495], "sparse size")?;
        let size = u64::try_from(size).map_err(|_| Problem::Sparse)?;
        Ok((size, &self.0[386..483]))
    }

    /// Early versions of Go wrote a prefix into GNU headers, where access and change times belong. Docker reads it.
    fn misplaced_prefix(self) -> &'a [u8] {
        if self.0[345] == 0 {
            return &[];
        }
        let times = number(&self.0[345..357], "atime").and(number(&self.0[357..369], "ctime"));
        match text(&self.0[345..500]) {
            prefix if times.is_err() && prefix.is_ascii() => prefix,
            _ => &[],
        }
    }
}

/// The bytes before the first zero.
pub(crate) fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    &field[..end]
}

/// A number: octal digits between spaces and zeros, or GNU's two's complement, big-endian, marked by the first bit.
pub(crate) fn number(bytes: &[u8], field: &'static str) -> Result<i64, Problem> {
    let wrong = Problem::Number { field };
    if bytes[0] & 0x80 != 0 {
        let negative = bytes[0] & 0x40 != 0;
        let first = if negative { bytes[0] | 0x80 } else { bytes[0] & 0x7f };
        let mut value = i128::from(first.cast_signed());
        for byte in &bytes[1..] {
            value = (value << 8) | i128::from(*byte);
        }
        return i64::try_from(value).map_err(|_| wrong);
    }
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let start = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
    let digits = text(&bytes[start..]).trim_ascii_end();
    let mut value: i64 = 0;
    for digit in digits {
        match digit {
            b'0'..=b'7' => value = value << 3 | i64::from(digit - b'0'),
            _ => return Err(wrong),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn numbers() {
        let cases: [(&[u8], Option<i64>); 12] = [
            (b"0000644\0", Some(0o644)),
            (b"    644 ", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"77777777", Some(0o77777777)),
            (b"64\09999", Some(0o64)),
            (b"0000648\0", None),
            (b"-0000001", None),
            (b"\x80\0\0\0\0\0\0\x01\0\0\0\0", Some(1 << 32)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Some(i64::MAX)),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
        ];
        for (bytes, value) in cases {
            assert_eq!(number(bytes, "size").ok(), value, "{bytes:?}");
        }
    }
}
