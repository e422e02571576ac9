//! Further processes in a running container, and what can be done to all of them.

mod support;

use std::time::{Duration, Instant};

use strata_runtime::{
    Output, ProcessEvent, ProcessKey, RuntimeProblem, Streams, SupervisorError, WindowSize,
};
use support::{Bench, Kind, bench, everything, id, key, patient, until};

fn exec_key(name: &str, exec: &str) -> ProcessKey {
    ProcessKey::exec(id(name), id(exec))
}

async fn sleeping(bench: &Bench, name: &str) {
    bench.create(name, &["/bin/sleep", "1000"], Kind::default()).await;
    bench.supervisor.start(&id(name)).await.expect("started");
}

#[tokio::test]
async fn a_fast_exec_loses_no_byte_and_has_its_code() {
    let Some(bench) = bench().await else { return };
    sleeping(&bench, "c").await;
    for round in 0..10 {
        let name = format!("e{round}");
        let request =
            bench.exec_request("c", &name, &["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], false);
        let (_, attached) = bench.supervisor.exec(request, Some(Streams::ALL)).await.expect("executed");
        let (stdout, stderr, exit) = everything(&mut attached.expect("asked for")).await;
        assert_eq!((stdout.as_str(), stderr.as_str(), exit.code), ("out\n", "err\n", 3), "round {round}");
        bench.supervisor.remove(&exec_key("c", &name)).await.expect("removed");
    }
    assert_eq!(patient(bench.supervisor.ps(&id("c"))).await.expect("listed").len(), 1, "only sleep is left");
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn an_exec_takes_input_a_terminal_and_signals() {
    let Some(bench) = bench().await else { return };
    sleeping(&bench, "c").await;
    let cat = bench.exec_request("c", "cat", &["/bin/cat"], false);
    let (_, attached) = bench.supervisor.exec(cat, Some(Streams::ALL)).await.expect("executed");
    let mut attached = attached.expect("asked for");
    attached.input.write(b"through\n").await.expect("sent");
    attached.input.close().await.expect("closed");
    let (stdout, _, exit) = everything(&mut attached).await;
    assert_eq!((stdout.as_str(), exit.code), ("through\n", 0));

    let shell = bench.exec_request("c", "sh", &["/bin/sh"], true);
    let (_, attached) = bench.supervisor.exec(shell, Some(Streams::ALL)).await.expect("executed");
    let mut attached = attached.expect("asked for");
    bench.supervisor.resize(&exec_key("c", "sh"), WindowSize { rows: 7, columns: 9 }).await.expect("resized");
    attached.input.write(b"stty size; exit 4\n").await.expect("sent");
    let (seen, _, exit) = everything(&mut attached).await;
    assert!(seen.contains("7 9") && exit.code == 4, "{seen:?} {exit:?}");

    let sleep = bench.exec_request("c", "sleep", &["/bin/sleep", "1000"], false);
    let (first, none) = bench.supervisor.exec(sleep.clone(), None).await.expect("executed");
    assert!(none.is_none() && first.is_alive());
    assert_eq!(patient(bench.supervisor.ps(&id("c"))).await.expect("listed").len(), 2);
    let twice = bench.supervisor.exec(sleep, None).await;
    assert!(matches!(twice, Err(SupervisorError::Running(_))), "{twice:?}");
    bench.supervisor.signal(&exec_key("c", "sleep"), 15).await.expect("signalled");
    let exit = patient(bench.supervisor.wait(&exec_key("c", "sleep"))).await.expect("known");
    assert_eq!((exit.code, exit.signal), (143, Some(15)));
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn an_exec_that_cannot_run_is_refused_and_leaves_nothing() {
    let Some(bench) = bench().await else { return };
    sleeping(&bench, "c").await;
    let cases = [
        ("nope", RuntimeProblem::CommandNotFound, 127),
        ("/etc/passwd", RuntimeProblem::CommandNotExecutable, 126),
    ];
    for (program, problem, code) in cases {
        let request = bench.exec_request("c", "bad", &[program], false);
        let refused = bench.supervisor.exec(request, Some(Streams::ALL)).await;
        let Err(SupervisorError::Runtime(failure)) = refused else { panic!("{refused:?}") };
        assert_eq!((failure.problem, failure.exit_code()), (problem, code), "{}", failure.message);
    }
    assert!(matches!(bench.supervisor.wait(&exec_key("c", "bad")).await, Err(SupervisorError::NotFound(_))));
    bench.supervisor.signal(&key("c"), 9).await.expect("killed");
    patient(bench.supervisor.wait(&key("c"))).await.expect("ended");
    let late = bench.supervisor.exec(bench.exec_request("c", "late", &["true"], false), None).await;
    assert!(matches!(late, Err(SupervisorError::Runtime(_))), "{late:?}");
    let nowhere = bench.supervisor.exec(bench.exec_request("none", "e", &["true"], false), None).await;
    assert!(matches!(nowhere, Err(SupervisorError::NotFound(_))), "{nowhere:?}");
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn what_an_exec_leaves_behind_lives_on() {
    let Some(bench) = bench().await else { return };
    sleeping(&bench, "c").await;
    let script = "(sleep 1; echo late; echo survived > /tmp/proof) & echo early";
    let request = bench.exec_request("c", "e", &["/bin/sh", "-c", script], false);
    let (_, attached) = bench.supervisor.exec(request, Some(Streams::ALL)).await.expect("executed");
    let begun = Instant::now();
    let (stdout, _, exit) = everything(&mut attached.expect("asked for")).await;
    assert_eq!((stdout.as_str(), exit.code), ("early\n", 0), "after {:?}", begun.elapsed());
    let proof = bench.place.rootfs().join("tmp/proof");
    while !proof.exists() && begun.elapsed() < support::PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(proof.exists(), "the daemon was killed by its pipe");
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn a_flooding_exec_waits_for_its_client() {
    let Some(bench) = bench().await else { return };
    sleeping(&bench, "c").await;
    let request = bench.exec_request(
        "c",
        "e",
        &["/bin/sh", "-c", "dd if=/dev/zero bs=1M count=100 2>/dev/null"],
        false,
    );
    let (_, attached) = bench.supervisor.exec(request, Some(Streams::ALL)).await.expect("executed");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut attached = attached.expect("asked for");
    let mut received = 0;
    let exit = loop {
        match patient(attached.output.next()).await {
            Some(Output::Stdout(bytes)) => received += bytes.len(),
            Some(Output::Exit(exit)) => break exit,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((received, exit.code), (100 << 20, 0));
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn pausing_holds_everything_and_killing_thaws() {
    let Some(bench) = bench().await else { return };
    let script = "i=0; while true; do i=$((i+1)); echo $i; sleep 0.02; done";
    let mut attached = bench.run("c", &["/bin/sh", "-c", script], Kind::default()).await;
    until(&mut attached, "3\n").await;
    bench.supervisor.pause(&id("c")).await.expect("paused");
    tokio::time::sleep(Duration::from_millis(200)).await;
    while tokio::time::timeout(Duration::from_millis(100), attached.output.next()).await.is_ok() {}
    assert!(
        tokio::time::timeout(Duration::from_millis(300), attached.output.next()).await.is_err(),
        "it is silent"
    );
    let twice = bench.supervisor.pause(&id("c")).await;
    assert!(matches!(twice, Err(SupervisorError::Runtime(_))), "{twice:?}");
    bench.supervisor.resume(&id("c")).await.expect("resumed");
    until(&mut attached, "\n").await;
    bench.supervisor.pause(&id("c")).await.expect("paused");
    let mut events = bench.supervisor.events();
    bench.supervisor.signal(&key("c"), 9).await.expect("killed");
    let exit = patient(bench.supervisor.wait(&key("c"))).await.expect("ended");
    assert_eq!(exit.code, 137);
    assert_eq!(patient(events.recv()).await.expect("told"), (key("c"), ProcessEvent::Exited(exit)));
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn removing_ends_whatever_runs() {
    let Some(bench) = bench().await else { return };
    sleeping(&bench, "c").await;
    for exec in ["a", "b"] {
        bench
            .supervisor
            .exec(bench.exec_request("c", exec, &["/bin/sleep", "1000"], false), None)
            .await
            .expect("ran");
    }
    bench.supervisor.pause(&id("c")).await.expect("paused");
    bench.create("never-started", &["/bin/true"], Kind::default()).await;
    assert!(bench.supervisor.process(&key("never-started")).is_some_and(|process| process.is_alive()));
    bench.finish(&["c", "never-started", "never-made"]).await;
}

#[tokio::test]
async fn what_shares_our_pids_leaves_nothing_either() {
    let Some(bench) = bench().await else { return };
    let args = ["/bin/sh", "-c", "sleep 1000 & (sleep 0.1; exit 3) & echo up; sleep 0.5; exit 6"];
    let request = bench.request("c", &args, Kind::default());
    bench.place.bundle("c", &args, false, |spec| {
        let namespaces = spec["linux"]["namespaces"].as_array_mut().expect("a list");
        namespaces.retain(|namespace| namespace["type"] != "pid");
    });
    bench.supervisor.create(request).await.expect("created");
    let mut attached = bench.supervisor.attach(&key("c"), Streams::ALL).await.expect("attached");
    bench.supervisor.start(&id("c")).await.expect("started");
    let (stdout, _, exit) = everything(&mut attached).await;
    assert_eq!(
        (stdout.as_str(), exit.code),
        ("up\n", 6),
        "the sleep that still has its pipes isn't waited for"
    );
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn execs_of_an_earlier_run_are_gone() {
    let Some(bench) = bench().await else { return };
    sleeping(&bench, "c").await;
    let request = bench.exec_request("c", "e", &["/bin/true"], false);
    bench.supervisor.exec(request.clone(), None).await.expect("executed");
    assert_eq!(patient(bench.supervisor.wait(&exec_key("c", "e"))).await.expect("ended").code, 0);
    bench.supervisor.signal(&key("c"), 9).await.expect("killed");
    patient(bench.supervisor.wait(&key("c"))).await.expect("ended");
    sleeping(&bench, "c").await;
    assert!(matches!(bench.supervisor.wait(&exec_key("c", "e")).await, Err(SupervisorError::NotFound(_))));
    bench.supervisor.exec(request, None).await.expect("the name is free");
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn of_two_that_make_the_same_one_does() {
    let Some(bench) = bench().await else { return };
    let make = || bench.supervisor.create(bench.request("c", &["/bin/sleep", "1000"], Kind::default()));
    let (a, b, c) = tokio::join!(make(), make(), make());
    let made = [&a, &b, &c].into_iter().filter(|made| made.is_ok()).count();
    assert_eq!(made, 1, "{a:?} {b:?} {c:?}");
    bench.supervisor.start(&id("c")).await.expect("it is whole");
    bench.finish(&["c"]).await;
}
