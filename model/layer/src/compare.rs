//! How two images differ in what a container would see.

use std::cmp::Ordering;

use crate::{Change, EntryId, LayerPath, LayerSet, NodeId, Stack, Union, union::difference};

/// Where a side of a comparison has a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The layer's place in its stack, 0 at the bottom.
    pub layer: usize,
    /// The entry in that layer.
    pub entry: EntryId,
    /// Bytes of its content.
    pub size: u64,
}

/// A path that differs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Difference {
    /// The path.
    pub path: LayerPath,
    /// What happened on the way from the one image to the other; never [`Change::Unchanged`].
    pub change: Change,
    /// Where the first image has it.
    pub before: Option<Place>,
    /// Where the second image has it.
    pub after: Option<Place>,
}

/// What was added, deleted or modified on the way from one image to another, sorted by path.
pub fn compare(before: &Stack, after: &Stack) -> Vec<Difference> {
    let live = |stack: &Stack| Union::of(stack, &LayerSet::all(stack.len()));
    let (before, after) = (live(before), live(after));
    let mut differences = Vec::new();
    let (mut left, mut right) = (Walk::new(&before), Walk::new(&after));
    loop {
        let (change, sides) = match (left.node, right.node) {
            (None, None) => return differences,
            (Some(_), None) => (Change::Deleted, (true, false)),
            (None, Some(_)) => (Change::Added, (false, true)),
            (Some(old), Some(new)) => match left.cmp(&right) {
                Ordering::Less => (Change::Deleted, (true, false)),
                Ordering::Greater => (Change::Added, (false, true)),
                Ordering::Equal => (difference(before.entry(old), after.entry(new)), (true, true)),
            },
        };
        if change != Change::Unchanged {
            let path = if sides.0 { left.path() } else { right.path() };
            let old = left.node.filter(|_| sides.0).map(|node| place(&before, node));
            let new = right.node.filter(|_| sides.1).map(|node| place(&after, node));
            differences.push(Difference { path, change, before: old, after: new });
        }
        if sides.0 {
            left.step();
        }
        if sides.1 {
            right.step();
        }
    }
}

fn place(union: &Union, node: NodeId) -> Place {
    let entry = union.entry(node);
    Place { layer: union.node(node).layer as usize, entry: entry.id(), size: entry.size() }
}

/// The live nodes of a union in order, with the names on the way to the one at hand.
struct Walk<'a> {
    union: &'a Union,
    node: Option<NodeId>,
    names: Vec<&'a [u8]>,
}

impl<'a> Walk<'a> {
    fn new(union: &'a Union) -> Self {
        let mut walk = Self { union, node: Some(0), names: Vec::new() };
        walk.step();
        walk
    }

    fn step(&mut self) {
        let mut next = self.node.map_or(0, |node| node + 1);
        while let Some(node) = self.union.nodes().get(next as usize) {
            if node.is_ghost() {
                next += node.span;
                continue;
            }
            self.names.truncate(usize::from(node.depth).saturating_sub(1));
            self.names.push(self.union.name(next));
            self.node = Some(next);
            return;
        }
        self.node = None;
    }

    /// As [`LayerPath`]s compare.
    fn cmp(&self, other: &Walk<'_>) -> Ordering {
        self.names.iter().copied().cmp(other.names.iter().copied())
    }

    fn path(&self) -> LayerPath {
        LayerPath::trusted(&self.names.join(&b'/'))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::testing::{Step, stack};

    #[test]
    fn lists_what_differs() {
        use Step::{Chmod, Dir, File, Whiteout};
        let before =
            stack(&[&[Dir("a"), File("a/b", "1"), File("a/c", "2"), File("d", "3"), File("x", "same")]]);
        let after = stack(&[
            &[Dir("a"), File("a/b", "1"), File("gone", ""), Chmod("x", "same")],
            &[File("a/b", "other"), Whiteout("gone"), Dir("d"), File("d/e", "4"), File("a-", "5")],
        ]);
        let letters = |before: &Stack, after: &Stack| -> Vec<String> {
            let differences = compare(before, after).into_iter();
            differences
                .map(|difference| format!("{} {}", difference.change.letter(), difference.path))
                .collect()
        };
        assert_eq!(letters(&before, &after), ["M a/b", "D a/c", "A a-", "M d", "A d/e", "m x"]);
        assert_eq!(letters(&after, &before), ["M a/b", "A a/c", "D a-", "M d", "D d/e", "m x"]);
        assert_eq!(compare(&after, &after), []);
    }
}
