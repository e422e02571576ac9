//! The layers of an image, and which of them are looked at.

use std::sync::Arc;

use crate::LayerIndex;

/// The layers of an image, bottom first. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    layers: Vec<Arc<LayerIndex>>,
}

impl Stack {
    /// The layers, bottom first.
    pub fn new(layers: Vec<Arc<LayerIndex>>) -> Self {
        Self { layers }
    }

    /// How many layers there are.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there is no layer.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The layers, bottom first.
    pub fn layers(&self) -> &[Arc<LayerIndex>] {
        &self.layers
    }

    /// A layer by its place, 0 at the bottom. Panics if there is none.
    pub fn layer(&self, position: usize) -> &LayerIndex {
        &self.layers[position]
    }
}

/// Which layers of a stack are switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSet {
    on: Vec<bool>,
}

impl LayerSet {
    /// All of `count` layers.
    pub fn all(count: usize) -> Self {
        Self { on: vec![true; count] }
    }

    /// None of `count` layers.
    pub fn none(count: usize) -> Self {
        Self { on: vec![false; count] }
    }

    /// Of `count` layers the lowest, up to and with `top`.
    pub fn up_to(count: usize, top: usize) -> Self {
        Self { on: (0..count).map(|position| position <= top).collect() }
    }

    /// Whether a layer is on.
    pub fn contains(&self, position: usize) -> bool {
        self.on.get(position).copied().unwrap_or(false)
    }

    /// Switches a layer on or off.
    pub fn set(&mut self, position: usize, on: bool) {
        if let Some(slot) = self.on.get_mut(position) {
            *slot = on;
        }
    }

    /// Switches a layer over.
    pub fn toggle(&mut self, position: usize) {
        self.set(position, !self.contains(position));
    }

    /// The layers that are on, bottom first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.on.iter().enumerate().filter_map(|(position, on)| on.then_some(position))
    }

    /// The highest layer that is on.
    pub fn top(&self) -> Option<usize> {
        self.iter().next_back()
    }

    /// How many layers there are, on or off.
    pub fn len(&self) -> usize {
        self.on.len()
    }

    /// Whether no layer is on.
    pub fn is_empty(&self) -> bool {
        self.top().is_none()
    }
}
