//! A layer as dive lists it.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    EntryId, Kind, LayerIndex,
    index::{Flags, WHITEOUT_PREFIX},
    path,
};

/// A layer's tree in pre-order without its root, siblings sorted by their names in the archive: `.wh.` counts.
pub(super) struct Listing<'a> {
    pub(super) nodes: Vec<Listed<'a>>,
}

/// A node of dive's tree.
pub(super) struct Listed<'a> {
    /// 1 for what is in the root.
    pub(super) depth: usize,
    /// As in the archive.
    pub(super) name: Cow<'a, [u8]>,
    /// As its header says; 0 without one.
    pub(super) size: u64,
    /// As its header says; false without one.
    pub(super) directory: bool,
    pub(super) whiteout: bool,
    /// Whether it has a header at all.
    listed: bool,
}

impl<'a> Listing<'a> {
    pub(super) fn of(index: &'a LayerIndex) -> Self {
        if !index.leftovers.is_empty() {
            return Self::with_leftovers(index);
        }
        let hides = index.flags.iter().any(|flags| flags.kind() == Kind::Whiteout || flags.has(Flags::HIDES));
        let mut listing = Self { nodes: Vec::with_capacity(index.len()) };
        if hides {
            listing.merge(index);
        } else {
            (1..index.len() as EntryId).for_each(|id| listing.nodes.push(real(index, id)));
        }
        listing
    }

    /// Sorts whiteouts in among their siblings, where their names in the archive stand.
    fn merge(&mut self, index: &'a LayerIndex) {
        // Entries whose turn comes later, last first; true stands for the whiteout at the entry's path.
        let mut pending = vec![(0, false)];
        while let Some((id, whiteout)) = pending.pop() {
            if whiteout {
                self.nodes.push(marker(index, id));
                continue;
            }
            if id != 0 {
                self.nodes.push(real(index, id));
            }
            if index.spans[id as usize] == 1 {
                continue;
            }
            let first = pending.len();
            let mut mixed = false;
            for child in index.children(id) {
                let whiteout = child.kind() == Kind::Whiteout;
                if whiteout || child.hides_below() {
                    pending.push((child.id(), true));
                    mixed = true;
                }
                if !whiteout {
                    pending.push((child.id(), false));
                }
            }
            let children = &mut pending[first..];
            if mixed {
                let key = |(id, whiteout): &(EntryId, bool)| {
                    let prefix: &[u8] = if *whiteout { WHITEOUT_PREFIX } else { &[] };
                    prefix.iter().chain(index.name(*id))
                };
                children.sort_by(|a, b| key(b).cmp(key(a)));
            } else {
                children.reverse();
            }
        }
    }

    /// The slow way: by whole paths, for the few layers with something in them that only dive counts.
    fn with_leftovers(index: &'a LayerIndex) -> Self {
        type Key = Vec<Box<[u8]>>;
        let key = |path: &[u8]| -> Key { path::components(path).map(Box::from).collect() };
        let mut plain = Self { nodes: Vec::new() };
        plain.merge(index);
        let mut nodes: BTreeMap<Key, (u64, bool)> = BTreeMap::new();
        for leftover in &index.leftovers {
            let key = key(&leftover.path);
            for end in 1..key.len() {
                nodes.entry(key[..end].to_vec()).or_insert((0, false));
            }
            if leftover.listed {
                nodes.insert(key, (leftover.size, leftover.directory));
            } else {
                nodes.entry(key).or_insert((0, false));
            }
        }
        let mut path: Key = Vec::new();
        for node in plain.nodes {
            path.truncate(node.depth - 1);
            path.push(node.name.into());
            let seen = (node.size, node.directory);
            // A whiteout with a size of its own is among the leftovers, an implied directory may be.
            if node.listed && !node.whiteout {
                nodes.insert(path.clone(), seen);
            } else {
                nodes.entry(path.clone()).or_insert(seen);
            }
        }
        let nodes = nodes.into_iter().filter_map(|(mut key, (size, directory))| {
            let depth = key.len();
            let name = key.pop()?.into_vec();
            let whiteout = name.starts_with(WHITEOUT_PREFIX);
            Some(Listed { depth, name: Cow::Owned(name), size, directory, whiteout, listed: true })
        });
        Self { nodes: nodes.collect() }
    }
}

fn real(index: &LayerIndex, id: EntryId) -> Listed<'_> {
    let flags = index.flags[id as usize];
    let size = index.claimed.get(id).copied().unwrap_or(index.sizes[id as usize]);
    Listed {
        depth: usize::from(index.depths[id as usize]),
        name: Cow::Borrowed(index.name(id)),
        size,
        directory: flags.kind() == Kind::Directory && !flags.has(Flags::IMPLIED),
        whiteout: false,
        listed: !flags.has(Flags::IMPLIED),
    }
}

fn marker(index: &LayerIndex, id: EntryId) -> Listed<'_> {
    let name = Cow::Owned([WHITEOUT_PREFIX, index.name(id)].concat());
    let depth = usize::from(index.depths[id as usize]);
    Listed { depth, name, size: 0, directory: false, whiteout: true, listed: true }
}
