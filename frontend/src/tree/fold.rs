//! Which directories are open.

use std::collections::HashMap;

use strata_layer::{NodeId, Union};

use super::locate;

/// What was folded by hand, and how the rest is.
#[derive(Debug, Default)]
pub(super) struct Folds {
    /// Whether directories that nobody touched are open.
    pub(super) usual: bool,
    /// Set by "unfold everything" and "fold everything".
    wish: Option<bool>,
    by_hand: HashMap<NodeId, bool>,
}

impl Folds {
    pub(super) fn is_open(&self, node: NodeId) -> bool {
        if self.by_hand.is_empty() {
            return self.wish.unwrap_or(self.usual);
        }
        self.by_hand.get(&node).copied().unwrap_or(self.wish.unwrap_or(self.usual))
    }

    pub(super) fn set(&mut self, node: NodeId, open: bool) {
        self.by_hand.insert(node, open);
    }

    pub(super) fn all(&mut self, open: bool) {
        self.by_hand.clear();
        self.wish = Some(open);
    }

    /// The same for another union of the image: live directories by path, ghosts by path and layer.
    pub(super) fn carry(&self, from: &Union, to: &Union) -> Self {
        let same = |node: NodeId| {
            let ghost = from.node(node).is_ghost().then_some(from.node(node).layer as usize);
            locate(to, from.path(node).as_bytes(), ghost)
        };
        let by_hand = self.by_hand.iter().filter_map(|(node, open)| Some((same(*node)?, *open))).collect();
        Self { usual: self.usual, wish: self.wish, by_hand }
    }
}
