//! The union of 300,000 entries, as WebAssembly in node, compiled as the page is.

use std::{fs, process::Command};

use anyhow::{Result, ensure};
use serde_json::Value;
use strata_layer::{Limits, read_layer};
use strata_tests::{Scratch, run};

use crate::{clock, report::Report, stage, wasm};

/// Entries of the three layers: a large base and two that overlap it.
const LAYERS: [(u64, u64); 3] = [(1, 180_000), (1, 60_000), (2, 50_000)];

/// Compiles, runs and reports.
pub fn measure(report: &mut Report) -> Result<()> {
    let scratch = Scratch::new("union");
    let module = wasm::compile(scratch.path())?;
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
