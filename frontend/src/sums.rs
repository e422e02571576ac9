//! What the layers of an image add up to.

use strata_layer::{Union, copy_ups};

/// Sums over an image, from the union of all of its layers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Bytes of all layers' files.
    pub total: u64,
    /// Bytes that are shipped but that no container sees.
    pub hidden: u64,
    /// Bytes shipped again because only their owner, mode or time changed.
    pub metadata: u64,
    /// By layer: bytes of lower layers that it hides.
    pub hides: Vec<u64>,
    /// By layer: bytes of its own that a higher layer hides.
    pub lost: Vec<u64>,
}

/// Adds up a union in which all layers are on.
pub fn sums(union: &Union) -> Sums {
    let layers = union.stack().len();
    let mut sums = Sums { hides: vec![0; layers], lost: vec![0; layers], ..Sums::default() };
    sums.metadata = copy_ups(union.stack()).iter().map(|copy| copy.size).sum();
    sums.total = union.stack().layers().iter().map(|layer| layer.totals().bytes).sum();
    for (id, node) in union.nodes().iter().enumerate() {
        let Some(by) = node.hidden_by else { continue };
        let bytes = union.entry(id as u32).own_size();
        sums.hidden += bytes;
        if let Some(hides) = sums.hides.get_mut(by as usize) {
            *hides += bytes;
        }
        if let Some(lost) = sums.lost.get_mut(node.layer as usize) {
            *lost += bytes;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use strata_layer::{LayerSet, Stack};

    use super::*;
    use crate::fixture::layer;

    #[test]
    fn what_is_hidden_is_counted_once_and_has_a_culprit() {
        let stack = Stack::new(vec![
            layer(&[("a", 10), ("d/", 0), ("d/b", 100), ("d/c", 1000)]),
            layer(&[("a", 20), ("!d", 0)]),
            layer(&[("!a", 0), ("e", 5)]),
        ]);
        let sums = sums(&Union::of(&stack, &LayerSet::all(3)));
        assert_eq!((sums.total, sums.hidden), (1135, 1130));
        assert_eq!((sums.hides, sums.lost), (vec![0, 1110, 20], vec![1110, 20, 0]));
    }
}
