//! Waste that dive does not look for.

use crate::{EntryId, LayerSet, Stack, Union};

/// One file's content shipped more than once, under any names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copies {
    /// Bytes of one copy.
    pub size: u64,
    /// Bytes of all copies but one.
    pub wasted: u64,
    /// Layer and entry of each copy, bottom first.
    pub places: Vec<(usize, EntryId)>,
}

/// A file shipped again with the same content, because its owner, mode or time was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyUp {
    /// The layer that ships it again.
    pub layer: usize,
    /// Its entry there.
    pub entry: EntryId,
    /// The layer that has the same content at the same path already.
    pub below: usize,
    /// Bytes shipped again.
    pub size: u64,
}

/// Contents that the layers ship more than once, most wasted bytes first. Equal sizes and hashes count as equal.
pub fn duplicates(stack: &Stack) -> Vec<Copies> {
    let mut files: Vec<(u128, u64, u32, EntryId)> = Vec::new();
    for (layer, index) in stack.layers().iter().enumerate() {
        let contents = index.sizes.iter().zip(&index.hashes).enumerate().filter(|(_, (size, _))| **size > 0);
        files.extend(contents.map(|(id, (size, hash))| (*hash, *size, layer as u32, id as EntryId)));
    }
    files.sort_unstable();
    let same = files.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|same| same.len() > 1);
    let copies = same.map(|same| {
        let size = same[0].1;
        let places = same.iter().map(|(_, _, layer, id)| (*layer as usize, *id)).collect();
        Copies { size, wasted: size.saturating_mul(same.len() as u64 - 1), places }
    });
    let mut copies: Vec<Copies> = copies.collect();
    copies.sort_by(|a, b| b.wasted.cmp(&a.wasted).then_with(|| a.places.cmp(&b.places)));
    copies
}

/// Files whose metadata alone changed, most bytes first.
pub fn copy_ups(stack: &Stack) -> Vec<CopyUp> {
    let union = Union::of(stack, &LayerSet::all(stack.len()));
    let mut found = Vec::new();
    let mut from = 1;
    // The versions of a path stand side by side, the newest first.
    while let Some(node) = union.nodes().get(from as usize) {
        let name = union.name(from);
        let older = from + node.span;
        let below = union.nodes().get(older as usize).filter(|below| below.parent == node.parent);
        if let Some(below) = below.filter(|_| union.name(older) == name) {
            let (new, old) = (union.entry(from), union.entry(older));
            if below.hidden_by == Some(node.layer) && new.own_size() > 0 && new.same_content(old) {
                let (layer, below) = (node.layer as usize, below.layer as usize);
                found.push(CopyUp { layer, entry: new.id(), below, size: new.own_size() });
            }
        }
        from += 1;
    }
    found.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| (a.layer, a.entry).cmp(&(b.layer, b.entry))));
    found
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::testing::{Step, stack};

    #[test]
    fn finds_copies_and_copy_ups() {
        use Step::{Chmod, File, Whiteout};
        let stack = stack(&[
            &[File("a", "content"), File("b", "content"), File("c", "other")],
            &[Chmod("a", "content"), File("c", "changed"), Whiteout("b")],
            &[File("b", "content")],
        ]);
        let copies = duplicates(&stack);
        assert_eq!(copies.len(), 1);
        assert_eq!((copies[0].size, copies[0].wasted), (7, 21));
        assert_eq!(copies[0].places.iter().map(|place| place.0).collect::<Vec<_>>(), [0, 0, 1, 2]);
        let rewritten = copy_ups(&stack);
        assert_eq!(rewritten.len(), 1);
        assert_eq!((rewritten[0].layer, rewritten[0].below, rewritten[0].size), (1, 0, 7));
    }
}
