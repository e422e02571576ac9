//! What an image ships in vain.

mod duplicates;
mod layer;
mod trie;

use layer::Listing;
use trie::{PathId, Trie};

pub use duplicates::{Copies, CopyUp, copy_ups, duplicates};

use crate::Stack;

/// What an image ships in vain, by the definitions of dive 0.13.1 and equal to its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Waste {
    /// 1.0 if every path is shipped once.
    pub efficiency: f64,
    /// Bytes of all paths that are shipped more than once.
    pub wasted: u64,
    /// `wasted` as a part of `user`; 0 without waste. Infinite if there is waste and `user` is 0.
    pub wasted_of_user: f64,
    /// Bytes of all layers, by the sizes in their headers.
    pub total: u64,
    /// Bytes of all layers above the lowest.
    pub user: u64,
    /// The paths that are shipped more than once, most bytes first, then by path.
    pub paths: Vec<WastedPath>,
}

/// A path that is shipped more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WastedPath {
    /// The path, without a leading slash. Dive sees names that no layer can have, so it is not a `LayerPath`.
    pub path: Box<[u8]>,
    /// Bytes over all layers.
    pub bytes: u64,
    /// The layers that have it, bottom first, with the bytes that each adds. A whiteout adds the size of the
    /// directory that it deletes, and nothing for a file.
    pub layers: Vec<(usize, u64)>,
}

/// Dive's efficiency and wasted bytes.
///
/// Dive looks at the leaves of each layer's tree: files, whiteouts, empty directories. A path's bytes are the sum of
/// its leaves over all layers; a whiteout counts as the directory that it deletes. Efficiency is the sum of each
/// path's smallest leaf, by the sum of all. Waste is the bytes of paths with more than one leaf. Its peculiarities
/// are kept, as people compare the numbers:
///
/// - Opaque markers do not exist, and a directory without an entry of its own counts as a file when deleted.
/// - A file in place of a directory keeps the directory's children, and loses them only with a whiteout.
/// - What the whiteouts of the lowest layer mean is looked up in that layer itself, whiteouts included.
/// - A whiteout of what is not there ends the counting of its layer; its path, if it has no other leaf, takes a
///   byte off the smallest sizes.
pub fn waste(stack: &Stack) -> Waste {
    let mut trie = Trie::default();
    let mut leaves: Vec<Leaf> = Vec::new();
    for (layer, index) in stack.layers().iter().enumerate() {
        let listing = Listing::of(index);
        let places = trie.places(&listing);
        if layer == 0 {
            listing
                .nodes
                .iter()
                .zip(&places)
                .for_each(|(node, place)| trie.add(*place, node.size, node.directory));
        }
        count(layer, &listing, &places, &mut trie, &mut leaves);
        for (node, place) in listing.nodes.iter().zip(&places) {
            match node.whiteout {
                true => trie.whited_out(*place).into_iter().for_each(|path| trie.remove(path)),
                false => trie.add(*place, node.size, node.directory),
            }
        }
    }
    let claimed = || stack.layers().iter().map(|index| index.totals().claimed);
    sum(&trie, leaves, claimed().sum(), claimed().skip(1).sum())
}

/// A leaf that dive counted.
#[derive(Clone, Copy)]
struct Leaf {
    path: PathId,
    layer: u32,
    /// Nothing for the whiteout that ended the counting.
    size: Option<u64>,
}

/// Counts the leaves of a layer on top of those below it.
fn count(layer: usize, listing: &Listing<'_>, places: &[PathId], trie: &mut Trie, leaves: &mut Vec<Leaf>) {
    for (at, node) in listing.nodes.iter().enumerate() {
        let leaf = listing.nodes.get(at + 1).is_none_or(|next| next.depth <= node.depth);
        if !leaf {
            continue;
        }
        let (path, size) = match node.whiteout {
            false => (places[at], Some(node.size)),
            true => {
                let path = trie.deleted(places[at]);
                (path, trie.deleted_size(path))
            }
        };
        leaves.push(Leaf { path, layer: layer as u32, size });
        if size.is_none() {
            return;
        }
    }
}

fn sum(trie: &Trie, mut leaves: Vec<Leaf>, total: u64, user: u64) -> Waste {
    leaves.sort_by_key(|leaf| (leaf.path, leaf.layer));
    let (mut smallest, mut all, mut wasted) = (0_i64, 0_i64, 0_u64);
    let mut paths = Vec::new();
    for same in leaves.chunk_by(|a, b| a.path == b.path) {
        let sizes = || same.iter().filter_map(|leaf| leaf.size);
        let bytes = sizes().fold(0_u64, u64::wrapping_add);
        smallest = smallest.wrapping_add(sizes().min().map_or(-1, u64::cast_signed));
        all = all.wrapping_add(bytes.cast_signed());
        if sizes().count() > 1 {
            wasted = wasted.wrapping_add(bytes);
            let layers = same.iter().filter_map(|leaf| Some((leaf.layer as usize, leaf.size?))).collect();
            paths.push(WastedPath { path: trie.path(same[0].path).into(), bytes, layers });
        }
    }
    paths.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    Waste {
        efficiency: if all == 0 { 1.0 } else { smallest as f64 / all as f64 },
        wasted,
        wasted_of_user: if wasted == 0 { 0.0 } else { wasted as f64 / user as f64 },
        total,
        user,
        paths,
    }
}
