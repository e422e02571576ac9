//! The models behind a few functions, so that node can time them as WebAssembly.

mod typing;

use std::sync::Arc;

use strata_layer::{LayerIndex, LayerSet, Stack, Union};
use wasm_bindgen::prelude::*;

/// A stack that is built up and then united.
#[wasm_bindgen]
#[derive(Default)]
pub struct Bench {
    layers: Vec<Arc<LayerIndex>>,
    stack: Option<Stack>,
}

#[wasm_bindgen]
impl Bench {
    /// Without layers.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an encoded index on top; gives the number of its entries.
    pub fn add(&mut self, index: &[u8]) -> Result<usize, JsError> {
        let index = LayerIndex::decode(index)?;
        let entries = index.len();
        self.layers.push(Arc::new(index));
        self.stack = Some(Stack::new(self.layers.clone()));
        Ok(entries)
    }

    /// Unites all layers except `off`; gives the number of nodes.
    pub fn unite(&self, off: Option<usize>) -> usize {
        let Some(stack) = &self.stack else { return 0 };
        let mut enabled = LayerSet::all(stack.len());
        if let Some(off) = off {
            enabled.set(off, false);
        }
        Union::of(stack, &enabled).len()
    }
}
