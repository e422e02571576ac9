//! Dive's stacked tree, kept up to date layer by layer.
//!
//! Dive stacks all lower layers anew for each whiteout. Here every path of any layer has one node for good, which is
//! present or not, and every present node knows the bytes of its subtree: adding, removing and asking take time in
//! the depth of the path. Removing a node does not touch what is below it: a node counts as present only if it was
//! added since its parent last came into being.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::layer::Listing;
use crate::index::WHITEOUT_PREFIX;

/// A path, with the names as they are in archives. 0 is the root.
pub(super) type PathId = u32;

struct Node {
    parent: PathId,
    name_start: u32,
    name_len: u16,
    directory: bool,
    present: bool,
    /// The parent's `lives` when this was added.
    born: u32,
    /// How often it came into being, without children.
    lives: u32,
    size: u64,
    /// Of the present nodes in the subtree, itself included.
    subtree: u64,
}

pub(super) struct Trie {
    nodes: Vec<Node>,
    names: Vec<u8>,
    table: HashTable<PathId>,
    seed: u64,
}

impl Default for Trie {
    fn default() -> Self {
        use std::hash::BuildHasher as _;
        let root = Node {
            parent: 0,
            name_start: 0,
            name_len: 0,
            directory: false,
            present: true,
            born: 0,
            lives: 0,
            size: 0,
            subtree: 0,
        };
        let seed = std::hash::RandomState::new().hash_one(0_u8);
        Self { nodes: vec![root], names: Vec::new(), table: HashTable::new(), seed }
    }
}

impl Trie {
    /// The path of each node of a layer.
    pub(super) fn places(&mut self, listing: &Listing<'_>) -> Vec<PathId> {
        let mut path: Vec<PathId> = vec![0];
        let places = listing.nodes.iter().map(|node| {
            path.truncate(node.depth);
            let place = self.place(path[node.depth - 1], &node.name);
            path.push(place);
            place
        });
        places.collect()
    }

    /// Puts a node at a path, or changes the one that is there; what it is in comes into being as needed.
    pub(super) fn add(&mut self, path: PathId, size: u64, directory: bool) {
        if !self.is_there(path) {
            let parent = self.node(path).parent;
            if !self.is_there(parent) {
                self.add(parent, 0, false);
            }
            let born = self.node(parent).lives;
            let node = &mut self.nodes[path as usize];
            (node.present, node.born, node.size, node.subtree) = (true, born, 0, 0);
            // What was below it when something above it was removed does not come back.
            node.lives += 1;
        }
        let node = &mut self.nodes[path as usize];
        node.directory = directory;
        let difference = size.wrapping_sub(node.size);
        node.size = size;
        self.grow(path, difference);
    }

    /// Takes a node and everything below it away, if it is there.
    pub(super) fn remove(&mut self, path: PathId) {
        if path == 0 || !self.is_there(path) {
            return;
        }
        let lost = self.node(path).subtree;
        self.grow(path, 0_u64.wrapping_sub(lost));
        self.nodes[path as usize].present = false;
    }

    /// The path that a whiteout deletes.
    pub(super) fn deleted(&mut self, whiteout: PathId) -> PathId {
        let Node { parent, name_start, name_len, .. } = self.nodes[whiteout as usize];
        let start = name_start as usize + WHITEOUT_PREFIX.len();
        let name = self.names[start..name_start as usize + usize::from(name_len)].to_vec();
        self.place(parent, &name)
    }

    /// The path that a whiteout deletes, if some layer has it.
    pub(super) fn whited_out(&self, whiteout: PathId) -> Option<PathId> {
        let node = self.node(whiteout);
        self.find(node.parent, &self.name(whiteout)[WHITEOUT_PREFIX.len()..])
    }

    /// The bytes that go with the node at a path: those of its subtree if it is a directory, else none. Nothing if
    /// there is no node.
    pub(super) fn deleted_size(&self, path: PathId) -> Option<u64> {
        let node = self.node(path);
        self.is_there(path).then_some(if node.directory { node.subtree } else { 0 })
    }

    /// A path, without dive's leading slash.
    pub(super) fn path(&self, path: PathId) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = path;
        while at != 0 {
            names.push(self.name(at));
            at = self.node(at).parent;
        }
        names.reverse();
        names.join(&b'/')
    }

    fn node(&self, path: PathId) -> &Node {
        &self.nodes[path as usize]
    }

    fn name(&self, path: PathId) -> &[u8] {
        let node = self.node(path);
        &self.names[node.name_start as usize..][..usize::from(node.name_len)]
    }

    /// Whether a node is present in its parent, which may itself be gone.
    fn is_present(&self, path: PathId) -> bool {
        let node = self.node(path);
        node.present && (path == 0 || node.born == self.node(node.parent).lives)
    }

    fn is_there(&self, path: PathId) -> bool {
        let mut at = path;
        while at != 0 {
            if !self.is_present(at) {
                return false;
            }
            at = self.node(at).parent;
        }
        true
    }

    fn grow(&mut self, path: PathId, difference: u64) {
        if difference == 0 {
            return;
        }
        let mut at = path;
        while at != 0 {
            let node = &mut self.nodes[at as usize];
            node.subtree = node.subtree.wrapping_add(difference);
            at = node.parent;
        }
    }

    /// The path of a name in another, which need not be there.
    fn place(&mut self, parent: PathId, name: &[u8]) -> PathId {
        if let Some(path) = self.find(parent, name) {
            return path;
        }
        let path = self.nodes.len() as PathId;
        let node = Node {
            parent,
            name_start: self.names.len() as u32,
            name_len: name.len() as u16,
            directory: false,
            present: false,
            born: 0,
            lives: 0,
            size: 0,
            subtree: 0,
        };
        self.nodes.push(node);
        self.names.extend_from_slice(name);
        let hash = hash_name(self.seed, parent, name);
        let (nodes, names, seed) = (&self.nodes, &self.names, self.seed);
        self.table.insert_unique(hash, path, |path| {
            let node = &nodes[*path as usize];
            hash_name(seed, node.parent, &names[node.name_start as usize..][..usize::from(node.name_len)])
        });
        path
    }

    fn find(&self, parent: PathId, name: &[u8]) -> Option<PathId> {
        let same = |path: &PathId| self.node(*path).parent == parent && self.name(*path) == name;
        self.table.find(hash_name(self.seed, parent, name), same).copied()
    }
}

fn hash_name(seed: u64, parent: PathId, name: &[u8]) -> u64 {
    xxh3_64_with_seed(name, seed ^ u64::from(parent).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
