//! The embedded registry beside Debian's docker-registry: 32 clients that fetch, and 32 that push.

use std::{
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use strata_oci::Digest;
use strata_tests::{
    DockerRegistry, NetNs, Strata,
    http::{Dial, Request},
    run,
};

use crate::{Wanted, clock, report::Report};

const CLIENTS: u64 = 32;
const BLOB: usize = 4 << 20;
/// Blobs of each client.
const EACH: u64 = 8;
const MEGABYTE: f64 = 1_000_000.0;

/// Fetching, and pushing.
struct Sample {
    get: Measured,
    put: Measured,
    /// Megabytes.
    memory: f64,
}

struct Measured {
    /// Megabytes per second.
    throughput: f64,
    /// CPU seconds of the server for a gigabyte.
    cpu: f64,
    /// The slowest in a hundred requests, in milliseconds.
    slowest: f64,
}

/// Measures both.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let netns = NetNs::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..wanted.rounds {
        for turn in 0..2 {
            run(&mut Command::new("sync")).ok();
            if (round + turn) % 2 == 0 {
                let strata = Strata::start_in(&netns);
                ours.push(one(&strata.tcp(), strata.pid(), || strata.peak_memory()));
            } else {
                let registry = DockerRegistry::start(Some(&netns));
                let dial = Dial::Tcp(registry.port(), Some(Arc::clone(&netns)));
                theirs.push(one(&dial, registry.pid(), || registry.peak_memory()));
            }
        }
    }
    let of = |all: &[Sample], value: fn(&Sample) -> f64| clock::median(all.iter().map(value).collect());
    for (who, all) in [("strata", &ours), ("docker-registry", &theirs)] {
        report.add("registry/get", who, "throughput", of(all, |s| s.get.throughput), "MB/s");
        report.add("registry/get", who, "cpu", of(all, |s| s.get.cpu), "s/GB");
        report.add("registry/get", who, "slowest 1 %", of(all, |s| s.get.slowest), "ms");
        report.add("registry/put", who, "throughput", of(all, |s| s.put.throughput), "MB/s");
        report.add("registry/put", who, "cpu", of(all, |s| s.put.cpu), "s/GB");
        report.add("registry/put", who, "slowest 1 %", of(all, |s| s.put.slowest), "ms");
        report.add("registry", who, "peak memory", of(all, |s| s.memory), "MB");
    }
    let ratio = |value: fn(&Sample) -> f64| {
        clock::median(ours.iter().zip(&theirs).map(|(ours, theirs)| value(ours) / value(theirs)).collect())
    };
    report.add_limited(
        "registry/get",
        "theirs/ours",
        "throughput",
        1.0 / ratio(|s| s.get.throughput),
        "",
        1.0,
    );
    report.add_limited(
        "registry/put",
        "theirs/ours",
        "throughput",
        1.0 / ratio(|s| s.put.throughput),
        "",
        1.0,
    );
    report.add("registry/get", "ours/theirs", "cpu", ratio(|s| s.get.cpu), "");
    report.add("registry/put", "ours/theirs", "cpu", ratio(|s| s.put.cpu), "");
    report.add_limited("registry", "ours/theirs", "peak memory", ratio(|s| s.memory), "", 1.0);
    Ok(())
}

fn one(dial: &Dial, pid: u32, memory: impl FnOnce() -> u64) -> Sample {
    let begun = Begun::now(pid);
    let pushed = clients(|client| {
        (0..EACH).map(|number| push(dial, &content(client * EACH + number))).collect::<Vec<_>>()
    })
    .concat();
    let put = begun.measured(pushed.iter().map(|(_, time)| *time).collect());
    let begun = Begun::now(pid);
    let times = clients(|client| {
        let own = |number: u64| &pushed[((client * 7 + number * 13) % (CLIENTS * EACH)) as usize].0;
        (0..EACH).map(|number| fetch(dial, own(number))).collect::<Vec<_>>()
    });
    let get = begun.measured(times.concat());
    Sample { get, put, memory: memory() as f64 / MEGABYTE }
}

struct Begun {
    pid: u32,
    at: Instant,
    cpu: Duration,
}

impl Begun {
    fn now(pid: u32) -> Self {
        Self { pid, at: Instant::now(), cpu: clock::of_tree(pid) }
    }

    fn measured(self, times: Vec<f64>) -> Measured {
        let bytes = (CLIENTS * EACH) as f64 * BLOB as f64;
        let cpu = clock::of_tree(self.pid) - self.cpu;
        Measured {
            throughput: bytes / MEGABYTE / self.at.elapsed().as_secs_f64(),
            cpu: cpu.as_secs_f64() / (bytes / 1e9),
            slowest: clock::quantile(times, 0.99) * 1000.0,
        }
    }
}

fn clients<T: Send>(work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let work = &work;
        let all: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || work(client))).collect();
        all.into_iter().map(|client| client.join().expect("a client of a benchmark doesn't panic")).collect()
    })
}

/// Bytes that differ from one blob to the next.
fn content(number: u64) -> Vec<u8> {
    let mut bytes = vec![number as u8; BLOB];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// The digest, and seconds that it took.
fn push(dial: &Dial, bytes: &[u8]) -> (Digest, f64) {
    let digest = Digest::of(bytes);
    let at = Instant::now();
    let begun = Request::new("POST", "/v2/bench/blobs/uploads/").send(dial).expect("the registry answers");
    let place = begun.header("location").expect("an upload has a place");
    let path = place.find("/v2/").map_or(place, |at| &place[at..]);
    let mark = if path.contains('?') { '&' } else { '?' };
    let put = Request::new("PUT", &format!("{path}{mark}digest={digest}")).body(bytes).send(dial);
    assert_eq!(put.expect("the registry answers").status, 201);
    (digest, at.elapsed().as_secs_f64())
}

/// Seconds that it took.
fn fetch(dial: &Dial, digest: &Digest) -> f64 {
    let begun = Instant::now();
    let answer = Request::get(&format!("/v2/bench/blobs/{digest}")).send(dial).expect("the registry answers");
    assert_eq!((answer.status, answer.body.len()), (200, BLOB));
    begun.elapsed().as_secs_f64()
}
