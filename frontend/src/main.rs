//! Starts the page.

#[cfg(target_arch = "wasm32")]
fn main() {
    strata_page::page::start();
}

/// The page exists in a browser only; natively this package is its tests.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
