//! Sorted indexes → one sorted tree: a merge directory by directory, in time linear in the entries.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    Change, Node, NodeId,
    fold::{Outcome, Part, Place, Thing, flags, fold, shown},
};
use crate::{EntryId, Kind, LayerSet, Stack, index::Flags};

/// The nodes of a union in pre-order.
pub(super) fn merge(stack: &Stack, enabled: &LayerSet, since: usize) -> Vec<Node> {
    let since = u32::try_from(since).unwrap_or(u32::MAX);
    let layers: Vec<usize> = enabled.iter().filter(|layer| *layer < stack.len()).collect();
    let entries = layers.iter().map(|layer| stack.layer(*layer).len()).sum();
    let mut merge = Merge { stack, since, nodes: Vec::with_capacity(entries), open: Vec::new() };
    let parts: Vec<Part> = layers.iter().map(|layer| root_part(stack, *layer as u32)).collect();
    merge.push(0, 0, Outcome { thing: Thing::Directory(parts), hidden_by: None, change: Change::Unchanged });
    merge.run();
    add_up(&mut merge.nodes);
    merge.nodes
}

fn root_part(stack: &Stack, layer: u32) -> Part {
    let cut = flags(stack, layer, 0).has(Flags::OPAQUE).then_some(layer);
    Part { layer, entry: 0, cut, fresh: false }
}

struct Merge<'a> {
    stack: &'a Stack,
    since: u32,
    nodes: Vec<Node>,
    /// The directories that are being merged, outermost first.
    open: Vec<Directory<'a>>,
}

/// A directory that several layers have, half merged.
struct Directory<'a> {
    node: NodeId,
    place: Place,
    /// The next child of each part that has one left, and the part's place.
    next: BinaryHeap<Reverse<(&'a [u8], usize, EntryId)>>,
    /// What is to become nodes before the next name, last first.
    pending: Vec<Outcome>,
}

impl<'a> Merge<'a> {
    fn run(&mut self) {
        let mut versions = Vec::new();
        let mut outcomes = Vec::new();
        while let Some(directory) = self.open.last_mut() {
            let (node, depth) = (directory.node, self.nodes[directory.node as usize].depth + 1);
            if let Some(outcome) = directory.pending.pop() {
                self.push(node, depth, outcome);
                continue;
            }
            directory.take_name(self.stack, &mut versions);
            if versions.is_empty() {
                self.open.pop();
                continue;
            }
            fold(self.stack, self.since, &directory.place, &versions, &mut outcomes);
            directory.pending.extend(outcomes.drain(..).rev());
        }
    }

    /// Adds a node; a directory with all that is in it, or to be merged next.
    fn push(&mut self, parent: NodeId, depth: u16, outcome: Outcome) {
        let Outcome { thing, hidden_by, change } = outcome;
        let node = self.nodes.len() as NodeId;
        match thing {
            Thing::Leaf(layer, entry) => self.leaf(parent, depth, layer, entry, hidden_by, change),
            Thing::Directory(parts) => {
                let (layer, entry) = shown(self.stack, &parts);
                self.leaf(parent, depth, layer, entry, hidden_by, change);
                match *parts {
                    [] => {}
                    [part] => self.copy(node, depth, part, hidden_by),
                    _ => self.open.push(Directory::new(self.stack, node, Place::new(parts, hidden_by))),
                }
            }
        }
    }

    fn leaf(
        &mut self,
        parent: NodeId,
        depth: u16,
        layer: u32,
        entry: EntryId,
        hidden_by: Option<u32>,
        change: Change,
    ) {
        let size = self.stack.layers().get(layer as usize).map_or(0, |index| index.sizes[entry as usize]);
        let ghost_size = if hidden_by.is_some() { size } else { 0 };
        self.nodes.push(Node {
            parent,
            span: 1,
            layer,
            entry,
            depth,
            change,
            hidden_by,
            size,
            ghost_size,
            count: 0,
            changes: 0,
        });
    }

    /// Adds what is in a directory that only one layer has.
    fn copy(&mut self, node: NodeId, depth: u16, part: Part, hidden_by: Option<u32>) {
        let index = self.stack.layer(part.layer as usize);
        let change = match hidden_by {
            None if part.layer >= self.since => Change::Added,
            Some(by) if part.layer < self.since && by >= self.since => Change::Deleted,
            _ => Change::Unchanged,
        };
        let top = index.depths[part.entry as usize];
        // The last node at each depth below the directory.
        let mut path = vec![node];
        for entry in part.entry + 1..part.entry + index.spans[part.entry as usize] {
            if index.flags[entry as usize].kind() == Kind::Whiteout {
                continue;
            }
            let below = index.depths[entry as usize] - top;
            path.truncate(usize::from(below));
            let parent = path[usize::from(below) - 1];
            path.push(self.nodes.len() as NodeId);
            self.leaf(parent, depth + below, part.layer, entry, hidden_by, change);
        }
    }
}

impl<'a> Directory<'a> {
    fn new(stack: &'a Stack, node: NodeId, place: Place) -> Self {
        let firsts = place.parts.iter().enumerate().filter_map(|(at, part)| {
            let index = stack.layer(part.layer as usize);
            let first = part.entry + 1;
            (index.spans[part.entry as usize] > 1).then(|| Reverse((index.name(first), at, first)))
        });
        let next = firsts.collect();
        Self { node, place, next, pending: Vec::new() }
    }

    /// Takes everything of the next name, bottom first; nothing at the end.
    fn take_name(&mut self, stack: &'a Stack, versions: &mut Vec<(usize, EntryId)>) {
        versions.clear();
        let mut name = None;
        while let Some(mut top) = self.next.peek_mut() {
            let Reverse((next, at, entry)) = *top;
            if *name.get_or_insert(next) != next {
                break;
            }
            versions.push((at, entry));
            let part = self.place.parts[at];
            let index = stack.layer(part.layer as usize);
            let sibling = entry + index.spans[entry as usize];
            if sibling < part.entry + index.spans[part.entry as usize] {
                *top = Reverse((index.name(sibling), at, sibling));
            } else {
                std::collections::binary_heap::PeekMut::pop(top);
            }
        }
    }
}

/// Fills in what a node knows of its subtree.
fn add_up(nodes: &mut [Node]) {
    for id in (1..nodes.len()).rev() {
        let (above, from) = nodes.split_at_mut(id);
        let node = &from[0];
        let parent = &mut above[node.parent as usize];
        parent.span += node.span;
        parent.ghost_size += node.ghost_size;
        parent.changes += node.changes + u32::from(node.change != Change::Unchanged);
        if parent.hidden_by == node.hidden_by {
            parent.size += node.size;
            parent.count += node.count + 1;
        }
    }
}
