//! The supervisor is killed; the containers aren't, and nothing of them is lost.

mod support;

use std::{
    env,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use strata_runtime::{
    CreateProcess, ExecProcess, KnownState, LogOptions, LogQuery, ProcessKey, Stdin, Streams, Supervisor,
};
use support::{
    Bench, CONTAINERS, Kind, PATIENCE, Place, Small, bench, everything, id, key, patient, process, until,
};

const PLACE: &str = "STRATA_RUNTIME_TEST_PLACE";
const RUNC: &str = "/usr/sbin/runc";

/// Not a test: the server that is killed. It runs in a process of its own, started by the tests below with the directory in the
/// environment; the bundles are there.
#[tokio::test]
async fn the_server_that_is_killed() {
    let Some(place) = env::var_os(PLACE) else { return };
    let place = Path::new(&place);
    let options = strata_runtime::SupervisorOptions {
        directory: place.join(CONTAINERS),
        runtime_root: place.join("run"),
        runtime: RUNC.into(),
        shim: strata_runtime::ShimCommand {
            program: env!("CARGO_BIN_EXE_strata-shim").into(),
            arguments: vec!["shim".into()],
        },
    };
    let supervisor = Supervisor::open(options).await.expect("opened");
    for name in ["counts", "ends", "terminal", "lost", "created"] {
        let log = Some(LogOptions::new(supervisor.log_path(&id(name))));
        let (tty, stdin) = if name == "terminal" { (true, Stdin::Open) } else { (false, Stdin::Closed) };
        let request = CreateProcess {
            id: id(name),
            bundle: place.join("bundles").join(name),
            tty,
            stdin,
            log,
            durable: true,
        };
        supervisor.create(request).await.expect("created");
        if name != "created" {
            supervisor.start(&id(name)).await.expect("started");
        }
    }
    let (container, exec) = (id("counts"), id("e"));
    let args = ["/bin/sh", "-c", "sleep 1; exit 9"];
    let request =
        ExecProcess { container, exec, process: process(&args, false), tty: false, stdin: Stdin::Closed };
    supervisor.exec(request, None).await.expect("executed");
    std::fs::write(place.join("ready"), "").expect("written");
    std::future::pending::<()>().await;
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_server(place: &Place) -> Server {
    let counting = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.01; done; exit 11";
    place.bundle("counts", &["/bin/sh", "-c", counting], false, |_| ());
    place.bundle("ends", &["/bin/sh", "-c", "sleep 1.5; echo last words; exit 12"], false, |_| ());
    place.bundle("terminal", &["/bin/sh"], true, |_| ());
    place.bundle("lost", &["/bin/sleep", "1000"], false, |_| ());
    place.bundle("created", &["/bin/echo", "at last"], false, |_| ());
    let mut server = Command::new(env::current_exe().expect("we are one"));
    server.args(["--exact", "the_server_that_is_killed"]).env(PLACE, place.directory.path());
    Server(server.stdout(Stdio::null()).spawn().expect("started"))
}

#[tokio::test]
async fn a_killed_server_finds_everything_again() {
    let Some(Bench { place, .. }) = bench().await else { return };
    let mut server = start_server(&place);
    let begun = std::time::Instant::now();
    while !place.directory.path().join("ready").exists() {
        assert!(begun.elapsed() < PATIENCE, "the server isn't ready");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.0.kill().expect("killed with SIGKILL");
    server.0.wait().expect("ended");
    tokio::time::sleep(Duration::from_secs(2)).await; // "ends" and the exec end while there is no server
    kill_shim_of(&place, "lost");

    let begun = std::time::Instant::now();
    let supervisor = place.open(RUNC).await;
    let known = supervisor.reconnect().await.expect("reconnected");
    eprintln!("reconnected after {:?}", begun.elapsed());
    let state = |wanted: &ProcessKey| {
        known
            .iter()
            .find(|known| known.key == *wanted)
            .unwrap_or_else(|| panic!("{wanted} is unknown"))
            .clone()
    };
    assert_eq!(known.len(), 6);
    assert_eq!(state(&key("created")).state, KnownState::Created);
    let counts = state(&key("counts"));
    assert_eq!(counts.state, KnownState::Running);
    assert!(counts.process.is_alive() && !counts.tty && counts.started_at.is_some());
    let ended = |wanted: &ProcessKey| match state(wanted).state {
        KnownState::Ended(exit) => exit,
        other => panic!("{wanted} is {other:?}"),
    };
    assert_eq!((ended(&key("ends")).code, ended(&key("ends")).lost), (12, false));
    assert_eq!(ended(&ProcessKey::exec(id("counts"), id("e"))).code, 9);
    assert_eq!((ended(&key("lost")).code, ended(&key("lost")).lost), (137, true));
    assert!(!state(&key("lost")).process.is_alive());
    assert_eq!(supervisor.wait(&key("ends")).await.expect("known").code, 12);

    let bench = Bench { place, supervisor };
    assert_eq!(bench.log_text("ends", LogQuery::default()).await, "last words\n");
    let followed = bench.log_text("counts", LogQuery { follow: true, ..LogQuery::default() }).await;
    let expected: String = (1..=300).map(|number| format!("{number}\n")).collect();
    assert_eq!(followed, expected, "no line is missing");
    assert_eq!(patient(bench.supervisor.wait(&key("counts"))).await.expect("ended").code, 11);

    let mut terminal = bench.supervisor.attach(&key("terminal"), Streams::ALL).await.expect("attached");
    terminal.input.write(b"echo a$((1+1))b; exit 13\n").await.expect("sent");
    until(&mut terminal, "a2b").await;
    assert_eq!(everything(&mut terminal).await.2.code, 13);

    let mut created = bench.supervisor.attach(&key("created"), Streams::ALL).await.expect("attached");
    bench.supervisor.start(&id("created")).await.expect("started");
    assert_eq!(everything(&mut created).await.0, "at last\n");
    bench.finish(&["counts", "ends", "terminal", "lost", "created"]).await;
}

fn kill_shim_of(place: &Place, name: &str) {
    let directory = place.directory.path().join(CONTAINERS).join(name);
    let shim = place
        .processes()
        .into_iter()
        .find(|process| std::fs::read_link(Path::new(process).join("cwd")).is_ok_and(|cwd| cwd == directory));
    let pid = shim.as_deref().and_then(|path| path.rsplit('/').next()?.parse().ok());
    let pid = pid.and_then(rustix::process::Pid::from_raw).expect("it has a shim");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
}

#[tokio::test]
async fn a_shim_that_is_killed_ends_its_container_with_a_reason() {
    let Some(bench) = bench().await else { return };
    let mut attached = bench.run("c", &["/bin/sleep", "1000"], Kind::default()).await;
    let process = bench.supervisor.process(&key("c")).expect("it runs");
    kill_shim_of(&bench.place, "c");
    let exit = patient(bench.supervisor.wait(&key("c"))).await.expect("settled");
    assert_eq!((exit.code, exit.lost), (137, true));
    assert!(!process.is_alive());
    assert_eq!(patient(attached.output.next()).await, None, "there was nobody to say how it ended");
    let mut again = bench.run("c", &["/bin/echo", "again"], Kind::default()).await;
    assert_eq!(everything(&mut again).await.0, "again\n", "it can be made again");
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn a_runtime_that_cannot_work_here_is_refused_at_once() {
    let Some(bench) = bench().await else { return };
    assert_eq!(bench.supervisor.runtime().kind, strata_runtime::RuntimeKind::Runc);
    for (program, reason) in [("/bin/busybox", "neither runc nor crun"), ("/nowhere/runc", "cannot run")] {
        let refused =
            Supervisor::open(bench.place.options(program)).await.err().expect("refused").to_string();
        assert!(refused.contains(reason), "{refused}");
    }
    bench.finish(&[]).await;
}

#[tokio::test]
async fn an_exit_is_recorded_on_a_full_disk() {
    let Some(bench) = bench().await else { return };
    // Below the supervisor's directory, which exists already.
    let mut options = bench.place.options(RUNC);
    let small = Small::mount(bench.place.directory.path().join("small"), c"size=128k");
    options.directory = small.path().join("containers");
    let supervisor = Supervisor::open(options.clone()).await.expect("opened");
    let request = CreateProcess { log: None, ..bench.request("c", &["/bin/sleep", "1000"], Kind::default()) };
    supervisor.create(request).await.expect("created");
    supervisor.start(&id("c")).await.expect("started");
    std::fs::write(small.path().join("filler"), vec![0; 1 << 20]).expect_err("it is full now");
    supervisor.signal(&key("c"), 9).await.expect("killed");
    let exit = patient(supervisor.wait(&key("c"))).await.expect("ended");
    let later = Supervisor::open(options).await.expect("opened");
    assert_eq!(later.wait(&key("c")).await.expect("recorded"), exit);
    assert!(exit.code == 137 && !exit.lost);
    supervisor.remove(&key("c")).await.expect("removed");
    drop(small);
    bench.finish(&[]).await;
}
