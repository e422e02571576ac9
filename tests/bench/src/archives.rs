//! Images in and out of an engine: save, load and push of what was pulled, beside dockerd.

use std::{path::Path, process::Command, sync::Arc, time::Instant};

use anyhow::Result;
use strata_forge::Large;
use strata_tests::{Docker, DockerRegistry, Dockerd, NetNs, Scratch, Strata, run};

use crate::{Wanted, clock, pull, report::Report};

/// What is done to an image, and the share of dockerd's time that it may take.
const DEEDS: [(&str, f64); 3] = [("save", 0.3), ("load", 0.4), ("push", 0.1)];

/// Seconds of each of [`DEEDS`].
type Times = [f64; DEEDS.len()];

/// Measures an image of nine layers and a gigabyte.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let netns = NetNs::new();
    let registry = DockerRegistry::start(Some(&netns));
    let large = Large::NineLayers;
    pull::push(&netns, &registry, large)?;
    let name = format!("{}:latest", registry.name(large.name()));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..wanted.rounds {
        let mut turns = [true, false];
        if round % 2 == 1 {
            turns.reverse();
        }
        for strata in turns {
            run(&mut Command::new("sync")).ok();
            let times = if strata { by_strata(&netns, &name) } else { by_dockerd(&netns, &name) };
            eprintln!(
                "images round {} {}: {times:.2?} s",
                round + 1,
                if strata { "strata" } else { "dockerd" }
            );
            if strata { &mut ours } else { &mut theirs }.push(times);
        }
    }
    for (at, (deed, limit)) in DEEDS.into_iter().enumerate() {
        let what = format!("images/{deed}");
        let of = |all: &[Times]| clock::median(all.iter().map(|times| times[at]).collect());
        report.add(&what, "strata", "wall", of(&ours), "s");
        report.add(&what, "dockerd", "wall", of(&theirs), "s");
        let pairs = ours.iter().zip(&theirs).map(|(ours, theirs)| ours[at] / theirs[at]);
        report.add_limited(&what, "strata/dockerd", "wall", clock::median(pairs.collect()), "", limit);
    }
    Ok(())
}

fn by_strata(netns: &Arc<NetNs>, name: &str) -> Times {
    let server = Strata::start_in(netns);
    let fresh = Strata::start_in(netns);
    all(netns, &Docker::new(&server.socket()), &Docker::new(&fresh.socket()), name)
}

fn by_dockerd(netns: &Arc<NetNs>, name: &str) -> Times {
    let server = Dockerd::start(netns);
    let fresh = Dockerd::start(netns);
    all(netns, &Docker::new(&server.socket()), &Docker::new(&fresh.socket()), name)
}

/// Saves and pushes what `full` has pulled, and loads the archive into `empty`.
fn all(netns: &Arc<NetNs>, full: &Docker, empty: &Docker, name: &str) -> Times {
    let scratch = Scratch::new("images");
    let archive = scratch.join("image.tar");
    full.run(&["pull", "--quiet", name]).ok();
    // Another registry each time: what is there is not sent.
    let target = DockerRegistry::start(Some(netns));
    let to = target.name("pushed:latest");
    full.run(&["tag", name, &to]).ok();
    let path = text(&archive);
    let save = time(|| full.run(&["save", "-o", path, name]).ok());
    run(&mut Command::new("sync")).ok();
    let load = time(|| empty.run(&["load", "--quiet", "-i", path]).ok());
    run(&mut Command::new("sync")).ok();
    let push = time(|| full.run(&["push", "--quiet", &to]).ok());
    [save, load, push]
}

fn text(path: &Path) -> &str {
    path.to_str().expect("scratch directories have plain names")
}

fn time<T>(deed: impl FnOnce() -> T) -> f64 {
    let begun = Instant::now();
    deed();
    begun.elapsed().as_secs_f64()
}
