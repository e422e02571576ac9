//! Unions against a model that does everything by whole paths in maps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use strata_layer::{
    Change, Deed, EntryId, EntryRef, Kind, LayerPath, LayerSet, Node, Stack, Union, blame, compare,
};

use crate::stacks;

/// Where something is from.
type Version = (usize, EntryId);

#[derive(Clone, Default)]
struct Model {
    live: BTreeMap<LayerPath, Version>,
    /// What was hidden, with its path and who hid it, oldest first.
    ghosts: Vec<(LayerPath, Version, usize)>,
}

impl Model {
    fn of(stack: &Stack, layers: impl Iterator<Item = usize>) -> Self {
        let mut model = Self::default();
        for layer in layers {
            model.apply(stack, layer);
        }
        model
    }

    fn apply(&mut self, stack: &Stack, layer: usize) {
        let index = stack.layer(layer);
        for entry in index.entries() {
            let path = entry.path();
            let directory = entry.kind() == Kind::Directory;
            let is_directory = |version: &Version| entry_of(stack, *version).kind() == Kind::Directory;
            let replaces = match self.live.get(&path) {
                Some(below) => !directory || !is_directory(below),
                None => false,
            };
            if replaces || entry.hides_below() && !path.is_root() {
                self.hide(|at| *at == path, layer);
            }
            if replaces || entry.hides_below() || entry.is_opaque() {
                self.hide(|at| is_below(at, &path), layer);
            }
        }
        for entry in index.entries().filter(|entry| entry.kind() != Kind::Whiteout) {
            let path = entry.path();
            if !entry.is_implied() || !self.live.contains_key(&path) {
                self.live.insert(path, (layer, entry.id()));
            }
        }
    }

    fn hide(&mut self, which: impl Fn(&LayerPath) -> bool, by: usize) {
        let hidden: Vec<_> =
            self.live.iter().filter(|(path, _)| which(path)).map(|(path, at)| (path.clone(), *at)).collect();
        for (path, version) in hidden {
            self.live.remove(&path);
            self.ghosts.push((path, version, by));
        }
    }

    /// Of the ghosts of directories only the last of a path stays, and none where there is a directory again.
    fn rows(&self, stack: &Stack) -> BTreeSet<(LayerPath, Version, Option<usize>)> {
        let directory = |version: &Version| entry_of(stack, *version).kind() == Kind::Directory;
        let mut rows: BTreeSet<_> =
            self.live.iter().map(|(path, version)| (path.clone(), *version, None)).collect();
        for (at, (path, version, by)) in self.ghosts.iter().enumerate() {
            let again = self.live.get(path).is_some_and(directory)
                || self.ghosts[at + 1..]
                    .iter()
                    .any(|(later, version, _)| later == path && directory(version));
            if !directory(version) || !again {
                rows.insert((path.clone(), *version, Some(*by)));
            }
        }
        rows
    }

    /// As [`Node::change`] is defined.
    fn change(&self, stack: &Stack, base: &Self, row: &(LayerPath, Version, Option<usize>)) -> Change {
        let (path, version, hidden_by) = row;
        let kind = |version: &Version| entry_of(stack, *version).kind();
        let before = base.live.get(path);
        if hidden_by.is_some() {
            let was_it = before.is_some_and(|before| {
                before == version || kind(before) == Kind::Directory && kind(version) == Kind::Directory
            });
            return if was_it && !self.live.contains_key(path) { Change::Deleted } else { Change::Unchanged };
        }
        match before {
            None => Change::Added,
            Some(before) => {
                let (before, after) = (entry_of(stack, *before), entry_of(stack, *version));
                match (before.same_content(after), before.same_metadata(after)) {
                    (false, _) => Change::Modified,
                    (true, false) => Change::Metadata,
                    (true, true) => Change::Unchanged,
                }
            }
        }
    }
}

fn entry_of(stack: &Stack, (layer, entry): Version) -> EntryRef<'_> {
    stack.layer(layer).entry(entry)
}

fn is_below(path: &LayerPath, directory: &LayerPath) -> bool {
    let (path, directory) = (path.as_bytes(), directory.as_bytes());
    match directory {
        [] => !path.is_empty(),
        _ => path.starts_with(directory) && path.get(directory.len()) == Some(&b'/'),
    }
}

/// That the flat list is a tree: parents, depths, spans and order fit.
fn check_shape(union: &Union) {
    for (id, node) in union.nodes().iter().enumerate().skip(1) {
        let parent = union.node(node.parent);
        assert!((node.parent as usize) < id && id < (node.parent + parent.span) as usize);
        assert_eq!(node.depth, parent.depth + 1);
        assert!(id + node.span as usize <= (node.parent + parent.span) as usize);
        let children: Vec<u32> = union.children(id as u32).collect();
        let sum = |of: fn(&Node) -> u64| children.iter().map(|child| of(union.node(*child))).sum::<u64>();
        assert_eq!(u64::from(node.span), 1 + sum(|node| u64::from(node.span)));
        for pair in children.windows(2) {
            let key = |node: u32| {
                let hidden_by = union.node(node).hidden_by;
                (union.name(node).to_vec(), hidden_by.is_some(), std::cmp::Reverse(hidden_by))
            };
            assert!(key(pair[0]) <= key(pair[1]));
        }
    }
}

