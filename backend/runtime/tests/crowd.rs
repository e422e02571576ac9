//! A hundred containers at once, and nothing of them afterwards.

mod support;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use strata_runtime::Stdin;
use support::{Kind, bench, everything, id, key, patient};
use tokio::task::JoinSet;

/// This process's descriptors, by what they are.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("mounted").count()
}

#[tokio::test]
async fn a_hundred_containers_leave_nothing() {
    let Some(bench) = bench().await else { return };
    // What the runtime and the allocator keep open is open from now on.
    everything(&mut bench.run("warm", &["/bin/true"], Kind::default()).await).await;
    bench.supervisor.remove(&key("warm")).await.expect("removed");
    let mounts =
        || fs::read_to_string("/proc/self/mountinfo").expect("mounted").matches("strata-runtime").count();
    let before = (descriptors(), mounts());
    let bench = Arc::new(bench);
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    let permits = Arc::new(tokio::sync::Semaphore::new(16));
    for number in 0..100 {
        let (bench, permits) = (Arc::clone(&bench), Arc::clone(&permits));
        tasks.spawn(async move {
            let name = format!("c{number}");
            let permit = permits.acquire().await.expect("never closed");
            let kind = Kind { tty: number % 3 == 0, stdin: Stdin::Open, log: None };
            let script = format!("echo {number}; read line; exit {}", number % 7);
            let mut attached = bench.run(&name, &["/bin/sh", "-c", &script], kind).await;
            support::until(&mut attached, &number.to_string()).await;
            drop(permit);
            (name, number, attached)
        });
    }
    let running = patient(tasks.join_all()).await;
    eprintln!("100 containers run after {:?}", begun.elapsed());
    assert_eq!(bench.place.processes().len(), 200, "a shim and a shell each");
    for (name, number, mut attached) in running {
        if number % 2 == 0 {
            attached.input.write(b"\n").await.expect("sent");
            assert_eq!(everything(&mut attached).await.2.code, u8::try_from(number % 7).expect("small"));
        }
        bench.supervisor.remove(&key(&name)).await.expect("removed");
        assert!(bench.supervisor.process(&id(&name).into()).is_none());
    }
    eprintln!("100 containers are gone after {:?}", begun.elapsed());
    while descriptors() > before.0 && begun.elapsed() < support::PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = (descriptors(), mounts());
    assert!(after.0 <= before.0 && after.1 == before.1, "{after:?} {before:?}");
    Arc::into_inner(bench).expect("the tasks are done").finish(&[]).await;
}
