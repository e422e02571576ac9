//! Any text: parsed, linted, formatted, forecast. Nothing panics, nothing takes long, and what holds for every text (the same
//! that the suite of random texts asks for) holds.
#![no_main]

use std::time::{Duration, Instant};

#[path = "../../tests/corpus/shape.rs"]
mod shape;

/// Longest that a text of a few thousand bytes may take: a hundred times what the slowest take, in a program that is slowed down
/// by counting its branches.
const LONGEST: Duration = Duration::from_secs(2);

libfuzzer_sys::fuzz_target!(|text: &str| {
    let begun = Instant::now();
    shape::check(text);
    let took = begun.elapsed();
    assert!(took < LONGEST, "{took:?} for {} bytes", text.len());
});
