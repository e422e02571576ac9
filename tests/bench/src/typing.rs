//! What a keystroke in a Dockerfile costs: parse, lint and forecast, as WebAssembly in node.

use std::process::Command;

use anyhow::Result;
use serde_json::Value;
use strata_tests::{Scratch, run};

use crate::{clock, report::Report, stage, wasm};

/// Lines, and the milliseconds that a keystroke may take.
const FILES: [(usize, f64); 2] = [(200, 16.0), (1000, 80.0)];

/// Compiles, runs and reports.
pub fn measure(report: &mut Report) -> Result<()> {
    let scratch = Scratch::new("typing");
    let module = wasm::compile(scratch.path())?;
    let script = stage::root().join("tests/bench/src/typing.js");
    for (lines, limit) in FILES {
        let timed = run(Command::new("node").arg(&script).arg(&module).arg(lines.to_string())).ok().json();
        let times: Vec<f64> =
            timed["times"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        let what = format!("keystroke in {lines} lines");
        report.add_limited(&what, "wasm in node", "parse, lint, forecast", clock::median(times), "ms", limit);
    }
    Ok(())
}
