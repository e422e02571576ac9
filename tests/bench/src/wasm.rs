//! What runs as WebAssembly in node, compiled as the page is.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use strata_tests::run;

use crate::stage;

/// Compiles `strata-bench-wasm` into a directory; gives the module that node loads.
pub fn compile(to: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let profile = ["--profile", "wasm-release", "--target", "wasm32-unknown-unknown"];
    let status = Command::new(cargo)
        .current_dir(stage::root())
        .args(["build", "--package", "strata-bench-wasm"])
        .args(profile)
        .status();
    ensure!(status.context("cannot run cargo")?.success(), "strata-bench-wasm doesn't compile");
    let wasm = stage::target().join("wasm32-unknown-unknown/wasm-release/strata_bench_wasm.wasm");
    run(Command::new("wasm-bindgen").args(["--target", "nodejs", "--out-dir"]).arg(to).arg(wasm)).ok();
    Ok(to.join("strata_bench_wasm.js"))
}
