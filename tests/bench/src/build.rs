//! Builds beside dockerd's classic builder, and the same with buildah: twelve steps, done and cached, and a context of 10,000 files.
//!
//! Steps have no network. The two engines are driven by the same docker client, whose own time is in every figure but one: of a cached
//! build it is the larger part (`docker --version` is measured beside it), so that one is also asked for over the API, as other clients do.

use std::{any::Any, collections::BTreeMap, fs, process::Command, sync::Arc, time::Instant};

use anyhow::{Result, ensure};
use strata_faulty_registry::FaultyRegistry;
use strata_forge::{Entry, TarWriter};
use strata_tests::{Docker, Dockerd, NetNs, Scratch, Strata, fixture, http::Request, run};

use crate::{Wanted, clock, report::Report};

const FILES: usize = 10_000;

const STEPS: &str = "FROM box
ENV A=1
WORKDIR /app
COPY f /app/f
RUN echo 1 > /1
RUN echo 2 > /2
LABEL x=y
COPY f /app/g
RUN echo 3 > /3
EXPOSE 80
RUN echo 4 > /4
CMD [\"sh\"]
";

/// As the engine takes it.
const CACHED: &str = "12 steps cached";
/// The same with the docker client.
const CACHED_CLIENT: &str = "12 steps cached, docker build";

struct Engine {
    name: &'static str,
    docker: Docker,
    _netns: Arc<NetNs>,
    /// Ends it when dropped.
    _server: Box<dyn Any>,
}

/// Measures all of it.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let engines = [strata(), dockerd()];
    let buildah = Buildah::new();
    let files = [("Dockerfile", STEPS), ("f", "x\n")];
    let steps = context(&files)?;
    let posted = post(&files)?;
    let many = context(&[("Dockerfile", "FROM box\nCOPY . /many\n")])?;
    for number in 0..FILES {
        let folder = many.join(format!("d{}", number / 100));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("f{number}")), format!("{number}\n").repeat(20))?;
    }
    let mut times: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for round in 0..wanted.rounds {
        for turn in 0..engines.len() {
            let engine = &engines[(turn + round) % engines.len()];
            let build = |context: &Scratch, args: &[&str]| {
                let all = [&["build", "-q", "--network", "none", "-t", "built"], args, &["."]].concat();
                let mut command = engine.docker.command(&all);
                run(command.current_dir(context.path()).env("DOCKER_BUILDKIT", "0")).ok().took.as_secs_f64()
            };
            let figures = [
                ("12 steps cold", build(&steps, &["--no-cache"])),
                (CACHED, over_api(&engine.docker, &posted)?),
                (CACHED_CLIENT, clock::median((0..5).map(|_| build(&steps, &[])).collect())),
                ("10,000 files", build(&many, &["--no-cache"])),
                ("10,000 files cached", build(&many, &[])),
            ];
            for (what, took) in figures {
                eprintln!("build round {} {} {what}: {:.1} ms", round + 1, engine.name, took * 1000.0);
                times.entry((what, engine.name)).or_default().push(took);
            }
        }
        let client = &engines[0].docker;
        let version = || run(&mut client.command(&["--version"])).ok().took.as_secs_f64();
        times
            .entry((CACHED_CLIENT, "client"))
            .or_default()
            .push(clock::median((0..5).map(|_| version()).collect()));
        if let Some(buildah) = &buildah {
            times.entry(("12 steps cold", "buildah")).or_default().push(buildah.build(&steps)?);
            times.entry(("10,000 files", "buildah")).or_default().push(buildah.build(&many)?);
        }
    }
    let limits = [
        ("12 steps cold", 0.4),
        (CACHED, 0.3),
        (CACHED_CLIENT, f64::INFINITY),
        ("10,000 files", f64::INFINITY),
        ("10,000 files cached", f64::INFINITY),
    ];
    for (what, limit) in limits {
        let of = |who: &str| times.get(&(what, who)).map(|times| clock::median(times.clone()));
        for who in ["strata", "dockerd", "buildah", "client"] {
            if let Some(took) = of(who) {
                report.add(&format!("build/{what}"), who, "median", took * 1000.0, "ms");
            }
        }
        if let (Some(ours), Some(theirs)) = (of("strata"), of("dockerd")) {
            report.add_limited(&format!("build/{what}"), "strata/dockerd", "ratio", ours / theirs, "", limit);
        }
    }
    Ok(())
}

