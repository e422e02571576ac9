//! One entry of an index.

use super::{EntryId, Flags, LayerIndex};
use crate::{Device, Kind, LayerPath, Timestamp, Xattr};

/// An entry of a [`LayerIndex`]; as small as a reference.
///
/// A hard link shows the owner, mode, time, extended attributes, size and content of what it names: they are one
/// file. Its bytes are counted once, at what it names.
#[derive(Clone, Copy, Debug)]
pub struct EntryRef<'a> {
    pub(super) index: &'a LayerIndex,
    pub(super) id: EntryId,
}

impl<'a> EntryRef<'a> {
    /// Its number.
    pub fn id(self) -> EntryId {
        self.id
    }

    /// The last component of its path; empty for the root.
    pub fn name(self) -> &'a [u8] {
        self.index.name(self.id)
    }

    /// Its path, put together from its parents' names.
    pub fn path(self) -> LayerPath {
        LayerPath::trusted(&self.index.path(self.id))
    }

    /// Components in its path: 0 for the root.
    pub fn depth(self) -> usize {
        usize::from(self.index.depths[self.id as usize])
    }

    /// The directory that it is in; the root is its own.
    pub fn parent(self) -> EntryId {
        self.index.parents[self.id as usize]
    }

    /// Entries in its subtree, itself included.
    pub fn span(self) -> u32 {
        self.index.spans[self.id as usize]
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.flags().kind()
    }

    /// Whether it is a directory that the archive does not list.
    pub fn is_implied(self) -> bool {
        self.flags().has(Flags::IMPLIED)
    }

    /// Whether it is a directory that hides all that the layers below have in it.
    pub fn is_opaque(self) -> bool {
        self.flags().has(Flags::OPAQUE)
    }

    /// Whether the archive has a whiteout of the path besides this entry.
    pub fn hides_below(self) -> bool {
        self.flags().has(Flags::HIDES)
    }

    /// Whether it is a file with holes, whose content does not stand in one run at [`EntryRef::offset`].
    pub fn is_sparse(self) -> bool {
        self.index.flags[self.inode()].has(Flags::SPARSE)
    }

    /// Permissions with setuid, setgid and sticky.
    pub fn mode(self) -> u16 {
        self.index.modes[self.inode()]
    }

    /// Owner.
    pub fn uid(self) -> u32 {
        self.owner().0
    }

    /// Group.
    pub fn gid(self) -> u32 {
        self.owner().1
    }

    /// Time of modification.
    pub fn mtime(self) -> Timestamp {
        let nanos = self.index.nanos.get(self.inode()).copied().unwrap_or(0);
        Timestamp { seconds: self.index.seconds[self.inode()], nanos }
    }

    /// Bytes of a file's content; 0 for all else.
    pub fn size(self) -> u64 {
        self.index.sizes[self.inode()]
    }

    /// The bytes that it adds to its layer: as [`EntryRef::size`], but 0 for a hard link.
    pub fn own_size(self) -> u64 {
        self.index.sizes[self.id as usize]
    }

    /// xxh3-128 of a file's content: a hint, not a proof. 0 for what has no content.
    pub fn hash(self) -> u128 {
        self.index.hashes[self.inode()]
    }

    /// Where a file's content starts in the uncompressed tar; 0 without content.
    pub fn offset(self) -> u64 {
        self.index.offsets[self.inode()]
    }

    /// A symlink's target.
    pub fn symlink(self) -> Option<&'a [u8]> {
        self.index.symlinks.get(self.inode() as u32).map(|target| &**target)
    }

    /// What a hard link names.
    pub fn hardlink(self) -> Option<EntryRef<'a>> {
        let id = self.target()?;
        Some(EntryRef { index: self.index, id })
    }

    /// A device's number.
    pub fn device(self) -> Option<Device> {
        self.index.devices.get(self.inode() as u32).copied()
    }

    /// Extended attributes sorted by name.
    pub fn xattrs(self) -> &'a [Xattr] {
        self.index.xattrs.get(self.inode() as u32).map_or(&[], |set| &self.index.xattr_table[*set as usize])
    }

    /// Whether the kinds, permissions, owners, times, link targets, devices and extended attributes of two entries
    /// are the same. The times of directories, which change with what is in them, do not count; implied directories,
    /// of which nothing is known, are the same as any directory.
    pub fn same_metadata(self, other: EntryRef<'_>) -> bool {
        if self.resolved_kind() != other.resolved_kind() {
            return false;
        }
        if self.is_implied() || other.is_implied() {
            return true;
        }
        self.mode() == other.mode()
            && self.owner() == other.owner()
            && (self.kind() == Kind::Directory || self.mtime() == other.mtime())
            && self.symlink() == other.symlink()
            && self.device() == other.device()
            && self.xattrs() == other.xattrs()
    }

    /// Whether two entries are of one kind and, if files, have the same size and content hash.
    pub fn same_content(self, other: EntryRef<'_>) -> bool {
        self.resolved_kind() == other.resolved_kind()
            && self.size() == other.size()
            && self.hash() == other.hash()
            && self.symlink() == other.symlink()
            && self.device() == other.device()
    }

    /// The kind of the file that a hard link is another name of; else its own.
    pub fn resolved_kind(self) -> Kind {
        self.index.flags[self.inode()].kind()
    }

    pub(crate) fn flags(self) -> Flags {
        self.index.flags[self.id as usize]
    }

    fn owner(self) -> (u32, u32) {
        self.index.owner_table[self.index.owners[self.inode()] as usize]
    }

    fn target(self) -> Option<EntryId> {
        (self.kind() == Kind::Hardlink).then(|| self.index.hardlinks.get(self.id).copied()).flatten()
    }

    /// The entry that holds what a hard link shares.
    fn inode(self) -> usize {
        self.target().unwrap_or(self.id) as usize
    }
}
