//! The 512-byte header block.

use crate::{Entry, Format, Kind};

/// Bytes of a tar block.
pub(crate) const BLOCK: usize = 512;

const NAME: usize = 100;
const PREFIX: usize = 155;

/// A header block that is being filled in.
pub(crate) struct Header(pub(crate) [u8; BLOCK]);

impl Header {
    /// A header of the given type with GNU or ustar magic.
    pub(crate) fn new(type_flag: u8, format: Format) -> Self {
        let mut block = [0; BLOCK];
        block[156] = type_flag;
        let magic = if format == Format::Gnu { b"ustar  \0" } else { b"ustar\x0000" };
        block[257..265].copy_from_slice(magic);
        Self(block)
    }

    /// Writes the name, over prefix and name if it must; what doesn't fit is cut off (a record carries it).
    pub(crate) fn name(&mut self, path: &[u8], format: Format) {
        match split(path).filter(|_| format != Format::Gnu) {
            Some((prefix, name)) => {
                self.bytes(345, prefix);
                self.bytes(0, name);
            }
            None => self.bytes(0, &path[..path.len().min(NAME)]),
        }
    }

    /// Copies a field; the caller knows that it fits.
    pub(crate) fn bytes(&mut self, at: usize, value: &[u8]) {
        self.0[at..at + value.len()].copy_from_slice(value);
    }

    /// A number in octal with a closing NUL, or in base 256 where it doesn't fit.
    pub(crate) fn number(&mut self, at: usize, width: usize, value: i128) {
        let field = &mut self.0[at..at + width];
        if fits_octal(width, value) {
            let digits = format!("{value:0>digits$o}", digits = width - 1);
            field[..width - 1].copy_from_slice(digits.as_bytes());
            return;
        }
        let bytes = value.to_be_bytes();
        field.copy_from_slice(&bytes[bytes.len() - width..]);
        field[0] = if value < 0 { 0xff } else { 0x80 };
    }

    /// Sets the checksum and gives the block.
    pub(crate) fn seal(mut self) -> [u8; BLOCK] {
        self.0[148..156].fill(b' ');
        let sum: u32 = self.0.iter().map(|byte| u32::from(*byte)).sum();
        let digits = format!("{sum:06o}\0 ");
        self.bytes(148, digits.as_bytes());
        self.0
    }
}

/// Whether `value` can be written in octal in a field of `width` bytes.
pub(crate) fn fits_octal(width: usize, value: i128) -> bool {
    (0..1i128 << (3 * (width - 1))).contains(&value)
}

/// Whether `path` fits in name and prefix.
pub(crate) fn fits_ustar(path: &[u8]) -> bool {
    path.len() <= NAME || split(path).is_some()
}

/// Whether `target` fits in the link name.
pub(crate) fn fits_link(target: &[u8]) -> bool {
    target.len() <= NAME
}

/// Splits a long path at a slash so that prefix and name fit; `None` if it is short or can't be split.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME || path.len() > PREFIX + 1 + NAME {
        return None;
    }
    let slash = |at: &usize| path[*at] == b'/' && *at <= PREFIX && *at + 1 < path.len();
    let at = (path.len() - 1 - NAME..path.len()).find(slash)?;
    Some((&path[..at], &path[at + 1..]))
}

/// The type flag of an entry.
pub(crate) fn type_flag(kind: &Kind) -> u8 {
    match kind {
        Kind::File(_) => b'0',
        Kind::Sparse { form: crate::SparseForm::Gnu, .. } => b'S',
        Kind::Sparse { .. } => b'0',
        Kind::Hardlink(_) => b'1',
        Kind::Symlink(_) => b'2',
        Kind::CharDevice(..) => b'3',
        Kind::BlockDevice(..) => b'4',
        Kind::Directory => b'5',
        Kind::Fifo => b'6',
        Kind::Other(flag, _) => *flag,
    }
}

/// The header of `entry` with `size` bytes of content in the archive, not yet sealed.
pub(crate) fn of_entry(entry: &Entry, size: u64) -> Header {
    let mut header = Header::new(type_flag(&entry.kind), entry.format);
    header.name(&entry.path, entry.format);
    header.number(100, 8, i128::from(entry.mode));
    header.number(108, 8, i128::from(entry.uid));
    header.number(116, 8, i128::from(entry.gid));
    header.number(124, 12, i128::from(size));
    header.number(136, 12, i128::from(entry.mtime.0));
    header.bytes(265, entry.names.0.as_bytes());
    header.bytes(297, entry.names.1.as_bytes());
    match &entry.kind {
        Kind::Symlink(target) | Kind::Hardlink(target) => {
            header.bytes(157, &target[..target.len().min(NAME)])
        }
        Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
            header.number(329, 8, i128::from(*major));
            header.number(337, 8, i128::from(*minor));
        }
        _ => {}
    }
    header
}
