//! What a row says.

use strata_layer::{Change, Kind, NodeId};

use super::Tree;
use crate::{figures, names};

/// A row, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowView {
    /// Its node.
    pub node: NodeId,
    /// Its name with everything invisible escaped.
    pub name: String,
    /// Components in its path; 1 for what is in the root.
    pub depth: usize,
    /// For a directory: whether it is open.
    pub open: Option<bool>,
    /// What became of it.
    pub change: Change,
    /// The layer that it is from.
    pub layer: usize,
    /// The layer that hid it, of a ghost.
    pub hidden_by: Option<usize>,
    /// Whether it was deleted, not only overwritten.
    pub deleted: bool,
    /// Of a ghost: whether its directory was hidden with it by the same layer.
    pub with_parent: bool,
    /// `drwxr-xr-x`.
    pub mode: String,
    /// `uid:gid`.
    pub owner: String,
    /// Bytes, of a directory those of everything in it.
    pub size: u64,
    /// Where a symlink or hard link leads, escaped.
    pub link: Option<String>,
}

impl Tree {
    /// What row `row` says.
    pub fn row(&self, row: usize) -> Option<RowView> {
        let id = self.node(row)?;
        let node = *self.union.node(id);
        let entry = self.union.entry(id);
        let link = match entry.kind() {
            Kind::Symlink => entry.symlink().map(names::bytes),
            Kind::Hardlink => {
                entry.hardlink().map(|target| format!("/{}", names::bytes(target.path().as_bytes())))
            }
            _ => None,
        };
        Some(RowView {
            node: id,
            name: names::bytes(entry.name()),
            depth: usize::from(node.depth),
            open: (entry.kind() == Kind::Directory).then(|| node.span > 1 && self.is_open(id)),
            change: node.change,
            layer: node.layer as usize,
            hidden_by: node.hidden_by.map(|layer| layer as usize),
            deleted: node.is_ghost() && !self.has_live_twin(id),
            with_parent: node.is_ghost() && self.union.node(node.parent).hidden_by == node.hidden_by,
            mode: figures::rwx(entry.resolved_kind().letter(), u32::from(entry.mode())),
            owner: format!("{}:{}", entry.uid(), entry.gid()),
            size: if entry.kind() == Kind::Hardlink { entry.size() } else { node.size },
            link,
        })
    }

    /// Whether the node before a ghost's first version is a live one of the same name.
    fn has_live_twin(&self, ghost: NodeId) -> bool {
        let path = self.union.path(ghost);
        self.union.find(&path).is_some_and(|twin| !self.union.node(twin).is_ghost())
    }
}
