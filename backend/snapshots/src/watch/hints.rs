//! Where to look, in the order in which it was hinted at.

use std::collections::HashMap;

use strata_layer::LayerPath;

use super::deed::Hint;

/// Paths to look at, each once.
#[derive(Debug, Default)]
pub(super) struct Hints {
    paths: Vec<LayerPath>,
    hints: HashMap<LayerPath, Hint>,
    /// What was moved here, in the order of the moves.
    arrivals: Vec<LayerPath>,
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
        let hint = self.at(path.clone());
        hint.from.clone_from(&from);
        hint.made |= from.is_none();
        if from.is_some() {
            self.arrivals.push(path);
        }
        from
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && !self.lost
    }

    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    /// Where things arrived, then all else: what moved takes along what is known of it, which would be forgotten with
    /// the place that it left.
    pub(super) fn take(&mut self) -> Vec<(LayerPath, Hint)> {
        let mut hints = std::mem::take(&mut self.hints);
        let mut taken = Vec::with_capacity(hints.len());
        let arrivals = std::mem::take(&mut self.arrivals);
        // Of several arrivals at one place the last counts, when it came.
        let mut last = HashMap::new();
        last.extend(arrivals.iter().enumerate().map(|(number, path)| (path, number)));
        for (number, path) in arrivals.iter().enumerate() {
            let moved = hints.get(path).is_some_and(|hint| hint.from.is_some());
            if moved && last[path] == number {
                taken.extend(hints.remove(path).map(|hint| (path.clone(), hint)));
            }
        }
        let left = std::mem::take(&mut self.paths).into_iter();
        taken.extend(left.filter_map(|path| hints.remove(&path).map(|hint| (path, hint))));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> LayerPath {
        LayerPath::parse(text.as_bytes()).expect("a path")
    }

    #[test]
    fn arrivals_come_first_in_their_order() {
        let mut hints = Hints::default();
        hints.at(path("x")).written = true;
        for (cookie, from, to) in [(1, "a", "b"), (2, "c", "a"), (3, "d", "b")] {
            hints.moved_away(cookie, path(from));
            assert_eq!(hints.arrived(cookie, path(to)), Some(path(from)));
        }
        assert_eq!(hints.arrived(9, path("work")), None);
        let taken = hints.take().into_iter().map(|(path, hint)| (path.to_string(), hint.from.is_some()));
        let expected = [("a", true), ("b", true), ("x", false), ("c", false), ("d", false), ("work", false)];
        assert!(taken.eq(expected.map(|(path, moved)| (path.to_owned(), moved))));
        assert!(hints.is_empty());
    }
}
