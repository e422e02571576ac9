//! The embedded registry beside Debian's docker-registry: 32 clients that fetch, and 32 that push.

use std::{sync::Arc, thread, time::Instant};

use anyhow::Result;
use strata_oci::Digest;
use strata_tests::{
    DockerRegistry, NetNs, Strata,
    http::{Dial, Request},
};

use crate::{Wanted, clock, report::Report};

const CLIENTS: u64 = 32;
const BLOB: usize = 4 << 20;
/// Blobs of each client.
const EACH: u64 = 8;
const MEGABYTE: f64 = 1_000_000.0;

/// Megabytes per second of fetching and of pushing, and the slowest in a hundred requests in milliseconds.
struct Sample {
    get: f64,
    put: f64,
    latency: f64,
}

/// Measures both.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let netns = NetNs::new();
    let (mut ours, mut theirs, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..wanted.rounds {
        let strata = Strata::start_in(&netns);
        ours.push(one(&strata.tcp()));
        memory.push(strata.peak_memory() as f64 / MEGABYTE);
        let registry = DockerRegistry::start(Some(&netns));
        theirs.push(one(&Dial::Tcp(registry.port(), Some(Arc::clone(&netns)))));
    }
    let of = |all: &[Sample], value: fn(&Sample) -> f64| clock::median(all.iter().map(value).collect());
    for (who, all) in [("strata", &ours), ("docker-registry", &theirs)] {
        report.add("registry/get", who, "throughput", of(all, |s| s.get), "MB/s");
        report.add("registry/get", who, "slowest 1 %", of(all, |s| s.latency), "ms");
        report.add("registry/put", who, "throughput", of(all, |s| s.put), "MB/s");
    }
    let ratio = |value: fn(&Sample) -> f64| of(&theirs, value) / of(&ours, value);
    report.add_limited("registry/get", "theirs/ours", "throughput", ratio(|s| s.get), "", 1.0);
    report.add("registry/put", "theirs/ours", "throughput", ratio(|s| s.put), "");
    report.add("registry", "strata", "peak memory", clock::median(memory), "MB");
    Ok(())
}

fn one(dial: &Dial) -> Sample {
    let begun = Instant::now();
    let digests: Vec<Digest> = clients(|client| {
        (0..EACH).map(|number| push(dial, &content(client * EACH + number))).collect::<Vec<_>>()
    })
    .concat();
    let put = throughput(begun);
    let begun = Instant::now();
    let times = clients(|client| {
        let own = |number: u64| &digests[((client * 7 + number * 13) % (CLIENTS * EACH)) as usize];
        (0..EACH).map(|number| fetch(dial, own(number))).collect::<Vec<_>>()
    });
    let get = throughput(begun);
    Sample { get, put, latency: clock::quantile(times.concat(), 0.99) * 1000.0 }
}

fn clients<T: Send>(work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let work = &work;
        let all: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || work(client))).collect();
        all.into_iter().map(|client| client.join().expect("a client of a benchmark doesn't panic")).collect()
    })
}

fn throughput(begun: Instant) -> f64 {
    (CLIENTS * EACH) as f64 * BLOB as f64 / MEGABYTE / begun.elapsed().as_secs_f64()
}

/// Bytes that differ from one blob to the next.
fn content(number: u64) -> Vec<u8> {
    let mut bytes = vec![number as u8; BLOB];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn push(dial: &Dial, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let begun = Request::new("POST", "/v2/bench/blobs/uploads/").send(dial).expect("the registry answers");
    let place = begun.header("location").expect("an upload has a place");
    let path = place.find("/v2/").map_or(place, |at| &place[at..]);
    let mark = if path.contains('?') { '&' } else { '?' };
    let put = Request::new("PUT", &format!("{path}{mark}digest={digest}")).body(bytes).send(dial);
    assert_eq!(put.expect("the registry answers").status, 201);
    digest
}

/// Seconds that it took.
fn fetch(dial: &Dial, digest: &Digest) -> f64 {
    let begun = Instant::now();
    let answer = Request::get(&format!("/v2/bench/blobs/{digest}")).send(dial).expect("the registry answers");
    assert_eq!((answer.status, answer.body.len()), (200, BLOB));
    begun.elapsed().as_secs_f64()
}
