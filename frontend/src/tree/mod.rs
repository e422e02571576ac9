//! The tree of files: which nodes of a union are rows, and in what order.
//!
//! Everything is flat: the union's nodes in pre-order, a bit for each that is shown, and the list of rows. Only
//! [`Tree::show`] and a change of what is open touch all nodes; scrolling touches the rows it draws.

mod fold;
mod keep;
mod row;

use strata_layer::{LayerPath, NodeId, Union};

use crate::{address::Marks, glob::Filter};
use fold::Folds;
pub use row::RowView;

/// What of a union is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    /// Hidden and deleted versions too.
    pub ghosts: bool,
    /// Changes that are left out.
    pub hide: Marks,
    /// Only what this layer did counts as changed.
    pub only: Option<usize>,
    /// What the paths must match.
    pub filter: Filter,
    /// Children by size, not by name.
    pub by_size: bool,
}

/// A union as rows. Rows are numbered from 0 at the top; the root is none.
pub struct Tree {
    union: Union,
    show: Show,
    kept: Vec<bool>,
    folds: Folds,
    /// What was open before a filter was set; it opens the way to what it finds by itself.
    aside: Option<Folds>,
    rows: Vec<NodeId>,
}

/// With so few nodes left, everything is unfolded: there is nothing to look for.
const FEW: usize = 200;

impl Tree {
    /// The rows of a union, its directories closed unless few nodes are left.
    pub fn new(union: Union, show: Show) -> Self {
        let (kept, folds, rows) = Default::default();
        let mut tree = Self { union, show, kept, folds, aside: None, rows };
        tree.sieve();
        tree
    }

    /// The rows of another union of the same image: what is open here by its path is open there.
    pub fn carry(&self, union: Union, show: Show) -> Self {
        let carry = |folds: &Folds| folds.carry(&self.union, &union);
        let (folds, aside) = (carry(&self.folds), self.aside.as_ref().map(carry));
        let mut tree =
            Self { union, show: self.show.clone(), kept: Vec::new(), folds, aside, rows: Vec::new() };
        tree.change_show(show);
        tree.sieve();
        tree
    }

    /// The union.
    pub fn union(&self) -> &Union {
        &self.union
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The node of a row.
    pub fn node(&self, row: usize) -> Option<NodeId> {
        self.rows.get(row).copied()
    }

    /// The row of a node, if it is one.
    pub fn row_of(&self, node: NodeId) -> Option<usize> {
        self.rows.iter().position(|id| *id == node)
    }

    /// The nodes of rows `first..last`.
    pub fn slice(&self, first: usize, last: usize) -> &[NodeId] {
        let last = last.min(self.rows.len());
        &self.rows[first.min(last)..last]
    }

    /// Shows something else of the same union; what is open stays open.
    pub fn show(&mut self, show: Show) {
        if self.show != show {
            self.change_show(show);
            self.sieve();
        }
    }

    fn change_show(&mut self, show: Show) {
        if self.show.filter != show.filter {
            let folds = std::mem::take(&mut self.folds);
            if self.show.filter.is_everything() {
                self.aside = Some(folds);
            } else if show.filter.is_everything() {
                self.folds = self.aside.take().unwrap_or_default();
            }
        }
        self.show = show;
    }

    /// Whether a directory's children are rows.
    pub fn is_open(&self, node: NodeId) -> bool {
        self.folds.is_open(node)
    }

    /// Opens or closes a directory.
    pub fn fold(&mut self, node: NodeId, open: bool) {
        self.folds.set(node, open);
        self.lay_out();
    }

    /// Opens or closes every directory.
    pub fn fold_all(&mut self, open: bool) {
        self.folds.all(open);
        self.lay_out();
    }

    /// The node at a path: the version of `layer`, or the live one, or else the newest ghost.
    pub fn locate(&self, path: &[u8], layer: Option<usize>) -> Option<NodeId> {
        locate(&self.union, path, layer)
    }

    /// Opens the directories above a node and gives its row; nothing if what is shown excludes it.
    pub fn reveal(&mut self, node: NodeId) -> Option<usize> {
        if !self.kept.get(node as usize).copied().unwrap_or(false) || node == 0 {
            return None;
        }
        let mut at = self.union.node(node).parent;
        let mut changed = false;
        while at != 0 {
            if !self.folds.is_open(at) {
                self.folds.set(at, true);
                changed = true;
            }
            at = self.union.node(at).parent;
        }
        if changed {
            self.lay_out();
        }
        self.row_of(node)
    }

    /// The row of the directory that a row is in.
    pub fn parent_row(&self, row: usize) -> Option<usize> {
        let parent = self.union.node(self.node(row)?).parent;
        self.row_of(parent)
    }

    fn sieve(&mut self) {
        let (kept, count) = keep::keep(&self.union, &self.show);
        self.kept = kept;
        let narrowed = !self.show.filter.is_everything() || self.show.only.is_some();
        self.folds.usual = narrowed && count <= FEW || !self.show.filter.is_everything() && count <= 50 * FEW;
        self.lay_out();
    }

    fn lay_out(&mut self) {
        self.rows.clear();
        if self.show.by_size { self.lay_out_by_size() } else { self.lay_out_by_name() }
    }

    fn lay_out_by_name(&mut self) {
        let nodes = self.union.nodes();
        let mut at = 1;
        while at < nodes.len() {
            if !self.kept[at] {
                at += nodes[at].span as usize;
                continue;
            }
            self.rows.push(at as NodeId);
            at += if nodes[at].span > 1 && !self.folds.is_open(at as NodeId) {
                nodes[at].span as usize
            } else {
                1
            };
        }
    }

    fn lay_out_by_size(&mut self) {
        let nodes = self.union.nodes();
        let children = |directory: usize| {
            let end = directory + nodes[directory].span as usize;
            let mut list = Vec::new();
            let mut at = directory + 1;
            while at < end {
                if self.kept[at] {
                    list.push(at as NodeId);
                }
                at += nodes[at].span as usize;
            }
            // The largest last, since they are taken from the end.
            list.sort_by_key(|id| (nodes[*id as usize].size, std::cmp::Reverse(*id)));
            list
        };
        let mut left = children(0);
        while let Some(id) = left.pop() {
            self.rows.push(id);
            if nodes[id as usize].span > 1 && self.folds.is_open(id) {
                left.extend(children(id as usize));
            }
        }
    }
}

/// The node of a path: the version of `layer`, or the live one, or else the newest ghost.
pub(crate) fn locate(union: &Union, path: &[u8], layer: Option<usize>) -> Option<NodeId> {
    let first = union.find(&LayerPath::parse(path).ok()?)?;
    let Some(layer) = layer else { return Some(first) };
    let parent = union.node(first).parent;
    let end = parent + union.node(parent).span;
    let name = union.name(first);
    let mut at = first;
    while at < end && at != 0 && union.name(at) == name {
        if union.node(at).layer as usize == layer {
            return Some(at);
        }
        at += union.node(at).span;
    }
    None
}

#[cfg(test)]
mod tests;
