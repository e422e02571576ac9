//! The union of 300,000 entries, as WebAssembly in node, compiled as the page is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use strata_layer::{Limits, read_layer};
use strata_tests::{Scratch, run};

use crate::{clock, report::Report, stage};

/// Entries of the three layers: a large base and two that overlap it.
const LAYERS: [(u64, u64); 3] = [(1, 180_000), (1, 60_000), (2, 50_000)];

/// Compiles, runs and reports.
pub fn measure(report: &mut Report) -> Result<()> {
    let scratch = Scratch::new("union");
    let module = compile(scratch.path())?;
    let mut indexes = Vec::new();
    for (number, (seed, files)) in LAYERS.into_iter().enumerate() {
        let mut tar = Vec::new();
        strata_forge::index_sample(seed, files, &mut tar)?;
        let path = scratch.join(format!("{number}.index"));
        fs::write(&path, read_layer(tar.as_slice(), &Limits::default(), &mut ())?.encode())?;
        indexes.push(path);
    }
    let script = stage::root().join("tests/bench/src/union.js");
    let timed = run(Command::new("node").arg(script).arg(module).args(&indexes)).ok().json();
    let times = |name: &str| -> Vec<f64> {
        timed[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let entries = timed["entries"].as_u64().unwrap_or(0);
    ensure!(entries >= 290_000, "only {entries} entries");
    let what = format!("union of {entries} entries");
    report.add(&what, "wasm in node", "decode", timed["decode"].as_f64().unwrap_or(f64::NAN), "ms");
    report.add_limited(&what, "wasm in node", "all layers", clock::median(times("all")), "ms", 50.0);
    report.add_limited(&what, "wasm in node", "one off", clock::median(times("without")), "ms", 50.0);
    let size: u64 = indexes.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum();
    report.add(&what, "strata", "index", size as f64 / 1e6, "MB");
    Ok(())
}

fn compile(to: &Path) -> Result<PathBuf> {
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
