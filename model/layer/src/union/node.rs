//! One row of a union.

use crate::EntryId;

/// The number of a node in its [`super::Union`]: its place in pre-order. 0 is the root.
pub type NodeId = u32;

/// What became of a path between the base of a comparison and the top of the union.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Nothing; or a ghost of something that the comparison does not speak of.
    #[default]
    Unchanged,
    /// Was not there.
    Added,
    /// Was there with other content, another target or as another kind of file.
    Modified,
    /// Was there with the same content; owner, mode, time or extended attributes differ.
    Metadata,
    /// Was there and is gone. Its node is a ghost.
    Deleted,
}

impl Change {
    /// `A`, `M`, `m` for metadata alone, `D`; a space for no change.
    pub fn letter(self) -> char {
        match self {
            Self::Unchanged => ' ',
            Self::Added => 'A',
            Self::Modified => 'M',
            Self::Metadata => 'm',
            Self::Deleted => 'D',
        }
    }
}

/// A node of a union: a path as its layer provides it, or the ghost of one that a layer hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its directory; the root is its own.
    pub parent: NodeId,
    /// Nodes in its subtree, itself and ghosts included: the next sibling stands `span` further.
    pub span: u32,
    /// The layer that it is from. Of a merged directory, the topmost one that lists it.
    pub layer: u32,
    /// Its entry in that layer.
    pub entry: EntryId,
    /// Components in its path.
    pub depth: u16,
    /// What became of it since the base of the comparison.
    pub change: Change,
    /// The layer that hid it: `Some` makes it a ghost.
    pub hidden_by: Option<u32>,
    /// Bytes of the files in its subtree that share its fate: of a live directory those of live files, of a ghost
    /// those that vanished with it. Hard links add nothing.
    pub size: u64,
    /// Bytes of all ghosts in its subtree, itself included: what is shipped in vain.
    pub ghost_size: u64,
    /// Nodes in its subtree that share its fate, itself not included.
    pub count: u32,
    /// Changed nodes in its subtree, itself not included.
    pub changes: u32,
}

impl Node {
    /// Whether it is hidden or deleted.
    pub fn is_ghost(&self) -> bool {
        self.hidden_by.is_some()
    }
}
