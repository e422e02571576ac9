//! Which nodes of a union are left by marks, ghosts and filter.

use strata_layer::{Change, Node, Union};

use super::Show;

/// A flag per node, set for what is shown and for the directories on the way to it; and how many are set.
pub(super) fn keep(union: &Union, show: &Show) -> (Vec<bool>, usize) {
    let nodes = union.nodes();
    let mut kept = vec![false; nodes.len()];
    let mut path = Path::default();
    let filtered = !show.filter.is_everything();
    for (id, node) in nodes.iter().enumerate().skip(1) {
        if filtered {
            path.enter(node.depth as usize, union.name(id as u32));
        }
        kept[id] = passes(node, show) && (!filtered || show.filter.matches(path.bytes()));
    }
    let mut count = 0;
    for id in (1..nodes.len()).rev() {
        if kept[id] {
            count += 1;
            kept[nodes[id].parent as usize] = true;
        }
    }
    (kept, count)
}

fn passes(node: &Node, show: &Show) -> bool {
    if node.is_ghost() && !show.ghosts {
        return false;
    }
    match node.change {
        Change::Added => !show.hide.added,
        Change::Modified | Change::Metadata => !show.hide.modified,
        Change::Deleted => !show.hide.deleted,
        // What a layer ships again as it was is no change, but it is something that the layer did.
        Change::Unchanged => {
            let touches = |layer| node.layer as usize == layer || node.hidden_by == Some(layer as u32);
            !show.hide.unmodified || node.span == 1 && show.only.is_some_and(touches)
        }
    }
}

/// The path of the node that a walk in pre-order is at.
#[derive(Default)]
struct Path {
    bytes: Vec<u8>,
    /// Where each component ends, by depth.
    ends: Vec<usize>,
}

impl Path {
    fn enter(&mut self, depth: usize, name: &[u8]) {
        self.ends.truncate(depth.saturating_sub(1));
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
        if !self.bytes.is_empty() {
            self.bytes.push(b'/');
        }
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
