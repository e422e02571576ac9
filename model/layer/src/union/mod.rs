//! Layers stacked: what a container would see, where it comes from, and what is shipped in vain.
//!
//! A union is a flat list of nodes in pre-order. Directories merge, with the topmost layer's metadata; all else
//! replaces what is below. What a layer hides stays as a *ghost*: with its size, its own layer and the layer that
//! hid it, after the live node of the same name if there is one, newest ghost first. A directory that vanished is a
//! ghost with its whole subtree. A directory that vanished and came back is one live node with ghosts in it.
//!
//! Changes are marked against the union of the enabled layers below `since`: with `since` the topmost enabled layer
//! they are what that layer did, with `since` 1 they are everything done on top of the lowest layer.

mod fold;
mod follow;
mod merge;
mod node;

pub(crate) use fold::difference;
pub use node::{Change, Node, NodeId};

use std::sync::Arc;

use crate::{EntryRef, LayerIndex, LayerPath, LayerSet, Stack};

/// The union of some layers of a stack.
#[derive(Clone, Debug)]
pub struct Union {
    stack: Stack,
    nodes: Vec<Node>,
}

impl Union {
    /// The union of the enabled layers, with the changes that the topmost of them made.
    pub fn of(stack: &Stack, enabled: &LayerSet) -> Self {
        Self::since(stack, enabled, enabled.top().unwrap_or(0))
    }

    /// The union of the enabled layers, with the changes that those from `since` upwards made together.
    pub fn since(stack: &Stack, enabled: &LayerSet, since: usize) -> Self {
        let nodes = merge::merge(stack, enabled, since);
        let stack =
            if stack.is_empty() { Stack::new(vec![Arc::new(LayerIndex::empty())]) } else { stack.clone() };
        Self { stack, nodes }
    }

    /// How many nodes there are, the root and ghosts included; at least 1.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// All nodes in pre-order, the root first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A node by its number. Panics if there is none.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The entry that a node shows. If no enabled layer lists the root, that of some layer's implied root.
    pub fn entry(&self, id: NodeId) -> EntryRef<'_> {
        let node = self.node(id);
        self.stack.layer(node.layer as usize).entry(node.entry)
    }

    /// The last component of a node's path; empty for the root.
    pub fn name(&self, id: NodeId) -> &[u8] {
        self.entry(id).name()
    }

    /// A node's path.
    pub fn path(&self, id: NodeId) -> LayerPath {
        self.entry(id).path()
    }

    /// The live node at a path, or else its newest ghost.
    pub fn find(&self, path: &LayerPath) -> Option<NodeId> {
        let mut at = 0;
        for name in path.components() {
            at = self.children(at).find(|child| self.name(*child) == name)?;
        }
        Some(at)
    }

    /// The children of a node in order, each without what is below it.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let end = node + self.node(node).span;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next += self.node(child).span;
                child
            })
        })
    }

    /// The layers that it was made of.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }
}
