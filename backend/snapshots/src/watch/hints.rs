//! Where to look, in the order in which it was hinted at.

use std::collections::HashMap;

use strata_layer::LayerPath;

use super::deed::Hint;

/// Paths to look at, each once.
#[derive(Debug, Default)]
pub(super) struct Hints {
    paths: Vec<LayerPath>,
    hints: HashMap<LayerPath, Hint>,
    /// What was moved away, by the kernel's number of the move, until it arrives.
    moving: HashMap<u32, LayerPath>,
    /// More happened than the kernel kept.
    pub lost: bool,
}

impl Hints {
    pub(super) fn at(&mut self, path: LayerPath) -> &mut Hint {
        if !self.hints.contains_key(&path) {
            self.paths.push(path.clone());
        }
        self.hints.entry(path).or_default()
    }

    pub(super) fn moved_away(&mut self, cookie: u32, path: LayerPath) {
        self.moving.insert(cookie, path.clone());
        // What had come here by another move is gone again.
        self.at(path).from = None;
    }

    /// Where something that arrived was before; nothing if it came from elsewhere.
    pub(super) fn arrived(&mut self, cookie: u32, path: LayerPath) -> Option<LayerPath> {
        let from = self.moving.remove(&cookie);
        self.at(path).from.clone_from(&from);
        from
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.lost
    }

    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    pub(super) fn take(&mut self) -> Vec<(LayerPath, Hint)> {
        let mut hints = std::mem::take(&mut self.hints);
        std::mem::take(&mut self.paths)
            .into_iter()
            .map(|path| {
                let hint = hints.remove(&path).unwrap_or_default();
                (path, hint)
            })
            .collect()
    }
}
