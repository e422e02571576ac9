//! The `Range` header (RFC 9110), one range at a time.

/// What a request wants of `size` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Everything: no range, one we don't understand, or several.
    Whole,
    /// A part.
    Part(Part),
    /// A part that isn't there: 416.
    Unsatisfiable,
}

/// A part of some bytes; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first byte.
    pub start: u64,
    /// How many.
    pub length: u64,
}

impl Range {
    /// Reads the header's value. Units other than bytes, several ranges and nonsense mean the whole, as RFC 9110
    /// lets a server decide.
    pub fn parse(header: Option<&str>, size: u64) -> Self {
        let Some(ranges) = header.and_then(|value| value.trim().strip_prefix("bytes=")) else {
            return Self::Whole;
        };
        let Some((first, last)) = ranges.split_once('-') else { return Self::Whole };
        match (number(first), number(last)) {
            (None, Some(0)) => Self::Unsatisfiable,
            (None, Some(suffix)) if first.trim().is_empty() => {
                Self::part(size.saturating_sub(suffix), size, size)
            }
            (Some(start), None) if last.trim().is_empty() => Self::part(start, size, size),
            (Some(start), Some(last)) if start <= last => Self::part(start, last.saturating_add(1), size),
            _ => Self::Whole,
        }
    }

    fn part(start: u64, end: u64, size: u64) -> Self {
        let end = end.min(size);
        if start < end { Self::Part(Part { start, length: end - start }) } else { Self::Unsatisfiable }
    }
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // A number too big for u64 is beyond every file.
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_or_the_whole() {
        let part = |start, length| Range::Part(Part { start, length });
        let cases = [
            (None, Range::Whole),
            (Some("bytes=0-0"), part(0, 1)),
            (Some("bytes=0-"), part(0, 10)),
            (Some("bytes=9-"), part(9, 1)),
            (Some("bytes=2-5"), part(2, 4)),
            (Some("bytes=2-99"), part(2, 8)),
            (Some("bytes=2-99999999999999999999999"), part(2, 8)),
            (Some("bytes=-3"), part(7, 3)),
            (Some("bytes=-99"), part(0, 10)),
            (Some("bytes= 2 - 5 "), part(2, 4)),
            (Some("bytes=10-"), Range::Unsatisfiable),
            (Some("bytes=10-11"), Range::Unsatisfiable),
            (Some("bytes=-0"), Range::Unsatisfiable),
            (Some("bytes=5-2"), Range::Whole),
            (Some("bytes=0-1,3-4"), Range::Whole),
            (Some("bytes=-"), Range::Whole),
            (Some("bytes=a-b"), Range::Whole),
            (Some("bytes=+1-2"), Range::Whole),
            (Some("items=0-1"), Range::Whole),
            (Some("bytes="), Range::Whole),
        ];
        for (header, expected) in cases {
            assert_eq!(Range::parse(header, 10), expected, "{header:?}");
        }
        assert_eq!(Range::parse(Some("bytes=0-"), 0), Range::Unsatisfiable);
        assert_eq!(Range::parse(Some("bytes=-5"), 0), Range::Unsatisfiable);
    }
}
