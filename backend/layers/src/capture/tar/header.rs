//! The 512 bytes before each member.

use super::{BLOCK, Member, Type, pax::Records};

const NAME: usize = 100;
const PREFIX: usize = 155;
/// The largest number in a field of 8 bytes, and in one of 12.
const OCTAL_7: u64 = 0o7_777_777;
const OCTAL_11: u64 = 0o77_777_777_777;

pub(super) struct Header([u8; BLOCK as usize]);

impl Header {
    /// The header of a member that is stored as `name` with `size` bytes. What does not fit goes to the records.
    pub(super) fn of(member: &Member<'_>, name: &[u8], size: u64, records: &mut Records) -> Self {
        let flag = match member.kind {
            Type::File => b'0',
            Type::Hardlink => b'1',
            Type::Symlink => b'2',
            Type::CharDevice => b'3',
            Type::BlockDevice => b'4',
            Type::Directory => b'5',
            Type::Fifo => b'6',
        };
        let mut header = Self::new(flag, member.mode);
        let mut name = name.to_vec();
        if member.kind == Type::Directory {
            name.push(b'/');
        }
        // A sparse file's real name is in a record already.
        if !header.name(&name) && !records.has_sparse_name() {
            records.add_name("path", &name);
        }
        header.number(108, 8, u64::from(member.uid), OCTAL_7, "uid", records);
        header.number(116, 8, u64::from(member.gid), OCTAL_7, "gid", records);
        header.number(124, 12, size, OCTAL_11, "size", records);
        let seconds = u64::try_from(member.mtime.tv_sec).unwrap_or(0);
        let plain = member.mtime.tv_nsec == 0 && (0..=OCTAL_11 as i64).contains(&member.mtime.tv_sec);
        header.octal(136, 12, seconds.min(OCTAL_11));
        if !plain {
            records.add_time("mtime", member.mtime);
        }
        if member.link.len() <= NAME {
            header.bytes(157, member.link);
        } else {
            header.bytes(157, &member.link[..NAME]);
            records.add_name("linkpath", member.link);
        }
        header.octal(329, 8, u64::from(member.device.0));
        header.octal(337, 8, u64::from(member.device.1));
        for xattr in member.xattrs {
            records.add_xattr(xattr);
        }
        header
    }

    /// The header of the records that belong to the member `name`.
    pub(super) fn extended(name: &[u8], size: u64) -> Self {
        let mut header = Self::new(b'x', 0o644);
        let base = name.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty()).unwrap_or_default();
        let mut shown = [b"PaxHeaders.0/", base].concat();
        shown.truncate(NAME);
        header.bytes(0, &shown);
        for (at, width) in [(108, 8), (116, 8), (136, 12), (329, 8), (337, 8)] {
            header.octal(at, width, 0);
        }
        header.octal(124, 12, size);
        header
    }

    pub(super) fn seal(mut self) -> [u8; BLOCK as usize] {
        self.0[148..156].fill(b' ');
        let sum: u32 = self.0.iter().map(|byte| u32::from(*byte)).sum();
        let digits = format!("{sum:06o}\0 ");
        self.bytes(148, digits.as_bytes());
        self.0
    }

    fn new(flag: u8, mode: u32) -> Self {
        let mut header = Self([0; BLOCK as usize]);
        header.0[156] = flag;
        header.bytes(257, b"ustar\x0000");
        header.octal(100, 8, u64::from(mode & 0o7777));
        header
    }

    /// Writes the name, over prefix and name if it must. `false` if it does not fit; then what does is there.
    fn name(&mut self, name: &[u8]) -> bool {
        if name.len() <= NAME {
            self.bytes(0, name);
            return true;
        }
        let slashes = (0..name.len().min(PREFIX + 1)).rev().filter(|at| name[*at] == b'/');
        for at in slashes {
            let (prefix, rest) = (&name[..at], &name[at + 1..]);
            if !prefix.is_empty() && !rest.is_empty() && rest.len() <= NAME {
                self.bytes(345, prefix);
                self.bytes(0, rest);
                return true;
            }
        }
        self.bytes(0, &name[..NAME]);
        false
    }

    fn number(&mut self, at: usize, width: usize, value: u64, most: u64, key: &str, records: &mut Records) {
        self.octal(at, width, value.min(most));
        if value > most {
            records.add(key, value.to_string().as_bytes());
        }
    }

    fn octal(&mut self, at: usize, width: usize, value: u64) {
        let digits = format!("{value:0>digits$o}", digits = width - 1);
        self.bytes(at, digits.as_bytes());
    }

    fn bytes(&mut self, at: usize, value: &[u8]) {
        self.0[at..at + value.len()].copy_from_slice(value);
    }
}
