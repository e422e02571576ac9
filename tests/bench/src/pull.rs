//! Cold pulls from Debian's docker-registry over loopback, and pulls of what is there already.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use strata_forge::Large;
use strata_tests::{
    DockerRegistry, Dockerd, NetNs, Scratch, Skopeo, Strata,
    http::{Dial, Request},
    podman::Podman,
    run,
};

use crate::{Wanted, clock, report::Report};

const MEGABYTE: f64 = 1_000_000.0;

/// Who pulls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Strata,
    Dockerd,
    Podman,
}

impl Who {
    const ALL: [Self; 3] = [Self::Strata, Self::Dockerd, Self::Podman];

    fn name(self) -> &'static str {
        match self {
            Self::Strata => "strata",
            Self::Dockerd => "dockerd",
            Self::Podman => "podman",
        }
    }
}

/// One pull.
struct Sample {
    wall: f64,
    cpu: f64,
    /// Of a second pull of the same.
    unchanged: Option<f64>,
    memory: Option<Memory>,
}

/// Megabytes of the server.
struct Memory {
    started: f64,
    peak: f64,
    idle: f64,
}

/// At most this share of dockerd's wall time, by image.
fn limit(large: Large) -> f64 {
    match large {
        Large::OneLayer | Large::NineLayers | Large::NineLayersWhiteouts => 0.5,
        Large::SmallFiles => 0.4,
        Large::ManyLayers => 0.3,
    }
}

/// Measures every image that is wanted.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let netns = NetNs::new();
    let registry = DockerRegistry::start(Some(&netns));
    // The variant with whiteouts is for the analysis; pulling it costs what pulling the other does.
    for large in Large::ALL.into_iter().filter(|large| *large != Large::NineLayersWhiteouts) {
        let what = format!("pull/{}", large.name());
        if wanted.has(&what) {
            push(&netns, &registry, large)?;
            one(wanted, report, &netns, &registry, large, &what)?;
        }
    }
    Ok(())
}

/// Makes an image and pushes it to a registry.
pub fn push(netns: &Arc<NetNs>, registry: &DockerRegistry, large: Large) -> Result<()> {
    eprintln!("making and pushing {}", large.name());
    let layout = Scratch::new("layout");
    large.image().write_layout(layout.path(), "latest")?;
    let mut command = Skopeo::new(Some(netns)).command();
    command.args(["copy", "--preserve-digests", "--dest-tls-verify=false"]);
    command.arg(format!("oci:{}:latest", layout.path().display()));
    run(command.arg(format!("docker://{}:latest", registry.name(large.name())))).ok();
    Ok(())
}

fn one(
    wanted: &Wanted,
    report: &mut Report,
    netns: &Arc<NetNs>,
    registry: &DockerRegistry,
    large: Large,
    what: &str,
) -> Result<()> {
    let name = registry.name(large.name());
    let mut samples: BTreeMap<Who, Vec<Sample>> = BTreeMap::new();
    for round in 0..wanted.rounds {
        for turn in 0..Who::ALL.len() {
            // Another order each round, so that nobody always follows the same peer.
            let who = Who::ALL[(turn + round) % Who::ALL.len()];
            settle();
            let sample = match who {
                Who::Strata => strata(netns, &name)?,
                Who::Dockerd => dockerd(netns, &name)?,
                Who::Podman => podman(netns, &name),
            };
            eprintln!(
                "{what} round {} {}: {:.2} s, {:.2} s CPU",
                round + 1,
                who.name(),
                sample.wall,
                sample.cpu
            );
            samples.entry(who).or_default().push(sample);
        }
    }
    let of = |who: Who, value: &dyn Fn(&Sample) -> Option<f64>| {
        clock::median(samples[&who].iter().filter_map(value).collect())
    };
    for who in Who::ALL {
        report.add(what, who.name(), "wall", of(who, &|s| Some(s.wall)), "s");
        report.add(what, who.name(), "cpu", of(who, &|s| Some(s.cpu)), "s");
    }
    for peer in [Who::Dockerd, Who::Podman] {
        let against = format!("strata/{}", peer.name());
        // Pairs of one round, not medians of different ones: the machine's mood is the same for both.
        let ratio = |value: fn(&Sample) -> f64| {
            let pairs = samples[&Who::Strata].iter().zip(&samples[&peer]);
            clock::median(pairs.map(|(ours, theirs)| value(ours) / value(theirs)).collect())
        };
        let (wall, cpu) = (ratio(|s| s.wall), ratio(|s| s.cpu));
        match peer {
            Who::Dockerd => report.add_limited(what, &against, "wall", wall, "", limit(large)),
            _ => report.add(what, &against, "wall", wall, ""),
        }
        report.add(what, &against, "cpu", cpu, "");
    }
    report.add_limited(what, "strata", "unchanged", of(Who::Strata, &|s| s.unchanged) * 1000.0, "ms", 50.0);
    report.add(what, "dockerd", "unchanged", of(Who::Dockerd, &|s| s.unchanged) * 1000.0, "ms");
    let memory = |value: fn(&Memory) -> f64| of(Who::Strata, &|s| s.memory.as_ref().map(value));
    report.add_limited(what, "strata", "peak memory", memory(|m| m.peak), "MB", 100.0);
    report.add_limited(what, "strata", "idle before", memory(|m| m.started), "MB", 30.0);
    report.add_limited(what, "strata", "idle after", memory(|m| m.idle), "MB", 30.0);
    Ok(())
}