/// That a directory's sums are those of what shares its fate.
fn check_sums(union: &Union) {
    for (id, node) in union.nodes().iter().enumerate() {
        let id = id as u32;
        let below = || (id + 1..id + node.span).map(|at| (at, union.node(at)));
        let shares = |at: u32| {
            let mut at = at;
            while at != id && union.node(at).hidden_by == node.hidden_by {
                at = union.node(at).parent;
            }
            at == id
        };
        let own = |at: u32| union.entry(at).own_size();
        let size = own(id) + below().filter(|(at, _)| shares(*at)).map(|(at, _)| own(at)).sum::<u64>();
        assert_eq!(node.size, size);
        assert_eq!(node.count as usize, below().filter(|(at, _)| shares(*at)).count());
        assert_eq!(
            node.changes as usize,
            below().filter(|(_, below)| below.change != Change::Unchanged).count()
        );
        let ghosts = below().chain([(id, node)]).filter(|(_, node)| node.is_ghost());
        assert_eq!(node.ghost_size, ghosts.map(|(at, _)| own(at)).sum::<u64>());
    }
}

fn stack_of(layers: &[Vec<stacks::Op>]) -> Stack {
    let tars: Vec<Vec<u8>> = layers.iter().map(|ops| stacks::tar(ops)).collect();
    Stack::new(stacks::indexes(&tars))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn equals_the_model(layers in stacks::stack(6, 14), on: u8, since in 0_usize..7) {
        let stack = stack_of(&layers);
        let mut enabled = LayerSet::all(stack.len());
        (0..stack.len()).filter(|layer| on >> layer & 1 == 1).for_each(|layer| enabled.set(layer, false));
        let union = Union::since(&stack, &enabled, since);
        check_shape(&union);
        check_sums(&union);
        let model = Model::of(&stack, enabled.iter());
        let base = Model::of(&stack, enabled.iter().take_while(|layer| *layer < since));
        let mut rows = model.rows(&stack);
        if enabled.is_empty() {
            rows.insert((LayerPath::root(), (0, 0), None));
        }
        let mut seen = BTreeSet::new();
        for (id, node) in union.nodes().iter().enumerate() {
            let version = (node.layer as usize, node.entry);
            let row = (union.path(id as u32), version, node.hidden_by.map(|layer| layer as usize));
            let change = if id == 0 { node.change } else { model.change(&stack, &base, &row) };
            prop_assert_eq!(node.change, change, "{:?}", &row);
            seen.insert(row);
        }
        prop_assert_eq!(seen.len(), union.len());
        prop_assert_eq!(seen, rows);
    }

    #[test]
    fn blame_tells_what_the_model_does(layers in stacks::stack(6, 14)) {
        let stack = stack_of(&layers);
        let models: Vec<Model> = (0..=stack.len()).map(|top| Model::of(&stack, 0..top)).collect();
        let paths: BTreeSet<LayerPath> = models.iter().flat_map(|model| model.live.keys().cloned()).collect();
        for path in paths.iter().filter(|path| !path.is_root()) {
            let story = blame(&stack, path);
            for layer in 0..stack.len() {
                let (before, after) = (models[layer].live.get(path), models[layer + 1].live.get(path));
                let touch = story.iter().find(|touch| touch.layer == layer);
                let deed = touch.map(|touch| touch.deed);
                match (before, after) {
                    (None, None) => prop_assert_eq!(deed, None),
                    (None, Some(_)) => prop_assert_eq!(deed, Some(Deed::Added)),
                    (Some(_), None) => prop_assert!(matches!(deed, Some(Deed::Deleted(_))), "{:?}", deed),
                    (Some(before), Some(after)) if before == after => prop_assert_eq!(deed, None),
                    (Some(before), Some(after)) => {
                        let (before, after) = (entry_of(&stack, *before), entry_of(&stack, *after));
                        let expected = match (before.same_content(after), before.same_metadata(after)) {
                            (false, _) => Deed::Modified,
                            (true, false) => Deed::Metadata,
                            (true, true) => Deed::Same,
                        };
                        prop_assert_eq!(deed, Some(expected));
                    }
                }
            }
        }
    }

    #[test]
    fn compare_finds_what_differs(before in stacks::stack(3, 14), after in stacks::stack(3, 14)) {
        let (before, after) = (stack_of(&before), stack_of(&after));
        let live = |stack: &Stack| Model::of(stack, 0..stack.len()).live;
        let (old, new) = (live(&before), live(&after));
        let mut expected = BTreeMap::new();
        for path in old.keys().chain(new.keys()).filter(|path| !path.is_root()) {
            let change = match (old.get(path), new.get(path)) {
                (None, _) => Change::Added,
                (_, None) => Change::Deleted,
                (Some(old), Some(new)) => {
                    let (old, new) = (entry_of(&before, *old), entry_of(&after, *new));
                    match (old.same_content(new), old.same_metadata(new)) {
                        (false, _) => Change::Modified,
                        (true, false) => Change::Metadata,
                        (true, true) => continue,
                    }
                }
            };
            expected.insert(path.clone(), change);
        }
        let differences = compare(&before, &after);
        let sorted = differences.is_sorted_by(|a, b| a.path < b.path);
        prop_assert!(sorted);
        let found: BTreeMap<_, _> = differences.into_iter().map(|found| (found.path, found.change)).collect();
        prop_assert_eq!(found, expected);
    }
}
