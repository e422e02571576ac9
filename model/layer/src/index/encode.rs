//! Index → bytes.
//!
//! ```text
//! encoding = "strata.layer" version count column* rare*
//! number   = LEB128, low bits first; signed numbers zigzag
//! ```
//! Each column is written whole before the next, so that like stands by like. A name is written as the bytes it
//! shares with the entry before and the rest; a number that often repeats as a difference to the entry before.

use super::{Flags, LayerIndex, Rare};
use crate::Kind;

/// Stands at the start.
pub(super) const MAGIC: &[u8; 12] = b"strata.layer";
/// Stands after the magic; changes whenever the encoding does.
pub(super) const VERSION: u8 = 1;

impl LayerIndex {
    /// A compact encoding of it. The same index always gives the same bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(self.len() * 40 + self.names.len()));
        out.0.extend_from_slice(MAGIC);
        out.0.push(VERSION);
        out.number(self.len() as u64);
        self.encode_tree(&mut out);
        self.encode_columns(&mut out);
        out.rare(&self.symlinks, |out, target| out.bytes(target));
        out.rare(&self.hardlinks, |out, target| out.number(u64::from(*target)));
        out.rare(&self.devices, |out, device| {
            out.number(u64::from(device.major));
            out.number(u64::from(device.minor));
        });
        out.rare(&self.xattrs, |out, set| out.number(u64::from(*set)));
        out.number(self.xattr_table.len() as u64);
        for set in &self.xattr_table {
            out.number(set.len() as u64);
            for xattr in set {
                out.bytes(&xattr.name);
                out.bytes(&xattr.value);
            }
        }
        out.rare(&self.claimed, |out, size| out.number(*size));
        out.number(self.leftovers.len() as u64);
        for leftover in &self.leftovers {
            out.bytes(&leftover.path);
            out.number(leftover.size);
            out.0.push(u8::from(leftover.directory) | u8::from(leftover.listed) << 1);
        }
        out.number(self.totals.claimed);
        out.0
    }

    /// Depths, flags and names: enough to put the tree together.
    fn encode_tree(&self, out: &mut Writer) {
        for depth in &self.depths[1..] {
            out.number(u64::from(*depth));
        }
        out.0.extend(self.flags.iter().map(|flags| flags.byte()));
        let mut before: &[u8] = &[];
        for id in 1..self.len() as u32 {
            let name = self.name(id);
            let shared = before.iter().zip(name).take_while(|(a, b)| a == b).count();
            out.0.push(shared as u8);
            out.0.push((name.len() - shared) as u8);
            out.0.extend_from_slice(&name[shared..]);
            before = name;
        }
    }

    /// What hard links and whiteouts lack is not written for them, what only files have only for files.
    fn encode_columns(&self, out: &mut Writer) {
        let inodes = || (0..self.len()).filter(|id| has_inode(self.flags[*id]));
        let contents =
            || (0..self.len()).filter(|id| self.flags[*id].kind() == Kind::File && self.sizes[*id] > 0);
        inodes().for_each(|id| out.number(u64::from(self.modes[id])));
        out.number(self.owner_table.len() as u64);
        for (uid, gid) in &self.owner_table {
            out.number(u64::from(*uid));
            out.number(u64::from(*gid));
        }
        inodes().for_each(|id| out.number(u64::from(self.owners[id])));
        let mut before = 0;
        for id in (0..self.len()).filter(|id| self.flags[*id].kind() != Kind::Hardlink) {
            out.signed(self.seconds[id].wrapping_sub(before));
            before = self.seconds[id];
        }
        out.0.push(u8::from(!self.nanos.is_empty()));
        if !self.nanos.is_empty() {
            (0..self.len()).for_each(|id| out.number(u64::from(self.nanos[id])));
        }
        let files = (0..self.len()).filter(|id| self.flags[*id].kind() == Kind::File);
        files.for_each(|id| out.number(self.sizes[id]));
        contents().for_each(|id| out.0.extend_from_slice(&self.hashes[id].to_le_bytes()));
        let mut expected = 0;
        for id in contents() {
            let distance = self.offsets[id].wrapping_sub(expected).cast_signed();
            out.signed(distance);
            next_offset(&mut expected, distance, self.sizes[id]);
        }
    }
}

/// A content's offset from its distance to where it was expected: after the content before and one header.
pub(super) fn next_offset(expected: &mut u64, distance: i64, size: u64) -> u64 {
    let offset = expected.wrapping_add_signed(distance);
    *expected = offset.wrapping_add(size.div_ceil(512) * 512).wrapping_add(512);
    offset
}

/// Whether an entry has a mode and an owner of its own.
pub(super) fn has_inode(flags: Flags) -> bool {
    !matches!(flags.kind(), Kind::Hardlink | Kind::Whiteout)
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63).cast_unsigned());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Values with the distances between their entries.
    fn rare<T>(&mut self, rare: &Rare<T>, mut write: impl FnMut(&mut Self, &T)) {
        self.number(rare.ids.len() as u64);
        let mut before = 0;
        for (id, value) in rare.ids.iter().zip(&rare.values) {
            self.number(u64::from(id - before));
            before = *id;
            write(self, value);
        }
    }
}
