//! A file's bytes as rows of a hex view, and which pages of it are needed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Bytes in a row.
pub const ROW: u64 = 16;
/// Bytes fetched at once.
pub const PAGE: u64 = 64 * 1024;
/// Pages kept; the ones farthest from what is seen go first.
const KEPT: usize = 64;

/// The pages of a file that are here.
#[derive(Debug, Default)]
pub struct Pages {
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Pages {
    /// Keeps a page.
    pub fn put(&mut self, page: u64, bytes: Vec<u8>) {
        self.pages.insert(page, bytes);
        while self.pages.len() > KEPT {
            let farthest =
                self.pages.keys().copied().max_by_key(|kept| kept.abs_diff(page)).expect("not empty");
            self.pages.remove(&farthest);
        }
    }

    /// The pages that rows `first..last` need and that aren't here.
    pub fn missing(&self, first: u64, last: u64) -> Vec<u64> {
        let pages = first * ROW / PAGE..=(last * ROW).saturating_sub(1) / PAGE;
        pages.filter(|page| !self.pages.contains_key(page)).collect()
    }

    /// The bytes of row `row`; `None` if its page isn't here.
    pub fn row(&self, row: u64) -> Option<&[u8]> {
        let at = row * ROW;
        let page = self.pages.get(&(at / PAGE))?;
        let start = ((at % PAGE) as usize).min(page.len());
        Some(&page[start..(start + ROW as usize).min(page.len())])
    }
}

/// `00000010`: the offset of a row, wide enough for `size`.
pub fn offset(row: u64, size: u64) -> String {
    let digits = if size > u64::from(u32::MAX) { 12 } else { 8 };
    format!("{:0digits$x}", row * ROW)
}

/// `7f 45 4c 46  02 …`, two groups of eight, padded to full width.
pub fn digits(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(50);
    for at in 0..ROW as usize {
        if at == ROW as usize / 2 {
            text.push(' ');
        }
        match bytes.get(at) {
            Some(byte) => write!(text, "{byte:02x} ").expect("a String takes every write"),
            None => text.push_str("   "),
        }
    }
    text
}

/// The bytes as ASCII, `·` for all else.
pub fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if (0x20..0x7f).contains(b) { char::from(*b) } else { '·' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_from_their_page() {
        let mut pages = Pages::default();
        pages.put(1, vec![7; 20]);
        assert_eq!(pages.row(0), None);
        assert_eq!(pages.row(PAGE / ROW), Some(&[7; 16][..]));
        assert_eq!(pages.row(PAGE / ROW + 1), Some(&[7; 4][..]));
        assert_eq!(pages.row(PAGE / ROW + 2), Some(&[][..]));
        assert_eq!(pages.missing(0, PAGE / ROW), [0]);
        assert_eq!(pages.missing(PAGE / ROW - 1, PAGE / ROW + 40), [0]);
        assert_eq!(pages.missing(2 * PAGE / ROW, 2 * PAGE / ROW + 1), [2]);
    }

    #[test]
    fn few_pages_are_kept() {
        let mut pages = Pages::default();
        (0..200).for_each(|page| pages.put(page, vec![0]));
        assert_eq!(pages.pages.len(), KEPT);
        assert!(pages.pages.contains_key(&199) && !pages.pages.contains_key(&0));
    }

    #[test]
    fn prints_as_hexdump_does() {
        assert_eq!(digits(b"\x7fELF"), format!("7f 45 4c 46 {}", " ".repeat(37)));
        assert_eq!(digits(&[0; 16]).len(), digits(&[]).len());
        assert_eq!(ascii(b"\x7fELF\n"), "·ELF·");
        assert_eq!((offset(1, 100).as_str(), offset(1, 1 << 33).as_str()), ("00000010", "000000000010"));
    }
}
