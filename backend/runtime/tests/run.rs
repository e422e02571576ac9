//! Running containers to their end.

mod support;

use std::time::{Duration, Instant};

use strata_runtime::{
    CreateProcess, LogQuery, Output, RuntimeProblem, Stdin, Streams, SupervisorError, WindowSize,
};
use support::{Kind, bench, everything, id, key, patient, until};

#[tokio::test]
async fn a_fast_program_loses_no_line() {
    let Some(bench) = bench().await else { return };
    for round in 0..20 {
        let mut attached =
            bench.run("fast", &["/bin/sh", "-c", "echo out; echo err >&2"], Kind::default()).await;
        let (stdout, stderr, exit) = everything(&mut attached).await;
        assert_eq!((stdout.as_str(), stderr.as_str(), exit.code), ("out\n", "err\n", 0), "round {round}");
        assert!(exit.started_at.is_some_and(|started| started <= exit.finished_at));
    }
    let log = bench.log_text("fast", LogQuery { stderr: false, ..LogQuery::default() }).await;
    assert_eq!(log, "out\n".repeat(20), "a container that is made again goes on with its log");
    bench.finish(&["fast"]).await;
}

#[tokio::test]
async fn a_flood_arrives_whole_and_in_order() {
    let Some(bench) = bench().await else { return };
    let mut attached = bench.run("flood", &["/bin/seq", "1", "200000"], Kind::default()).await;
    let (stdout, _, exit) = everything(&mut attached).await;
    let expected: String = (1..=200_000).map(|number| format!("{number}\n")).collect();
    assert!(stdout == expected && exit.code == 0, "{} of {} bytes", stdout.len(), expected.len());
    assert!(bench.log_text("flood", LogQuery::default()).await == expected);
    bench.finish(&["flood"]).await;
}

#[tokio::test]
async fn exit_codes_are_the_programs() {
    let Some(bench) = bench().await else { return };
    let cases: [(&[&str], u8, Option<i32>); 4] = [
        (&["/bin/true"], 0, None),
        (&["/bin/false"], 1, None),
        (&["/bin/sh", "-c", "exit 42"], 42, None),
        (&["/bin/sh", "-c", "kill -9 $$; sleep 1; exit 3"], 3, None), // pid 1 is immune to its own signals
    ];
    for (args, code, signal) in cases {
        let mut attached = bench.run("code", args, Kind::default()).await;
        let (.., exit) = everything(&mut attached).await;
        assert_eq!((exit.code, exit.signal), (code, signal), "{args:?}");
        assert_eq!(bench.supervisor.wait(&key("code")).await.expect("known"), exit);
    }
    bench.run("code", &["/bin/sleep", "100"], Kind::default()).await;
    bench.supervisor.signal(&key("code"), 9).await.expect("signalled");
    let exit = patient(bench.supervisor.wait(&key("code"))).await.expect("known");
    assert_eq!((exit.code, exit.signal, exit.oom_killed), (137, Some(9), false));
    let refused = bench.supervisor.signal(&key("code"), 15).await;
    assert!(matches!(refused, Err(SupervisorError::NotRunning(_))), "{refused:?}");
    bench.finish(&["code"]).await;
}

#[tokio::test]
async fn what_cannot_run_is_refused_and_leaves_nothing() {
    let Some(bench) = bench().await else { return };
    let cases = [
        ("nope", RuntimeProblem::CommandNotFound, 127, "exec: \"nope\": executable file not found in $PATH"),
        (
            "/nope",
            RuntimeProblem::CommandNotFound,
            127,
            "exec: \"/nope\": stat /nope: no such file or directory",
        ),
        (
            "/etc/passwd",
            RuntimeProblem::CommandNotExecutable,
            126,
            "exec: \"/etc/passwd\": permission denied",
        ),
        ("/etc", RuntimeProblem::CommandNotExecutable, 126, "exec: \"/etc\": "),
    ];
    for (program, problem, code, message) in cases {
        let refused = bench.supervisor.create(bench.request("bad", &[program], Kind::default())).await;
        let Err(SupervisorError::Runtime(failure)) = refused else { panic!("{refused:?}") };
        assert_eq!((failure.problem, failure.exit_code()), (problem, code), "{program}");
        assert!(failure.message.contains(message), "{}", failure.message);
    }
    assert!(matches!(bench.supervisor.wait(&key("bad")).await, Err(SupervisorError::NotFound(_))));
    bench.finish(&[]).await;
}

