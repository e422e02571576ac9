//! Images in and out of an engine: save, load and push of what was pulled, beside dockerd and podman.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use strata_forge::Large;
use strata_tests::{
    Docker, DockerRegistry, Dockerd, NetNs, Scratch, Skopeo, Strata, podman::Podman, run, strata::Options,
};

use crate::{Wanted, clock, pull, report::Report};

/// What is done to an image, and the share of dockerd's time that it may take.
///
/// `load` is of what the same engine saved, `load-plain` of an archive with plain layers, as dockerd's are.
const DEEDS: [(&str, Option<f64>); 4] =
    [("save", Some(0.3)), ("load", Some(0.4)), ("load-plain", None), ("push", Some(0.1))];

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Strata,
    Dockerd,
    Podman,
}

const ALL: [Who; 3] = [Who::Strata, Who::Dockerd, Who::Podman];

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Strata => "strata",
            Self::Dockerd => "dockerd",
            Self::Podman => "podman",
        }
    }
}

/// Seconds.
#[derive(Clone, Copy, Debug)]
struct Took {
    wall: f64,
    cpu: f64,
}

/// One for each of [`DEEDS`].
type Times = [Took; DEEDS.len()];

/// Measures an image of nine layers and a gigabyte.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let netns = NetNs::new();
    let registry = DockerRegistry::start(Some(&netns));
    let large = Large::NineLayers;
    pull::push(&netns, &registry, large)?;
    let name = format!("{}:latest", registry.name(large.name()));
    let scratch = Scratch::new("plain");
    let plain = scratch.join("plain.tar");
    let mut command = Skopeo::new(Some(&netns)).command();
    command.args(["copy", "--src-tls-verify=false", &format!("docker://{name}")]);
    run(command.arg(format!("docker-archive:{}:plain:latest", plain.display()))).ok();
    let mut samples: Vec<(Who, Times)> = Vec::new();
    for round in 0..wanted.rounds {
        for turn in 0..ALL.len() {
            let who = ALL[(turn + round) % ALL.len()];
            let scene = Scene { netns: &netns, name: &name, plain: &plain };
            let times = match who {
                Who::Strata => scene.by_strata(),
                Who::Dockerd => scene.by_dockerd(),
                Who::Podman => scene.by_podman(),
            };
            eprintln!("images round {} {}: {}", round + 1, who.name(), line(&times));
            samples.push((who, times));
        }
    }
    for (at, (deed, limit)) in DEEDS.into_iter().enumerate() {
        let of = |who: Who| {
            samples.iter().filter(move |(other, _)| *other == who).map(move |(_, times)| times[at])
        };
        let what = format!("images/{deed}");
        for who in ALL {
            report.add(
                &what,
                who.name(),
                "wall",
                clock::median(of(who).map(|took| took.wall).collect()),
                "s",
            );
            report.add(&what, who.name(), "cpu", clock::median(of(who).map(|took| took.cpu).collect()), "s");
        }
        for peer in [Who::Dockerd, Who::Podman] {
            let against = format!("strata/{}", peer.name());
            let ratio = |value: fn(Took) -> f64| {
                let pairs = of(Who::Strata).zip(of(peer));
                clock::median(pairs.map(|(ours, theirs)| value(ours) / value(theirs)).collect())
            };
            match limit.filter(|_| peer == Who::Dockerd) {
                Some(limit) => {
                    report.add_limited(&what, &against, "wall", ratio(|took| took.wall), "", limit)
                }
                None => report.add(&what, &against, "wall", ratio(|took| took.wall), ""),
            }
            report.add(&what, &against, "cpu", ratio(|took| took.cpu), "");
        }
    }
    Ok(())
}

fn line(times: &Times) -> String {
    let deeds = DEEDS.iter().zip(times);
    let parts: Vec<_> =
        deeds.map(|((deed, _), took)| format!("{deed} {:.2} s, {:.2} s CPU", took.wall, took.cpu)).collect();
    parts.join("; ")
}

struct Scene<'a> {
    netns: &'a Arc<NetNs>,
    name: &'a str,
    plain: &'a Path,
}

impl Scene<'_> {
    fn by_strata(&self) -> Times {
        let start = || Strata::with(Options { netns: Some(self.netns.clone()), ..Options::default() });
        let servers = [start(), start(), start()];
        let clients = servers.each_ref().map(|server| (Docker::new(&server.socket()), server.pid()));
        self.by_clients(clients.each_ref().map(|(docker, pid)| (docker, *pid)))
    }

    fn by_dockerd(&self) -> Times {
        let servers = [(); 3].map(|()| Dockerd::start(self.netns));
        let clients = servers.each_ref().map(|server| (Docker::new(&server.socket()), server.pid()));
        self.by_clients(clients.each_ref().map(|(docker, pid)| (docker, *pid)))
    }

    /// By three servers: one that has the image, and two that have nothing.
    fn by_clients(&self, [full, empty, other]: [(&Docker, u32); 3]) -> Times {
        full.0.run(&["pull", "--quiet", self.name]).ok();
        let of = |(docker, pid): (&Docker, u32), args: &[&str]| {
            time(|| clock::of_tree(pid), || drop(docker.run(args).ok()))
        };
        self.all(
            |archive| of(full, &["save", "-o", archive, self.name]),
            |archive| of(empty, &["load", "--quiet", "-i", archive]),
            |archive| of(other, &["load", "--quiet", "-i", archive]),
            |to| {
                full.0.run(&["tag", self.name, to]).ok();
                of(full, &["push", "--quiet", to])
            },
        )
    }

    fn by_podman(&self) -> Times {
        let [full, empty, other] = [(); 3].map(|()| Podman::new(Some(self.netns)));
        full.pull(self.name).ok();
        let of = |podman: &Podman, args: &[&str]| {
            // Its first command sets the store up.
            run(podman.command().args(["images", "--quiet"])).ok();
            time(clock::of_ended_children, || drop(run(podman.command().args(args)).ok()))
        };
        self.all(
            |archive| of(&full, &["save", "--quiet", "-o", archive, self.name]),
            |archive| of(&empty, &["load", "--quiet", "-i", archive]),
            |archive| of(&other, &["load", "--quiet", "-i", archive]),
            |to| of(&full, &["push", "--quiet", "--tls-verify=false", self.name, to]),
        )
    }

    /// All deeds; the image is pushed to another registry each time, since what is there is not sent.
    fn all(
        &self,
        save: impl FnOnce(&str) -> Took,
        load: impl FnOnce(&str) -> Took,
        load_plain: impl FnOnce(&str) -> Took,
        push: impl FnOnce(&str) -> Took,
    ) -> Times {
        let scratch = Scratch::new("images");
        let archive: PathBuf = scratch.join("image.tar");
        let target = DockerRegistry::start(Some(self.netns));
        settle();
        let save = save(text(&archive));
        settle();
        let load = load(text(&archive));
        settle();
        let load_plain = load_plain(text(self.plain));
        settle();
        let push = push(&target.name("pushed:latest"));
        [save, load, load_plain, push]
    }
}

/// Waits until what was written before is on the disk.
fn settle() {
    run(&mut Command::new("sync")).ok();
}

fn text(path: &Path) -> &str {
    path.to_str().expect("scratch directories have plain names")
}

fn time(cpu: impl Fn() -> Duration, deed: impl FnOnce()) -> Took {
    let (begun, before) = (Instant::now(), cpu());
    deed();
    Took { wall: begun.elapsed().as_secs_f64(), cpu: (cpu() - before).as_secs_f64() }
}
