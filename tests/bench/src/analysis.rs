//! Reading an image's layers and finding its waste, beside dive and `tar -tv`.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use strata_forge::Large;
use strata_layer::{LayerIndex, Limits, Stack, Waste, read_layer, waste};
use strata_tests::{Scratch, run};

use crate::{Wanted, clock, pull, report::Report};

/// Measures the large images.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    for large in Large::ALL {
        let what = format!("analysis/{}", large.name());
        if wanted.has(&what) {
            one(wanted, report, large, &what)?;
        }
    }
    Ok(())
}

fn one(wanted: &Wanted, report: &mut Report, large: Large, what: &str) -> Result<()> {
    eprintln!("making {} as an archive", large.name());
    let scratch = Scratch::new("analysis");
    let archive = scratch.join("image.tar");
    let layout = scratch.dir("layout");
    large.image().write_layout(&layout, "latest")?;
    pull::archive(&layout, "latest", &archive);
    fs::remove_dir_all(&layout)?;
    let layers = unpack(&archive, &scratch.dir("layers"))?;
    let (mut ours, mut dives, mut tars) = (Vec::new(), Vec::new(), Vec::new());
    let mut numbers = None;
    for round in 0..wanted.rounds {
        let begun = clock::own();
        let wall = Instant::now();
        let found = analyse(&layers)?;
        ours.push(((clock::own() - begun).as_secs_f64(), wall.elapsed().as_secs_f64()));
        // One round of dive is enough where a round takes it minutes.
        if round == 0 || large != Large::NineLayersWhiteouts {
            let json = scratch.join("dive.json");
            let mut dive = Command::new(std::env::var_os("STRATA_DIVE").context("STRATA_DIVE is not set")?);
            dive.arg("--source=docker-archive").arg(&archive).arg("--json").arg(&json).env("CI", "true");
            dives.push(timed(&mut dive)?);
            let theirs = of_dive(&json)?;
            ensure!(agree(&found, theirs), "{what}: Strata finds {found:?}, dive {theirs:?}");
        }
        let mut list = Command::new("sh");
        list.args(["-c", "for layer; do tar -tvf $layer; done > /dev/null", "sh"]).args(&layers);
        tars.push(timed(&mut list)?);
        numbers = Some(found);
    }
    let median = |samples: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| {
        clock::median(samples.iter().map(part).collect())
    };
    for (who, samples) in [("strata", &ours), ("dive", &dives), ("tar -tv", &tars)] {
        report.add(what, who, "cpu", median(samples, |s| s.0), "s");
        report.add(what, who, "wall", median(samples, |s| s.1), "s");
    }
    let share = median(&ours, |s| s.0) / median(&dives, |s| s.0);
    match large {
        Large::NineLayersWhiteouts => report.add_limited(what, "strata/dive", "cpu", share, "", 0.03),
        _ => report.add(what, "strata/dive", "cpu", share, ""),
    }
    report.add(what, "strata/tar -tv", "cpu", median(&ours, |s| s.0) / median(&tars, |s| s.0), "");
    if let Some(numbers) = numbers {
        report.add(what, "both", "efficiency", numbers.efficiency * 100.0, "%");
        report.add(what, "both", "wasted", numbers.wasted as f64 / 1e6, "MB");
    }
    Ok(())
}

/// CPU and wall seconds of a command.
fn timed(command: &mut Command) -> Result<(f64, f64)> {
    let (begun, before) = (Instant::now(), clock::of_ended_children());
    let output = command.output().context("cannot run a peer")?;
    let took = (begun.elapsed().as_secs_f64(), (clock::of_ended_children() - before).as_secs_f64());
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok((took.1, took.0))
}

/// The archive's layers as files, bottom first.
fn unpack(archive: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    run(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(to)).ok();
    let manifest: Value = serde_json::from_slice(&fs::read(to.join("manifest.json"))?)?;
    let layers = manifest[0]["Layers"].as_array().context("no layers in manifest.json")?;
    Ok(layers.iter().filter_map(Value::as_str).map(|name| to.join(name)).collect())
}

/// What the explorer does with an image: index every layer, then find the waste.
fn analyse(layers: &[PathBuf]) -> Result<Waste> {
    let limits = Limits::default();
    let index = |path: &PathBuf| -> Result<Arc<LayerIndex>> {
        let tar = BufReader::with_capacity(1 << 18, File::open(path)?);
        Ok(Arc::new(read_layer(tar, &limits, &mut ())?))
    };
    let layers = layers.iter().map(index).collect::<Result<_>>()?;
    Ok(waste(&Stack::new(layers)))
}

/// Efficiency and wasted bytes as dive's JSON has them.
fn of_dive(json: &Path) -> Result<(f64, u64)> {
    let report: Value = serde_json::from_slice(&fs::read(json)?)?;
    let image = &report["image"];
    let wasted = image["inefficientBytes"].as_u64();
    let efficiency = image["efficiencyScore"].as_f64();
    efficiency.zip(wasted).context("dive's JSON has no efficiencyScore and inefficientBytes")
}

fn agree(ours: &Waste, theirs: (f64, u64)) -> bool {
    (ours.efficiency - theirs.0).abs() < 1e-9 && ours.wasted == theirs.1
}
