//! `cargo xtask bench`: everything that the benchmarks need, then the benchmarks.

use anyhow::Result;

use crate::{
    build,
    setup::{self, For},
    shell::{cargo, run},
};

/// Sets up, builds and measures.
pub fn bench(arguments: &[String]) -> Result<()> {
    setup::setup(For::Test)?;
    let strata = build::build()?;
    run(cargo()
        .args(["run", "--profile", "measure", "--package", "strata-bench", "--"])
        .args(arguments)
        .env("STRATA_BIN", strata)
        .env("STRATA_DIVE", setup::dive()))
}
