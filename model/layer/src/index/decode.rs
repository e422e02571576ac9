//! Bytes → index.
//!
//! Nothing is allocated that the bytes at hand do not pay for: every entry takes at least four bytes of input, and
//! every count is checked against what is left before memory is asked for.

use thiserror::Error;

use super::{
    EntryId, Flags, LayerIndex, Leftover, Rare,
    encode::{MAGIC, VERSION, has_inode, next_offset},
};
use crate::{Device, Kind, MAX_COMPONENT, Xattr};

/// Why bytes are not the encoding of an index.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// They start differently.
    #[error("not a layer index")]
    Magic,
    /// An encoding of another version of this program.
    #[error("a layer index of version {0}: expected {VERSION}")]
    Version(u8),
    /// They end too early.
    #[error("the layer index is truncated")]
    Truncated,
    /// Something is out of range, out of order or left over.
    #[error("the layer index is malformed: {0}")]
    Malformed(&'static str),
}

use DecodeError::Malformed;

impl LayerIndex {
    /// The index that [`LayerIndex::encode`] was given. Any bytes are safe to try.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(DecodeError::Magic)?;
        let mut input = Reader(rest);
        match input.byte()? {
            VERSION => {}
            other => return Err(DecodeError::Version(other)),
        }
        let count = input.count(1)?;
        if count == 0 || u32::try_from(count).is_err() {
            return Err(Malformed("number of entries"));
        }
        let mut index = Self::default();
        index.decode_tree(&mut input, count)?;
        index.decode_columns(&mut input, count)?;
        index.decode_links(&mut input)?;
        index.decode_xattrs(&mut input)?;
        let real = |index: &Self, id: EntryId| index.flags[id as usize].kind() != Kind::Whiteout;
        index.claimed = input.rare(&index, real, Reader::number)?;
        index.decode_leftovers(&mut input)?;
        index.measure();
        index.totals.claimed = input.number()?;
        match input.0 {
            [] => Ok(index),
            _ => Err(Malformed("bytes after the end")),
        }
    }

    fn decode_tree(&mut self, input: &mut Reader<'_>, count: usize) -> Result<(), DecodeError> {
        self.depths = Vec::with_capacity(count);
        self.parents = Vec::with_capacity(count);
        self.depths.push(0);
        self.parents.push(0);
        // The last entry at each depth of the path to the entry at hand.
        let mut path: Vec<EntryId> = vec![0];
        for id in 1..count {
            let depth = input.number()? as usize;
            if depth == 0 || depth > path.len() || depth > usize::from(u16::MAX) {
                return Err(Malformed("depth"));
            }
            path.truncate(depth);
            self.parents.push(path[depth - 1]);
            self.depths.push(depth as u16);
            path.push(id as EntryId);
        }
        let flags = input.take(count)?.iter().map(|byte| Flags::from_byte(*byte));
        self.flags = flags.collect::<Option<_>>().ok_or(Malformed("flags"))?;
        let mut parents = self.parents.iter().map(|parent| self.flags[*parent as usize].kind());
        if parents.any(|kind| kind != Kind::Directory) {
            return Err(Malformed("a parent that is not a directory"));
        }
        self.decode_names(input, count)
    }

    fn decode_names(&mut self, input: &mut Reader<'_>, count: usize) -> Result<(), DecodeError> {
        self.name_ends = Vec::with_capacity(count);
        self.names = Vec::with_capacity(input.0.len().min(count * 16));
        self.name_ends.push(0);
        let mut before = 0..0;
        // The last entry at each depth of the path so far; 0 where there is none yet.
        let mut siblings: Vec<EntryId> = vec![0; 2];
        for id in 1..count {
            let [shared, len] = *input.array::<2>()?;
            let (shared, len) = (usize::from(shared), usize::from(len));
            let rest = input.take(len)?;
            if shared > before.len() || !(1..=MAX_COMPONENT).contains(&(shared + len)) {
                return Err(Malformed("length of a name"));
            }
            if rest.iter().any(|byte| matches!(byte, 0 | b'/')) {
                return Err(Malformed("name"));
            }
            let start = self.names.len();
            self.names.extend_from_within(before.start..before.start + shared);
            self.names.extend_from_slice(rest);
            before = start..self.names.len();
            self.name_ends.push(u32::try_from(before.end).map_err(|_| Malformed("length of all names"))?);
            let name = &self.names[before.clone()];
            if matches!(name, b"." | b"..") {
                return Err(Malformed("name"));
            }
            let depth = usize::from(self.depths[id]);
            siblings.truncate(depth + 1);
            if siblings[depth] != 0 && self.name(siblings[depth]) >= name {
                return Err(Malformed("order of names"));
            }
            siblings[depth] = id as EntryId;
            siblings.push(0);
        }
        Ok(())
    }

    fn decode_columns(&mut self, input: &mut Reader<'_>, count: usize) -> Result<(), DecodeError> {
        let flags = std::mem::take(&mut self.flags);
        self.modes = Vec::with_capacity(count);
        for flags in &flags {
            let mode = if has_inode(*flags) { input.number()? } else { 0 };
            self.modes
                .push(u16::try_from(mode).ok().filter(|mode| *mode <= 0o7777).ok_or(Malformed("mode"))?);
        }
        let owners = input.count(2)?;
        self.owner_table = Vec::with_capacity(owners);
        for _ in 0..owners {
            self.owner_table.push((input.small()?, input.small()?));
        }
        self.owners = Vec::with_capacity(count);
        for flags in &flags {
            let owner = if has_inode(*flags) { input.small()? } else { 0 };
            if owner as usize >= owners {
                return Err(Malformed("owner"));
            }
            self.owners.push(owner);
        }
        self.seconds = Vec::with_capacity(count);
        let mut before = 0_i64;
        for flags in &flags {
            if flags.kind() == Kind::Hardlink {
                self.seconds.push(0);
                continue;
            }
            before = before.wrapping_add(input.signed()?);
            self.seconds.push(before);
        }
        match input.byte()? {
            0 => {}
            1 => {
                self.nanos = Vec::with_capacity(count);
                for _ in 0..count {
                    let nanos = input.small()?;
                    self.nanos.push(if nanos < 1_000_000_000 {
                        nanos
                    } else {
                        return Err(Malformed("nanoseconds"));
                    });
                }
            }
            _ => return Err(Malformed("nanoseconds")),
        }
        self.decode_contents(input, &flags)?;
        self.flags = flags;
        Ok(())
    }

    fn decode_contents(&mut self, input: &mut Reader<'_>, flags: &[Flags]) -> Result<(), DecodeError> {
        self.sizes = Vec::with_capacity(flags.len());
        let (mut sum, mut contents) = (0_u64, 0);
        for flags in flags {
            let size = if flags.kind() == Kind::File { input.number()? } else { 0 };
            sum = sum
                .checked_add(size)
                .filter(|sum| *sum <= i64::MAX.cast_unsigned())
                .ok_or(Malformed("size"))?;
            contents += usize::from(size > 0);
            self.sizes.push(size);
        }
        let hashes = input.take(contents.checked_mul(16).ok_or(DecodeError::Truncated)?)?;
        let mut hashes = hashes.as_chunks::<16>().0.iter();
        self.hashes = Vec::with_capacity(flags.len());
        for size in &self.sizes {
            let hash = if *size > 0 { hashes.next() } else { None };
            self.hashes.push(hash.map_or(0, |hash| u128::from_le_bytes(*hash)));
        }
        self.offsets = Vec::with_capacity(flags.len());
        let mut expected = 0;
        for size in &self.sizes {
            let offset = if *size > 0 { next_offset(&mut expected, input.signed()?, *size) } else { 0 };
            self.offsets.push(offset);
        }
        Ok(())
    }

    fn decode_links(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let kind = |index: &Self, id: EntryId| index.flags[id as usize].kind();
        let symlink = |index: &Self, id| kind(index, id) == Kind::Symlink;
        self.symlinks = input.rare(self, symlink, |input| input.bytes().map(Box::from))?;
        let hardlink = |index: &Self, id| kind(index, id) == Kind::Hardlink;
        self.hardlinks = input.rare(self, hardlink, Reader::small)?;
        for target in &self.hardlinks.values {
            let target = self.flags.get(*target as usize).map(|flags| flags.kind());
            if matches!(target, None | Some(Kind::Directory | Kind::Hardlink | Kind::Whiteout)) {
                return Err(Malformed("target of a hard link"));
            }
        }
        let device = |index: &Self, id| matches!(kind(index, id), Kind::CharDevice | Kind::BlockDevice);
        self.devices =
            input.rare(self, device, |input| Ok(Device { major: input.small()?, minor: input.small()? }))?;
        let count = |wanted: Kind| self.flags.iter().filter(|flags| flags.kind() == wanted).count();
        let devices = count(Kind::CharDevice) + count(Kind::BlockDevice);
        let expected = [count(Kind::Symlink), count(Kind::Hardlink), devices];
        if expected != [self.symlinks.ids.len(), self.hardlinks.ids.len(), self.devices.ids.len()] {
            return Err(Malformed("number of links or devices"));
        }
        Ok(())
    }

    fn decode_xattrs(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let inode = |index: &Self, id: EntryId| has_inode(index.flags[id as usize]);
        self.xattrs = input.rare(self, inode, Reader::small)?;
        let sets = input.count(1)?;
        if self.xattrs.values.iter().any(|set| *set as usize >= sets) {
            return Err(Malformed("extended attributes"));
        }
        self.xattr_table = Vec::with_capacity(sets);
        for _ in 0..sets {
            let count = input.count(2)?;
            let mut set: Vec<Xattr> = Vec::with_capacity(count);
            for _ in 0..count {
                let xattr = Xattr { name: input.bytes()?.into(), value: input.bytes()?.into() };
                if set.last().is_some_and(|last| last.name >= xattr.name) {
                    return Err(Malformed("order of extended attributes"));
                }
                set.push(xattr);
            }
            self.xattr_table.push(set.into());
        }
        Ok(())
    }

    fn decode_leftovers(&mut self, input: &mut Reader<'_>) -> Result<(), DecodeError> {
        let count = input.count(3)?;
        self.leftovers = Vec::with_capacity(count);
        for _ in 0..count {
            let path = input.bytes()?;
            if !crate::LayerPath::parse(path).is_ok_and(|parsed| parsed.as_bytes() == path) {
                return Err(Malformed("path"));
            }
            let (size, marks) = (input.number()?, input.byte()?);
            if marks > 3 {
                return Err(Malformed("marks"));
            }
            let (directory, listed) = (marks & 1 != 0, marks & 2 != 0);
            self.leftovers.push(Leftover { path: path.into(), size, directory, listed });
        }
        Ok(())
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| *byte)
    }

    #[inline]
    fn number(&mut self) -> Result<u64, DecodeError> {
        if let [byte @ 0..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*byte));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed("number"))
    }

    fn signed(&mut self) -> Result<i64, DecodeError> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn small(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.number()?).map_err(|_| Malformed("number"))
    }

    fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let count = self.count(1)?;
        self.take(count)
    }

    /// A number of things of which each takes at least `least` bytes of what is left.
    fn count(&mut self, least: usize) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.number()?).map_err(|_| DecodeError::Truncated)?;
        if count > self.0.len() / least {
            return Err(DecodeError::Truncated);
        }
        Ok(count)
    }

    /// Values of entries that are allowed to have one.
    fn rare<T>(
        &mut self,
        index: &LayerIndex,
        allowed: impl Fn(&LayerIndex, EntryId) -> bool,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Rare<T>, DecodeError> {
        let count = self.count(2)?;
        let mut rare = Rare { ids: Vec::with_capacity(count), values: Vec::with_capacity(count) };
        let mut id = 0_u32;
        for place in 0..count {
            let step = self.small()?;
            id = id
                .checked_add(step)
                .filter(|id| (*id as usize) < index.flags.len())
                .ok_or(Malformed("entry"))?;
            if place > 0 && step == 0 || !allowed(index, id) {
                return Err(Malformed("entry"));
            }
            let value = read(self)?;
            rare.push(id, value);
        }
        Ok(rare)
    }
}
