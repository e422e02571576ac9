//! Waste against the real dive, named by `STRATA_DIVE`; without it nothing is tested here.

use std::{env, fs, io::BufWriter, path::Path, process::Command};

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::Value;
use strata_forge::{Image, Layer, docker_archive};
use strata_layer::{Stack, Waste, waste};

use crate::stacks;

#[test]
fn equals_dive() {
    let Some(dive) = env::var_os("STRATA_DIVE") else {
        eprintln!("STRATA_DIVE does not name dive 0.13.1: skipped");
        return;
    };
    let rounds = env::var("STRATA_DIVE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut runner =
        TestRunner::new(ProptestConfig { cases: rounds, failure_persistence: None, ..Default::default() });
    let result = runner.run(&stacks::stack(6, 14), |layers| {
        let tars: Vec<Vec<u8>> = layers.iter().map(|ops| stacks::tar(ops)).collect();
        let ours = waste(&Stack::new(stacks::indexes(&tars)));
        let theirs = analyse(Path::new(&dive), &tars, directory.path());
        prop_assert_eq!(&paths(&ours), &theirs.paths);
        prop_assert_eq!(ours.total, theirs.total);
        prop_assert_eq!(ours.wasted, theirs.wasted);
        // serde_json's numbers may be off in the last bit.
        let difference = (ours.efficiency - theirs.efficiency).abs();
        prop_assert!(difference <= 2.0 * f64::EPSILON, "{} {}", ours.efficiency, theirs.efficiency);
        // Nothing out of nothing is nothing here, and not a number there.
        if let Some(percent) = theirs.wasted_percent.filter(|percent| percent != "NaN") {
            prop_assert_eq!(format!("{:.4}", ours.wasted_of_user * 100.0).replace("inf", "+Inf"), percent);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

struct Analysis {
    efficiency: f64,
    wasted: u64,
    total: u64,
    /// As printed, with four digits.
    wasted_percent: Option<String>,
    paths: Vec<(String, u64, u64)>,
}

/// Paths with their bytes and how often they are shipped, sorted.
fn paths(waste: &Waste) -> Vec<(String, u64, u64)> {
    let path = |bytes: &[u8]| format!("/{}", str::from_utf8(bytes).expect("plain names"));
    let rows = waste.paths.iter().map(|row| (path(&row.path), row.bytes, row.layers.len() as u64));
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

fn analyse(dive: &Path, tars: &[Vec<u8>], directory: &Path) -> Analysis {
    let image = tars
        .iter()
        .fold(Image::new(), |image, tar| image.layer("RUN something", Layer::new().raw(tar).unterminated()));
    let (archive, json) = (directory.join("image.tar"), directory.join("dive.json"));
    let out = BufWriter::new(fs::File::create(&archive).expect("a file"));
    docker_archive(&[(&image.build(), &["test:latest"])], out).expect("an archive");
    // Dive writes over an earlier report without cutting it.
    let _ = fs::remove_file(&json);
    let run = |flags: &[&Path]| {
        let mut command = Command::new(dive);
        command.env("CI", "true").arg("--source").arg("docker-archive").arg(&archive).args(flags);
        command.current_dir(directory).output().expect("dive runs")
    };
    let output = run(&[Path::new("--json"), &json]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&fs::read(&json).expect("dive's report")).expect("JSON");
    let printed = String::from_utf8(run(&[Path::new("--ci")]).stdout).expect("text");
    let percent = printed.lines().find_map(|line| line.split("userWastedPercent:").nth(1));
    let number = |value: &Value| value.as_u64().expect("a number");
    let image = &report["image"];
    let mut paths: Vec<_> = image["fileReference"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            (
                row["file"].as_str().expect("a path").to_owned(),
                number(&row["sizeBytes"]),
                number(&row["count"]),
            )
        })
        .collect();
    paths.sort();
    Analysis {
        efficiency: image["efficiencyScore"].as_f64().expect("a number"),
        wasted: number(&image["inefficientBytes"]),
        total: number(&image["sizeBytes"]),
        wasted_percent: percent
            .map(|text| text.trim().trim_end_matches('%').trim().to_owned())
            .filter(|text| text != "0"),
        paths,
    }
}
