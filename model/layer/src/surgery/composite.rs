//! Several layers as one: what they do, taken together, to whatever lies below them.

use std::{collections::BTreeMap, ops::Bound};

use crate::{EntryId, Kind, LayerIndex, LayerPath, Stack};

/// An entry of a layer of a stack.
pub(super) type Source = (usize, EntryId);

/// What layers do at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// They delete it; the layer that did so last.
    Gone(usize),
    /// They have anything but a directory there.
    Leaf(Source),
    /// They have a directory there.
    Directory {
        /// Where its metadata are from.
        shown: Source,
        /// Its metadata are to be seen: not those of a directory below.
        listed: bool,
        /// The layer that hid what is below in it.
        opaque: Option<usize>,
    },
}

/// What layers do, by path, in the order of a tree. The root is always there.
#[derive(Debug)]
pub(super) struct Composite {
    pub(super) at: BTreeMap<LayerPath, Deed>,
}

impl Composite {
    /// What the layers of `stack` at `positions`, bottom first, do.
    pub(super) fn of(stack: &Stack, positions: impl IntoIterator<Item = usize>) -> Self {
        let mut composite = Self { at: BTreeMap::new() };
        for position in positions {
            composite.add(stack.layer(position), position);
        }
        composite
    }

    fn add(&mut self, layer: &LayerIndex, position: usize) {
        for entry in layer.entries() {
            let path = entry.path();
            let source = (position, entry.id());
            let deed = match entry.kind() {
                Kind::Whiteout => {
                    self.clear(&path);
                    Deed::Gone(position)
                }
                Kind::Directory => {
                    // The root is never deleted, so nothing hides it.
                    let hides = entry.hides_below() && !path.is_root();
                    if hides || entry.is_opaque() {
                        self.clear(&path);
                    }
                    let listed = !entry.is_implied();
                    let mark = (hides || entry.is_opaque()).then_some(position);
                    match self.at.get(&path) {
                        Some(Deed::Directory { shown, listed: before, opaque }) if !hides => {
                            Deed::Directory {
                                shown: if listed { source } else { *shown },
                                listed: listed || *before,
                                opaque: mark.or(*opaque),
                            }
                        }
                        None if !hides => Deed::Directory { shown: source, listed, opaque: mark },
                        // It is a new one, whatever is below.
                        _ => Deed::Directory { shown: source, listed: true, opaque: Some(position) },
                    }
                }
                _ => {
                    self.clear(&path);
                    Deed::Leaf(source)
                }
            };
            self.at.insert(path, deed);
        }
    }

    /// Forgets everything in `directory`.
    fn clear(&mut self, directory: &LayerPath) {
        let after = (Bound::Excluded(directory), Bound::Unbounded);
        let inside = self.at.range(after).take_while(|(path, _)| path.is_below(directory));
        let doomed: Vec<LayerPath> = inside.map(|(path, _)| path.clone()).collect();
        for path in doomed {
            self.at.remove(&path);
        }
    }
}
