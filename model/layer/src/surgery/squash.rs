//! A range of layers → what the one layer has that stands for them.

use std::{collections::HashMap, ops::RangeInclusive};

use super::composite::{Composite, Deed, Source};
use crate::{EntryId, EntryRef, Kind, LayerPath, LayerSet, NodeId, Stack, Union};

/// What a merged layer has, to be written in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// What one of the layers has. A hard link stands for the file itself: its first name of those that are left.
    Entry {
        /// The layer's place in the stack.
        layer: usize,
        /// Its entry there.
        entry: EntryId,
    },
    /// Another name of the file that an earlier row put at `target`.
    Link {
        /// The layer's place in the stack.
        layer: usize,
        /// Its entry there.
        entry: EntryId,
        /// The name that came first.
        target: LayerPath,
    },
    /// The mark that what lies below at a path is deleted.
    Whiteout(LayerPath),
    /// The mark that a directory hides what lies below in it.
    Opaque(LayerPath),
}

/// What the layers of `range` come to as one layer at their place.
///
/// Every union that has none or all of these layers is as before. Whiteouts and opaque marks stay where they hide
/// something below the range, and vanish with what they hid within it; a file that came and went leaves nothing. A
/// directory that no layer lists is listed where it would else not come into being. One that a layer lists and a higher one
/// only implies stays as it is listed, as in every union of indexes; overlay shows such a one as nobody's.
///
/// Panics if the range is empty or leads out of the stack.
pub fn squash(stack: &Stack, range: RangeInclusive<usize>) -> Vec<Row> {
    let (first, last) = (*range.start(), *range.end());
    assert!(first <= last && last < stack.len(), "layers {first} to {last} of {}", stack.len());
    let base = first.checked_sub(1).map(|top| Union::of(stack, &LayerSet::up_to(stack.len(), top)));
    let below = Below { base: base.as_ref() };
    let mut rows = Vec::new();
    let mut names: HashMap<Source, LayerPath> = HashMap::new();
    // The opaque directory that we are in: below it nothing of the base is seen.
    let mut hidden: Option<LayerPath> = None;
    for (path, deed) in &Composite::of(stack, range).at {
        if hidden.as_ref().is_some_and(|directory| !path.is_below(directory)) {
            hidden = None;
        }
        let seen = if hidden.is_some() { None } else { below.live(path) };
        match *deed {
            Deed::Gone(_) if seen.is_some() => rows.push(Row::Whiteout(path.clone())),
            Deed::Gone(_) => {}
            Deed::Leaf(source) => rows.push(leaf(stack, path, source, &mut names)),
            Deed::Directory { shown: (layer, entry), listed, opaque } => {
                let directory = seen.filter(|node| below.is_directory(*node));
                // The root is there without being listed.
                if listed || (directory.is_none() && !path.is_root()) {
                    rows.push(Row::Entry { layer, entry });
                }
                if let (Some(node), Some(_)) = (directory, opaque)
                    && below.has_children(node)
                {
                    rows.push(Row::Opaque(path.clone()));
                }
                if opaque.is_some() && hidden.is_none() {
                    hidden = Some(path.clone());
                }
            }
        }
    }
    rows
}

fn leaf(stack: &Stack, path: &LayerPath, source: Source, names: &mut HashMap<Source, LayerPath>) -> Row {
    let (layer, entry) = source;
    let of = stack.layer(layer).entry(entry);
    let inode = (layer, of.hardlink().map_or(entry, EntryRef::id));
    match names.get(&inode) {
        Some(target) => Row::Link { layer, entry, target: target.clone() },
        None => {
            names.insert(inode, path.clone());
            Row::Entry { layer, entry }
        }
    }
}

/// What is seen below the range.
struct Below<'a> {
    base: Option<&'a Union>,
}

impl Below<'_> {
    fn live(&self, path: &LayerPath) -> Option<NodeId> {
        let base = self.base?;
        base.find(path).filter(|node| !base.node(*node).is_ghost())
    }

    fn is_directory(&self, node: NodeId) -> bool {
        self.base.is_some_and(|base| base.entry(node).kind() == Kind::Directory)
    }

    fn has_children(&self, node: NodeId) -> bool {
        self.base.is_some_and(|base| base.children(node).any(|child| !base.node(child).is_ghost()))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::testing::{Step, stack};

    fn told(stack: &Stack, range: RangeInclusive<usize>) -> Vec<String> {
        let path = |layer: &usize, entry: &EntryId| stack.layer(*layer).entry(*entry).path();
        let tell = |row: &Row| match row {
            Row::Entry { layer, entry } => format!("{layer} {}", path(layer, entry)),
            Row::Link { layer, entry, target } => format!("{layer} {} = {target}", path(layer, entry)),
            Row::Whiteout(path) => format!("- {path}"),
            Row::Opaque(path) => format!("o {path}"),
        };
        squash(stack, range).iter().map(tell).collect()
    }

    #[test]
    fn marks_stay_only_for_what_lies_below() {
        use Step::{Dir, File, Opaque, Whiteout};
        let stack = stack(&[
            &[Dir("d"), File("d/old", "1"), File("e/x", "1"), File("gone", "1"), File("kept", "1")],
            &[File("a", "1"), File("brief", "2"), File("d/new", "1"), Whiteout("kept")],
            &[Whiteout("gone"), Whiteout("brief"), File("kept", "2"), Dir("d"), Opaque("d"), File("d/z", "")],
            &[Whiteout("e"), Whiteout("d"), File("d/again", "1")],
        ]);
        assert_eq!(told(&stack, 1..=2), ["1 a", "2 d", "o d", "2 d/z", "- gone", "2 kept"]);
        assert_eq!(told(&stack, 0..=2), ["1 a", "2 d", "2 d/z", "0 e", "0 e/x", "2 kept"]);
        assert_eq!(told(&stack, 1..=3), ["1 a", "3 d", "o d", "3 d/again", "- e", "- gone", "2 kept"]);
        assert_eq!(told(&stack, 3..=3), ["3 d", "o d", "3 d/again", "- e"]);
    }
}