/// What a docker client sends for a build of these files.
fn post(files: &[(&str, &str)]) -> Result<Request> {
    let mut tar = TarWriter::new(Vec::new());
    for (path, text) in files {
        tar.entry(&Entry::file(*path, *text))?;
    }
    let target = "/v1.41/build?dockerfile=Dockerfile&networkmode=none&q=1&rm=1&t=built";
    Ok(Request::new("POST", target).header("Content-Type", "application/x-tar").body(tar.finish()?))
}

/// Seconds of a build that is posted, the median of some.
fn over_api(docker: &Docker, build: &Request) -> Result<f64> {
    let once = || -> Result<f64> {
        let begun = Instant::now();
        let answer = build.send(&docker.dial())?;
        let took = begun.elapsed().as_secs_f64();
        ensure!(answer.status == 200 && !answer.text().contains("error"), "{}", answer.text());
        Ok(took)
    };
    // What is cached for the docker client's archive is so for this one too, after the first.
    once()?;
    Ok(clock::median((0..15).map(|_| once()).collect::<Result<_>>()?))
}

fn strata() -> Engine {
    let netns = NetNs::new();
    let server = Strata::start_in(&netns);
    let docker = Docker::new(&server.socket());
    fill(&netns, &docker);
    Engine { name: "strata", docker, _netns: netns, _server: Box::new(server) }
}

fn dockerd() -> Engine {
    let netns = NetNs::new();
    let server = Dockerd::start(&netns);
    let docker = Docker::new(&server.socket());
    fill(&netns, &docker);
    Engine { name: "dockerd", docker, _netns: netns, _server: Box::new(server) }
}

/// Gives an engine the image `box`.
fn fill(netns: &Arc<NetNs>, docker: &Docker) {
    let registry = netns.inside(FaultyRegistry::start);
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let from = format!("{}/box", registry.domain());
    docker.run(&["pull", "-q", &from]).ok();
    docker.run(&["tag", &from, "box"]).ok();
}

fn context(files: &[(&str, &str)]) -> Result<Scratch> {
    let scratch = Scratch::new("context");
    for (path, text) in files {
        fs::write(scratch.join(path), text)?;
    }
    Ok(scratch)
}

/// buildah with stores of its own, without a cache: it has none unless it is asked for.
struct Buildah {
    netns: Arc<NetNs>,
    scratch: Scratch,
}

impl Buildah {
    /// With the image `box`; nothing where it isn't installed.
    fn new() -> Option<Self> {
        if strata_tests::skip_without(&["buildah", "runc"]) {
            return None;
        }
        let buildah = Self { netns: NetNs::new(), scratch: Scratch::new("buildah") };
        let registry = buildah.netns.inside(FaultyRegistry::start);
        fixture::offer(&registry, &fixture::busybox().build(), "box");
        let from = format!("{}/box", registry.domain());
        run(buildah.command(&["pull", "-q", "--tls-verify=false", &from]).current_dir("/")).ok();
        run(buildah.command(&["tag", &from, "localhost/box"]).current_dir("/")).ok();
        Some(buildah)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.netns.command("buildah");
        command.arg("--root").arg(self.scratch.join("root")).arg("--runroot").arg(self.scratch.join("run"));
        command.args(args);
        command
    }

    fn build(&self, context: &Scratch) -> Result<f64> {
        let begun = Instant::now();
        // The runtime of the others: crun refuses machines with cgroups of both versions.
        let runtime = ["--runtime", "runc"];
        let args = ["-q", "--layers", "--no-cache", "--network", "none", "-t", "built", "."];
        let args = [&["build"], &runtime[..], &args[..]].concat();
        let built = run(self.command(&args).current_dir(context.path()));
        ensure!(built.code == 0, "buildah: {built}");
        Ok(begun.elapsed().as_secs_f64())
    }
}
