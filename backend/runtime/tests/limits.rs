//! What a container uses, and what happens when it wants more.

mod support;

use serde_json::json;
use strata_runtime::{ProcessEvent, SupervisorError};
use support::{Bench, Kind, bench, everything, id, key, patient};

async fn limited(bench: &Bench, args: &[&str]) {
    let request = bench.request("c", args, Kind::default());
    let bundle = bench.place.bundle("c", args, false, |spec| {
        spec["linux"]["resources"]["memory"] = json!({ "limit": 32 << 20, "swap": 32 << 20 });
        spec["linux"]["resources"]["pids"] = json!({ "limit": 20 });
    });
    assert_eq!(bundle, request.bundle);
    bench.supervisor.create(request).await.expect("created");
}

#[tokio::test]
async fn counters_are_the_containers_own() {
    let Some(bench) = bench().await else { return };
    limited(
        &bench,
        &["/bin/sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 1000; true"],
    )
    .await;
    bench.supervisor.start(&id("c")).await.expect("started");
    let begun = std::time::Instant::now();
    let stats = loop {
        let stats = bench.supervisor.stats(&id("c")).await.expect("counted");
        if stats.cpu.total > 20_000_000 && stats.pids.current == 2 {
            break stats;
        }
        assert!(begun.elapsed() < support::PATIENCE, "{stats:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!((stats.memory.limit, stats.pids.limit), (32 << 20, Some(20)));
    assert!(stats.memory.usage > 0 && stats.memory.usage <= 32 << 20, "{stats:?}");
    assert!(stats.memory.details.contains_key(if stats.unified {
        "inactive_file"
    } else {
        "total_inactive_file"
    }));
    assert!(stats.cpu.online >= 1 && stats.cpu.system > stats.cpu.total, "{stats:?}");

    let update = json!({ "memory": { "limit": 64 << 20, "swap": 64 << 20 }, "pids": { "limit": 30 } });
    bench.supervisor.update(&id("c"), update).await.expect("updated");
    let stats = bench.supervisor.stats(&id("c")).await.expect("counted");
    assert_eq!((stats.memory.limit, stats.pids.limit), (64 << 20, Some(30)));
    bench.supervisor.signal(&key("c"), 9).await.expect("killed");
    patient(bench.supervisor.wait(&key("c"))).await.expect("ended");
    let late = bench.supervisor.stats(&id("c")).await;
    assert!(matches!(late, Err(SupervisorError::NotRunning(_))), "{late:?}");
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn running_out_of_memory_is_told_as_such() {
    let Some(bench) = bench().await else { return };
    limited(&bench, &["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]).await;
    let mut attached =
        bench.supervisor.attach(&key("c"), strata_runtime::Streams::ALL).await.expect("attached");
    bench.supervisor.start(&id("c")).await.expect("started");
    let (.., exit) = everything(&mut attached).await;
    assert_eq!((exit.code, exit.signal, exit.oom_killed), (137, Some(9), true));
    bench.finish(&["c"]).await;

    let Some(bench) = support::bench().await else { return };
    let survivor = "dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 1000";
    limited(&bench, &["/bin/sh", "-c", survivor]).await;
    let mut events = bench.supervisor.events();
    bench.supervisor.start(&id("c")).await.expect("started");
    assert_eq!(patient(events.recv()).await.expect("told"), (key("c"), ProcessEvent::OutOfMemory));
    bench.supervisor.signal(&key("c"), 9).await.expect("killed");
    assert!(patient(bench.supervisor.wait(&key("c"))).await.expect("ended").oom_killed);
    bench.finish(&["c"]).await;
}
