//! What the parser makes of texts.
#![cfg(not(target_family = "wasm"))]

mod refused;
