//! The maps of sparse files: where in the file the bytes in the archive belong.
//!
//! | format | where the map stands |
//! | --- | --- |
//! | old GNU | type `S`: four pairs in the header block, 21 in each block after it |
//! | PAX 0.0 | a `GNU.sparse.offset` and a `GNU.sparse.numbytes` record for each pair |
//! | PAX 0.1 | one `GNU.sparse.map` record, numbers between commas |
//! | PAX 1.0 | before the content: how many pairs, then the numbers, a line each, padded to a block |

use super::{block, pax::decimal};
use crate::{Segment, read::Problem};

/// What the records of a PAX header say of a sparse file.
#[derive(Debug, Default)]
pub(super) struct Declared {
    major: Option<i64>,
    minor: Option<i64>,
    name: Option<Vec<u8>>,
    size: Option<i64>,
    blocks: Option<i64>,
    numbers: Vec<i64>,
    mapped: bool,
}

/// Which PAX format, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// No sparse file.
    None,
    /// 0.0 or 0.1: the map is in the records.
    InHeader,
    /// 1.0: the map is in front of the content.
    InContent,
}

impl Declared {
    /// Takes a record whose key starts with `GNU.sparse.`, here without it.
    pub(super) fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Problem> {
        let number = || decimal(value).ok_or(Problem::Sparse);
        match key {
            b"major" => self.major = Some(number()?),
            b"minor" => self.minor = Some(number()?),
            b"name" if value.contains(&0) => return Err(Problem::Pax),
            b"name" => self.name = Some(value.to_vec()),
            b"size" | b"realsize" => self.size = Some(number()?),
            b"numblocks" => self.blocks = Some(number()?),
            b"offset" | b"numbytes" => {
                let pending = self.numbers.len() % 2 == 1;
                if pending != (key == b"numbytes") {
                    return Err(Problem::Sparse);
                }
                self.numbers.push(number()?);
                self.mapped = true;
            }
            b"map" => {
                let numbers = value.split(|byte| *byte == b',').map(decimal);
                self.numbers = numbers.collect::<Option<_>>().ok_or(Problem::Sparse)?;
                self.mapped = true;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn version(&self) -> Version {
        match (self.major, self.minor) {
            (Some(0), Some(0 | 1)) => Version::InHeader,
            (Some(1), Some(0)) => Version::InContent,
            (None, None) if self.mapped => Version::InHeader,
            _ => Version::None,
        }
    }

    /// The file's name; the one in the header block is made up.
    pub(super) fn take_name(&mut self) -> Option<Vec<u8>> {
        self.name.take()
    }

    /// The file's size with its holes.
    pub(super) fn size(&self) -> Result<Option<u64>, Problem> {
        self.size.map(|size| u64::try_from(size).map_err(|_| Problem::Sparse)).transpose()
    }

    /// The map of the formats that have it in the header.
    pub(super) fn segments(&self) -> Result<Vec<Segment>, Problem> {
        if self.blocks.unwrap_or(0).checked_mul(2) != i64::try_from(self.numbers.len()).ok() {
            return Err(Problem::Sparse);
        }
        pairs(&self.numbers)
    }
}

/// Offset and length by turns.
fn pairs(numbers: &[i64]) -> Result<Vec<Segment>, Problem> {
    numbers.as_chunks::<2>().0.iter().map(|[offset, length]| segment(*offset, *length)).collect()
}

/// Appends the pairs of an old GNU map, which ends at the first blank pair.
pub(super) fn old_gnu(pairs: &[u8], segments: &mut Vec<Segment>) -> Result<(), Problem> {
    for pair in pairs.as_chunks::<24>().0 {
        if pair[0] == 0 {
            break;
        }
        let number = |field| block::number(field, "sparse map").map_err(|_| Problem::Sparse);
        segments.push(segment(number(&pair[..12])?, number(&pair[12..])?)?);
    }
    Ok(())
}

/// Reads a format 1.0 map block by block.
#[derive(Default)]
pub(super) struct Lines {
    expected: Option<usize>,
    digits: Vec<u8>,
    numbers: Vec<i64>,
}

impl Lines {
    /// Takes the next block; the map, once it is whole.
    pub(super) fn block(&mut self, block: &[u8]) -> Result<Option<Vec<Segment>>, Problem> {
        for byte in block {
            if *byte != b'\n' {
                self.digits.push(*byte);
                if self.digits.len() > 20 {
                    return Err(Problem::Sparse);
                }
                continue;
            }
            let number = decimal(&self.digits).ok_or(Problem::Sparse)?;
            self.digits.clear();
            match self.expected {
                None => {
                    let pairs = usize::try_from(number).map_err(|_| Problem::Sparse)?;
                    self.expected = Some(pairs.checked_mul(2).ok_or(Problem::Sparse)?);
                }
                Some(_) => self.numbers.push(number),
            }
            if self.expected == Some(self.numbers.len()) {
                return pairs(&self.numbers).map(Some);
            }
        }
        Ok(None)
    }
}

/// Checks that the segments are in order, within the file, and as long as the archive's content. Empty ones go.
pub(super) fn checked(segments: Vec<Segment>, size: u64, stored: u64) -> Result<Box<[Segment]>, Problem> {
    let (mut end, mut sum) = (0, 0);
    for segment in &segments {
        if segment.start < end {
            return Err(Problem::Sparse);
        }
        end = segment.start + segment.len;
        sum += segment.len;
    }
    if end > size || sum != stored {
        return Err(Problem::Sparse);
    }
    Ok(segments.into_iter().filter(|segment| segment.len > 0).collect())
}

/// A pair whose numbers are positive and whose end is one too.
fn segment(start: i64, len: i64) -> Result<Segment, Problem> {
    match (u64::try_from(start), u64::try_from(len), start.checked_add(len)) {
        (Ok(start), Ok(len), Some(_)) => Ok(Segment { start, len }),
        _ => Err(Problem::Sparse),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn map(pairs: &[(u64, u64)]) -> Vec<Segment> {
        pairs.iter().map(|(start, len)| Segment { start: *start, len: *len }).collect()
    }

    #[test]
    fn maps_are_checked() {
        assert_eq!(checked(map(&[(1, 2), (5, 0)]), 5, 2), Ok(map(&[(1, 2)]).into()));
        assert_eq!(checked(map(&[]), 5, 0), Ok(map(&[]).into()));
        for (pairs, size, stored) in
            [(&[(0, 2), (1, 2)][..], 9, 4), (&[(4, 2)], 5, 2), (&[(0, 2)], 5, 3), (&[(3, 1), (0, 1)], 9, 2)]
        {
            assert_eq!(checked(map(pairs), size, stored), Err(Problem::Sparse), "{pairs:?}");
        }
    }

    #[test]
    fn lines_may_cross_blocks() {
        let mut lines = Lines::default();
        assert_eq!(lines.block(b"2\n0\n3\n1"), Ok(None));
        assert_eq!(lines.block(b"00\n4\n\0\0\0"), Ok(Some(map(&[(0, 3), (100, 4)]))));
        assert_eq!(Lines::default().block(b"0\n\0"), Ok(Some(vec![])));
        assert_eq!(Lines::default().block(b"-1\n"), Err(Problem::Sparse));
        assert_eq!(Lines::default().block(&[b'1'; 512]), Err(Problem::Sparse));
    }

    #[test]
    fn header_maps_come_whole_or_in_pairs() {
        let mut whole = Declared::default();
        for (key, value) in [(&b"numblocks"[..], &b"2"[..]), (b"map", b"0,1,5,2"), (b"size", b"9")] {
            whole.record(key, value).expect("well-formed");
        }
        assert_eq!(whole.version(), Version::InHeader);
        assert_eq!(whole.segments(), Ok(map(&[(0, 1), (5, 2)])));
        let mut pairs = Declared::default();
        for (key, value) in [(&b"numblocks"[..], &b"1"[..]), (b"offset", b"5"), (b"numbytes", b"2")] {
            pairs.record(key, value).expect("well-formed");
        }
        assert_eq!(pairs.segments(), Ok(map(&[(5, 2)])));
        assert_eq!(pairs.record(b"numbytes", b"2"), Err(Problem::Sparse));
    }
}