#[tokio::test]
async fn stdin_ends_with_its_one_client_or_stays() {
    let Some(bench) = bench().await else { return };
    let once = Kind { stdin: Stdin::Once, ..Kind::default() };
    let mut attached = bench.run("cat", &["/bin/cat"], once).await;
    let text = "line\n".repeat(100_000); // more than any pipe holds
    let (input, output) = (&mut attached.input, &mut attached.output);
    let sending = async {
        input.write(text.as_bytes()).await.expect("sent");
        input.close().await.expect("closed");
    };
    let mut seen = Vec::new();
    let receiving = async {
        loop {
            match patient(output.next()).await {
                Some(Output::Stdout(bytes)) => seen.extend_from_slice(&bytes),
                other => break other,
            }
        }
    };
    let ((), last) = tokio::join!(sending, receiving);
    assert!(matches!(last, Some(Output::Exit(exit)) if exit.code == 0));
    assert!(seen == text.as_bytes(), "{} bytes", seen.len());

    let open = Kind { stdin: Stdin::Open, ..Kind::default() };
    let mut first = bench.run("open", &["/bin/cat"], open).await;
    first.input.write(b"one\n").await.expect("sent");
    until(&mut first, "one\n").await;
    first.input.close().await.expect("sent");
    drop(first);
    let mut second = bench.supervisor.attach(&key("open"), Streams::ALL).await.expect("attached");
    second.input.write(b"two\n").await.expect("sent");
    assert_eq!(until(&mut second, "two\n").await, "two\n");

    let mut closed = bench.run("closed", &["/bin/cat"], Kind::default()).await;
    assert_eq!(everything(&mut closed).await.2.code, 0, "no input at all");
    bench.finish(&["cat", "open", "closed"]).await;
}

#[tokio::test]
async fn a_leaving_client_ends_stdin_but_not_a_terminal() {
    let Some(bench) = bench().await else { return };
    let once = || Kind { stdin: Stdin::Once, ..Kind::default() };
    drop(bench.run("pipe", &["/bin/cat"], once()).await);
    assert_eq!(patient(bench.supervisor.wait(&key("pipe"))).await.expect("ended").code, 0);

    let shell = bench.run("shell", &["/bin/sh"], Kind { tty: true, ..once() }).await;
    drop(shell);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut again = bench.supervisor.attach(&key("shell"), Streams::ALL).await.expect("it lives");
    again.input.write(b"exit 7\n").await.expect("sent");
    assert_eq!(everything(&mut again).await.2.code, 7);
    bench.finish(&["pipe", "shell"]).await;
}

#[tokio::test]
async fn a_terminal_has_a_size_that_follows() {
    let Some(bench) = bench().await else { return };
    let kind = Kind { tty: true, stdin: Stdin::Open, ..Kind::default() };
    bench.create("tty", &["/bin/sh"], kind).await;
    let size = |rows, columns| WindowSize { rows, columns };
    bench.supervisor.resize(&key("tty"), size(11, 22)).await.expect("before the start");
    let mut attached = bench.supervisor.attach(&key("tty"), Streams::ALL).await.expect("attached");
    bench.supervisor.start(&id("tty")).await.expect("started");
    attached.input.write(b"stty size; tty\n").await.expect("sent");
    let seen = until(&mut attached, "/dev/pts/0").await;
    assert!(seen.contains("11 22"), "{seen:?}");
    bench.supervisor.resize(&key("tty"), size(33, 44)).await.expect("resized");
    attached.input.write(b"stty size\n").await.expect("sent");
    until(&mut attached, "33 44").await;
    attached.input.write(b"sleep 100\n").await.expect("sent");
    tokio::time::sleep(Duration::from_millis(200)).await;
    attached.input.write(b"\x03").await.expect("ctrl-c");
    attached.input.write(b"exit 5\n").await.expect("sent");
    assert_eq!(everything(&mut attached).await.2.code, 5);

    bench.create("pipes", &["/bin/true"], Kind::default()).await;
    bench.supervisor.resize(&key("pipes"), size(1, 1)).await.expect("there is nothing to do");
    bench.finish(&["tty", "pipes"]).await;
}

