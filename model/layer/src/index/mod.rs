//! What is in one layer: a sorted, columnar list of entries.
//!
//! Entries stand in pre-order: a directory, then everything in it, siblings sorted by their bytes. Entry 0 is the
//! root, `span` entries from a directory's own are its subtree, and an entry's number is its place. A column is a
//! vector; what few entries have (link targets, devices, extended attributes) is kept beside the columns.

mod build;
mod decode;
mod encode;
mod entry_ref;
mod flags;
mod rare;

pub use build::LayerBuilder;
pub(crate) use build::{Implied, Leftover};
pub use decode::DecodeError;
pub use entry_ref::EntryRef;
pub(crate) use flags::Flags;
pub(crate) use rare::Rare;

use crate::{Device, LayerPath, Limits, Xattr, path};

/// What the name of a whiteout starts with in an archive.
pub(crate) const WHITEOUT_PREFIX: &[u8] = b".wh.";

/// The number of an entry in its [`LayerIndex`]: its place in pre-order. 0 is the root.
pub type EntryId = u32;

/// The entries of a layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerIndex {
    pub(crate) names: Vec<u8>,
    pub(crate) name_ends: Vec<u32>,
    pub(crate) depths: Vec<u16>,
    pub(crate) parents: Vec<u32>,
    pub(crate) spans: Vec<u32>,
    pub(crate) flags: Vec<Flags>,
    pub(crate) modes: Vec<u16>,
    /// Places in `owner_table`.
    pub(crate) owners: Vec<u32>,
    pub(crate) seconds: Vec<i64>,
    /// Empty if all are zero.
    pub(crate) nanos: Vec<u32>,
    pub(crate) sizes: Vec<u64>,
    pub(crate) hashes: Vec<u128>,
    pub(crate) offsets: Vec<u64>,
    /// Distinct pairs of user and group.
    pub(crate) owner_table: Vec<(u32, u32)>,
    pub(crate) symlinks: Rare<Box<[u8]>>,
    pub(crate) hardlinks: Rare<EntryId>,
    pub(crate) devices: Rare<Device>,
    /// Places in `xattr_table`.
    pub(crate) xattrs: Rare<u32>,
    /// Distinct sets of extended attributes.
    pub(crate) xattr_table: Vec<Box<[Xattr]>>,
    /// Sizes that headers claim, where they are not those of the content.
    pub(crate) claimed: Rare<u64>,
    pub(crate) leftovers: Vec<Leftover>,
    pub(crate) totals: Totals,
}

/// Sums over a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Entries that the archive lists, whiteouts included, implied directories and the root not.
    pub entries: u64,
    /// Regular files.
    pub files: u64,
    /// Whiteouts and opaque directories.
    pub whiteouts: u64,
    /// Bytes of regular files once unpacked; hard links add nothing.
    pub bytes: u64,
    /// Bytes of the targets of symlinks.
    pub targets: u64,
    /// Bytes by the sizes in all headers of the archive, replaced entries included: what dive calls a layer's size.
    pub claimed: u64,
}

impl Totals {
    /// Bytes as `docker images` counts them: what `lstat` says of everything but directories, each inode once.
    pub fn on_disk(&self) -> u64 {
        self.bytes + self.targets
    }
}

impl LayerIndex {
    /// The index of a layer that changes nothing.
    pub fn empty() -> Self {
        LayerBuilder::new(&Limits::default()).finish()
    }

    /// How many entries there are, the root and implied directories included; at least 1.
    pub fn len(&self) -> usize {
        self.depths.len()
    }

    /// Whether the layer changes nothing: only the root is there.
    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// Sums over the layer.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// All entries in pre-order, the root first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = EntryRef<'_>> + DoubleEndedIterator {
        (0..self.len() as u32).map(|id| EntryRef { index: self, id })
    }

    /// The entry with a number. Panics if there is none.
    pub fn entry(&self, id: EntryId) -> EntryRef<'_> {
        assert!((id as usize) < self.len(), "entry {id} of {}", self.len());
        EntryRef { index: self, id }
    }

    /// The entry at a path. A whiteout stands at the path that it deletes.
    pub fn get(&self, path: &LayerPath) -> Option<EntryRef<'_>> {
        self.find(path.as_bytes()).map(|id| EntryRef { index: self, id })
    }

    /// The entries of a directory in order, each without what is below it.
    pub fn children(&self, directory: EntryId) -> impl Iterator<Item = EntryRef<'_>> {
        let end = directory + self.spans[directory as usize];
        let mut next = directory + 1;
        std::iter::from_fn(move || {
            let id = next;
            (id < end).then(|| {
                next += self.spans[id as usize];
                EntryRef { index: self, id }
            })
        })
    }

    /// The child of a directory with a name.
    pub fn child(&self, directory: EntryId, name: &[u8]) -> Option<EntryId> {
        let (mut low, mut high) = (directory + 1, directory + self.spans[directory as usize]);
        let depth = self.depths[directory as usize] + 1;
        while low < high {
            let mut id = low + (high - low) / 2;
            while self.depths[id as usize] > depth {
                id = self.parents[id as usize];
            }
            match self.name(id).cmp(name) {
                std::cmp::Ordering::Equal => return Some(id),
                std::cmp::Ordering::Less => low = id + self.spans[id as usize],
                std::cmp::Ordering::Greater => high = id,
            }
        }
        None
    }

    pub(crate) fn find(&self, path: &[u8]) -> Option<EntryId> {
        path::components(path).try_fold(0, |directory, name| self.child(directory, name))
    }

    pub(crate) fn name(&self, id: EntryId) -> &[u8] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.name_ends[id - 1] };
        &self.names[start as usize..self.name_ends[id] as usize]
    }

    pub(crate) fn path(&self, id: EntryId) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = id;
        while at != 0 {
            names.push(self.name(at));
            at = self.parents[at as usize];
        }
        names.reverse();
        names.join(&b'/')
    }
}
