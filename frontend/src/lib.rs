//! The page of Strata.
//!
//! What the page knows and decides is here without a browser: addresses, what a name looks like, which rows a tree
//! has, what a key does. It is tested natively. What is seen and clicked is in `page`, which exists in a browser only.
//! `frontend/TESTIDS.md` lists what tests of the whole page can hold on to.

pub mod address;
pub mod containers;
pub mod content;
pub mod diff;
pub mod figures;
pub mod glob;
pub mod heat;
pub mod hex;
pub mod hues;
pub mod instruction;
pub mod keymap;
pub mod loading;
pub mod logs;
pub mod moments;
pub mod names;
pub mod outside;
pub mod palette;
pub mod pulling;
pub mod pushing;
pub mod registry;
pub mod run;
pub mod searching;
pub mod sharing;
pub mod sheets;
pub mod shelf;
pub mod stats;
pub mod status;
pub mod sums;
pub mod text;
pub mod theatre;
pub mod tree;
pub mod upper;
pub mod words;
pub mod workshop;

#[cfg(target_arch = "wasm32")]
pub mod page;

#[cfg(test)]
mod fixture;