#[tokio::test]
async fn several_clients_see_the_same() {
    let Some(bench) = bench().await else { return };
    let kind = Kind { stdin: Stdin::Open, ..Kind::default() };
    let mut first = bench.run("many", &["/bin/cat"], kind).await;
    let mut second = bench.supervisor.attach(&key("many"), Streams::ALL).await.expect("attached");
    let quiet = Streams { stdin: false, stdout: false, stderr: true };
    let mut third = bench.supervisor.attach(&key("many"), quiet).await.expect("attached");
    second.input.write(b"hello\n").await.expect("sent");
    assert_eq!(until(&mut first, "hello\n").await, "hello\n");
    assert_eq!(until(&mut second, "hello\n").await, "hello\n");
    drop(first);
    second.input.write(b"still\n").await.expect("sent");
    until(&mut second, "still\n").await;
    bench.supervisor.signal(&key("many"), 9).await.expect("killed");
    assert_eq!(everything(&mut second).await.2.code, 137);
    assert_eq!(everything(&mut third).await.0, "", "it wanted no stdout");
    bench.finish(&["many"]).await;
}

#[tokio::test]
async fn a_slow_client_misses_nothing_and_a_dead_one_holds_nobody_up() {
    let Some(bench) = bench().await else { return };
    const WRITTEN: usize = 40 << 20; // more than waits for anyone
    let script = format!("yes $(seq 1 2000) | head -c {WRITTEN}");
    let none =
        CreateProcess { log: None, ..bench.request("slow", &["/bin/sh", "-c", &script], Kind::default()) };
    bench.supervisor.create(none).await.expect("created");
    let mut slow = bench.supervisor.attach(&key("slow"), Streams::ALL).await.expect("attached");
    let mut dead = bench.supervisor.attach(&key("slow"), Streams::ALL).await.expect("attached");
    bench.supervisor.start(&id("slow")).await.expect("started");
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(bench.supervisor.process(&key("slow")).is_some(), "it is held back");
    let (stdout, _, exit) = everything(&mut slow).await;
    assert_eq!((stdout.len(), exit.code), (WRITTEN, 0), "after {:?}", begun.elapsed());
    assert!(begun.elapsed() >= Duration::from_secs(9), "the dead client was given a chance");
    let last = loop {
        match patient(dead.output.next()).await {
            Some(Output::Stdout(_)) => (),
            other => break other,
        }
    };
    assert_eq!(last, Some(Output::Overrun), "and is told");
    bench.finish(&["slow"]).await;
}

#[tokio::test]
async fn run_to_exit_is_quick() {
    let Some(bench) = bench().await else { return };
    let mut times = Vec::new();
    for _ in 0..10 {
        let request = bench.request("true", &["/bin/true"], Kind::default());
        let begun = Instant::now();
        bench.supervisor.create(request).await.expect("created");
        bench.supervisor.start(&id("true")).await.expect("started");
        bench.supervisor.wait(&key("true")).await.expect("ended");
        times.push(begun.elapsed());
    }
    times.sort();
    eprintln!("run to exit of true: median {:?}, best {:?}, worst {:?}", times[5], times[0], times[9]);
    bench.finish(&["true"]).await;
}

#[tokio::test]
async fn signals_of_both_sorts_arrive() {
    let Some(bench) = bench().await else { return };
    let script =
        "trap 'echo rt; exit 8' 37; trap 'echo usr' USR1; echo ready; while true; do sleep 0.05; done";
    let mut attached = bench.run("signals", &["/bin/sh", "-c", script], Kind::default()).await;
    until(&mut attached, "ready").await;
    bench.supervisor.signal(&key("signals"), 10).await.expect("sent");
    until(&mut attached, "usr").await;
    let refused = bench.supervisor.signal(&key("signals"), 99).await;
    assert!(matches!(refused, Err(SupervisorError::Runtime(_))), "{refused:?}");
    bench.supervisor.signal(&key("signals"), 37).await.expect("sent");
    let (stdout, _, exit) = everything(&mut attached).await;
    assert_eq!((stdout.trim(), exit.code), ("rt", 8));
    bench.finish(&["signals"]).await;
}
