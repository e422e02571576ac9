//! The crate from outside: archives in, numbers and trees out, against other programs and plain models.
#![cfg(not(target_family = "wasm"))]

mod dive;
mod hostile;
mod stacks;
mod surgery;
mod tars;
mod union;
