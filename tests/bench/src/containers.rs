//! Containers: run, exec, commit, diff and many at once, beside dockerd.
//!
//! Each engine has a network of its own with a bridge, and is driven by the same docker client, whose own time is in
//! every figure.

use std::{any::Any, collections::BTreeMap, fs, path::PathBuf, sync::Arc, thread, time::Instant};

use anyhow::{Result, ensure};
use strata_faulty_registry::FaultyRegistry;
use strata_forge::{Entry, Image, Layer};
use strata_tests::{Docker, Dockerd, NetNs, Strata, fixture};

use crate::{Wanted, clock, report::Report};

/// Runs of the short measures in each round.
const TURNS: usize = 8;
const CHANGES: usize = 1_000;
const CROWD: usize = 50;

/// One of the engines with what it runs in.
struct Engine {
    name: &'static str,
    docker: Docker,
    /// What the name of a shim's program contains.
    shim: &'static str,
    pid: u32,
    _netns: Arc<NetNs>,
    /// Ends it when dropped.
    _server: Box<dyn Any>,
}

/// Measures all of it.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let engines = [strata()?, dockerd()?];
    let mut times: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for round in 0..wanted.rounds {
        for turn in 0..engines.len() {
            let engine = &engines[(turn + round) % engines.len()];
            for (what, took) in one(engine)? {
                eprintln!("containers round {} {} {what}: {:.1} ms", round + 1, engine.name, took * 1000.0);
                times.entry((what, engine.name)).or_default().push(took);
            }
        }
    }
    let limits = [
        ("run", 0.4),
        ("run on a bridge", 0.5),
        ("exec", f64::INFINITY),
        ("commit 1,000 files", 0.4),
        ("diff of 70,000 files", 0.05),
        ("50 at once", f64::INFINITY),
        ("memory of one", f64::INFINITY),
    ];
    for (what, limit) in limits {
        let of = |engine: &str| clock::median(times[&(what, engine)].clone());
        let (unit, scale) = if what == "memory of one" { ("MB", 1.0) } else { ("ms", 1000.0) };
        for engine in &engines {
            report.add(&format!("containers/{what}"), engine.name, "median", of(engine.name) * scale, unit);
        }
        let ratio = of("strata") / of("dockerd");
        report.add_limited(&format!("containers/{what}"), "strata/dockerd", "ratio", ratio, "", limit);
    }
    Ok(())
}

fn strata() -> Result<Engine> {
    let netns = NetNs::new();
    let server = Strata::start_in(&netns);
    let docker = Docker::new(&server.socket());
    let pid = server.pid();
    fill(&netns, &docker)?;
    Ok(Engine { name: "strata", docker, shim: "shim", pid, _netns: netns, _server: Box::new(server) })
}

fn dockerd() -> Result<Engine> {
    let netns = NetNs::new();
    let server = Dockerd::start_bridged(&netns);
    let docker = Docker::new(&server.socket());
    let pid = server.pid();
    fill(&netns, &docker)?;
    Ok(Engine {
        name: "dockerd",
        docker,
        shim: "containerd-shim",
        pid,
        _netns: netns,
        _server: Box::new(server),
    })
}

/// Gives an engine the image `box`, and `wide`, which is the same with 70,000 files.
fn fill(netns: &Arc<NetNs>, docker: &Docker) -> Result<()> {
    let registry = netns.inside(FaultyRegistry::start);
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    fixture::offer(&registry, &wide().build(), "wide");
    for name in ["box", "wide"] {
        let from = format!("{}/{name}", registry.domain());
        docker.run(&["pull", "-q", &from]).ok();
        docker.run(&["tag", &from, name]).ok();
    }
    Ok(())
}

fn wide() -> Image {
    let mut layer = Layer::new();
    for directory in 0..700 {
        layer = layer.dir(format!("many{directory}"));
        for file in 0..100 {
            layer.push(Entry::file(format!("many{directory}/file{file}"), "x"));
        }
    }
    fixture::busybox().layer("COPY many /", layer)
}

/// One round: what was measured, in seconds (megabytes for memory).
fn one(engine: &Engine) -> Result<Vec<(&'static str, f64)>> {
    let docker = &engine.docker;
    let often =
        |args: &[&str]| clock::median((0..TURNS).map(|_| docker.run(args).ok().took.as_secs_f64()).collect());
    let once = |args: &[&str]| docker.run(args).ok().took.as_secs_f64();
    let mut figures = vec![
        ("run", often(&["run", "--rm", "--network", "none", "box", "true"])),
        ("run on a bridge", often(&["run", "--rm", "box", "true"])),
    ];

    docker.run(&["run", "-d", "--network", "none", "--name", "busy", "wide", "sleep", "1000"]).ok();
    figures.push(("exec", often(&["exec", "busy", "true"])));
    let change = format!(
        "i=0; while [ $i -lt {CHANGES} ]; do echo y >> /many$((i % 700))/file$((i / 700)); i=$((i + 1)); done"
    );
    docker.run(&["exec", "busy", "sh", "-c", &change]).ok();
    let listed = docker.run(&["diff", "busy"]).ok();
    ensure!(listed.lines().len() >= CHANGES, "only {} changes", listed.lines().len());
    figures.push(("diff of 70,000 files", often(&["diff", "busy"])));
    figures.push(("commit 1,000 files", once(&["commit", "busy", "committed"])));
    docker.run(&["rm", "-f", "busy"]).ok();
    docker.run(&["rmi", "committed"]).ok();

    let begun = Instant::now();
    thread::scope(|scope| {
        for number in 0..CROWD {
            scope.spawn(move || {
                let name = format!("crowd{number}");
                docker.run(&["run", "-d", "--network", "none", "--name", &name, "box", "sleep", "1000"]).ok();
            });
        }
    });
    figures.push(("50 at once", begun.elapsed().as_secs_f64()));
    figures.push(("memory of one", shim_memory(engine)? / CROWD as f64));
    let names: Vec<String> = (0..CROWD).map(|number| format!("crowd{number}")).collect();
    let args: Vec<&str> = ["rm", "-f"].into_iter().chain(names.iter().map(String::as_str)).collect();
    docker.run(&args).ok();
    Ok(figures)
}

/// Megabytes that an engine's shims have, each page shared out among those who map it.
fn shim_memory(engine: &Engine) -> Result<f64> {
    let mut sum = 0;
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&line).into_owned();
        let ours = words
            .split('\0')
            .take(2)
            .any(|word| word.rsplit('/').next().is_some_and(|n| n.starts_with(engine.shim)));
        if pid != engine.pid && ours && !words.contains("serve") {
            let rollup = PathBuf::from(format!("/proc/{pid}/smaps_rollup"));
            let text = fs::read_to_string(&rollup).unwrap_or_default();
            let pss = text.lines().find_map(|line| line.strip_prefix("Pss:"));
            sum += pss.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0);
        }
    }
    ensure!(sum > 0, "{} has no shims", engine.name);
    Ok(sum as f64 * 1024.0 / 1e6)
}
