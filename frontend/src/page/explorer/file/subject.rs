//! Which version of which file is looked at.

use leptos::prelude::*;
use strata_layer::{EntryId, EntryRef, Kind, LayerPath};
use strata_oci::DiffId;

use super::Explorer;
use crate::page::explorer::outside;

/// A version of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Its path.
    pub path: Vec<u8>,
    /// The layer that has it, by place.
    pub layer: usize,
    /// The same, by digest.
    pub diff_id: DiffId,
    /// Its entry there.
    pub entry: EntryId,
    /// What it is.
    pub kind: Kind,
    /// Bytes of its content.
    pub size: u64,
    /// Whether there are bytes to look at: not so for a hard link to a symlink.
    pub has_content: bool,
    /// Whether no container would see this version.
    pub ghost: bool,
    /// The image of a registry that has the layer, if it isn't here.
    pub source: Option<String>,
    /// Where a link leads inside the image, if it leads anywhere.
    pub resolved: Option<Vec<u8>>,
}

impl Subject {
    /// What the address names, tracked: the version of a layer, or else what the tree shows.
    pub fn of(explorer: Explorer) -> Option<Self> {
        let selected = explorer.selected();
        let (path, from) = explorer.view.with(|view| (view.path.clone(), view.from));
        let stack = explorer.stack.get()?;
        let wanted = LayerPath::parse(&path).ok().filter(|path| !path.is_root())?;
        let shown = selected
            .and_then(|node| explorer.with_tree(|tree| *tree.union().node(node)))
            .map(|node| (node.layer as usize, node.entry, node.is_ghost()));
        let named = from
            .filter(|layer| *layer < stack.len())
            .and_then(|layer| Some((layer, stack.layer(layer).get(&wanted)?.id())));
        let (layer, entry, ghost) = match (named, shown) {
            (Some((layer, entry)), Some(shown)) => (layer, entry, shown.0 != layer || shown.2),
            (Some((layer, entry)), None) => (layer, entry, true),
            (None, shown) => shown?,
        };
        let diff_id = explorer
            .detail
            .with(|detail| detail.as_ref().and_then(|detail| detail.card.layers.get(layer).cloned()))?;
        let entry = stack.layer(layer).entry(entry);
        Some(Self {
            layer,
            diff_id,
            entry: entry.id(),
            kind: entry.kind(),
            size: entry.size(),
            has_content: entry.resolved_kind() == Kind::File,
            ghost,
            source: outside::source(),
            resolved: leads(explorer, entry, &path),
            path,
        })
    }

    /// Where the bytes of its content are.
    pub fn url(&self) -> String {
        let encode = strata_api::path::encode;
        let from = self.source.as_ref().map(|from| format!("&from={}", encode(from.as_bytes())));
        format!("/api/layers/{}/file?path={}{}", self.diff_id, encode(&self.path), from.unwrap_or_default())
    }

    /// Its name, for a download: nothing that a file system or a dialog would trip over.
    pub fn file_name(&self) -> String {
        let name = self.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let shown = String::from_utf8_lossy(name);
        shown
            .chars()
            .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '+') { c } else { '_' })
            .collect()
    }
}

fn leads(explorer: Explorer, entry: EntryRef<'_>, path: &[u8]) -> Option<Vec<u8>> {
    match entry.kind() {
        Kind::Symlink => explorer.with_tree(|tree| {
            let node = tree.union().follow(path)?;
            Some(tree.union().path(node).as_bytes().to_vec())
        })?,
        Kind::Hardlink => Some(entry.hardlink()?.path().as_bytes().to_vec()),
        _ => None,
    }
}