/// Waits until what the peer before has left unwritten is on the disk.
fn settle() {
    run(&mut Command::new("sync")).ok();
}

fn strata(netns: &Arc<NetNs>, name: &str) -> Result<Sample> {
    let server = Strata::start_in(netns);
    sleep(Duration::from_millis(500));
    let started = server.resident_memory() as f64 / MEGABYTE;
    let (wall, cpu) = pull(&server.unix(), server.pid(), name)?;
    let peak = server.peak_memory() as f64 / MEGABYTE;
    let unchanged = again(&server.unix(), server.pid(), name)?;
    sleep(Duration::from_secs(3));
    let idle = server.resident_memory() as f64 / MEGABYTE;
    Ok(Sample { wall, cpu, unchanged: Some(unchanged), memory: Some(Memory { started, peak, idle }) })
}

fn dockerd(netns: &Arc<NetNs>, name: &str) -> Result<Sample> {
    let server = Dockerd::start(netns);
    let dial = Dial::Unix(server.socket());
    let (wall, cpu) = pull(&dial, server.pid(), name)?;
    let unchanged = again(&dial, server.pid(), name)?;
    Ok(Sample { wall, cpu, unchanged: Some(unchanged), memory: None })
}

fn podman(netns: &Arc<NetNs>, name: &str) -> Sample {
    let client = Podman::new(Some(netns));
    // Its first command sets the store up.
    run(client.command().args(["images", "--quiet"])).ok();
    let (begun, before) = (Instant::now(), clock::of_ended_children());
    client.pull(&format!("{name}:latest")).ok();
    let (wall, cpu) = (begun.elapsed(), clock::of_ended_children() - before);
    Sample { wall: wall.as_secs_f64(), cpu: cpu.as_secs_f64(), unchanged: None, memory: None }
}

/// Wall and CPU seconds of a pull by the engine API, as the docker CLI asks for it.
fn pull(dial: &Dial, pid: u32, name: &str) -> Result<(f64, f64)> {
    let (begun, before) = (Instant::now(), clock::of_tree(pid));
    let target = format!("/images/create?fromImage={}&tag=latest", name.replace('/', "%2F"));
    let answer = Request::new("POST", &target).send(dial)?;
    let took = begun.elapsed();
    if answer.status != 200 || answer.text().contains("\"error\"") {
        bail!("pull of {name}: {} {}", answer.status, answer.text());
    }
    Ok((took.as_secs_f64(), (clock::of_tree(pid) - before).as_secs_f64()))
}

/// The median wall time of pulls of what is there.
fn again(dial: &Dial, pid: u32, name: &str) -> Result<f64> {
    let times = (0..9).map(|_| Ok(pull(dial, pid, name)?.0)).collect::<Result<_>>()?;
    Ok(clock::median(times))
}

/// Copies an image of an OCI layout to a `docker save` archive, as dive and dockerd read it.
pub fn archive(layout: &Path, tag: &str, to: &Path) {
    let mut command = Skopeo::new(None).command();
    let from = format!("oci:{}:{tag}", layout.display());
    run(command.args(["copy", &from, &format!("docker-archive:{}:bench:latest", to.display())])).ok();
}
