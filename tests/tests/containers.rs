//! Many containers, and a server that is killed under them: nothing is left behind, and nothing is lost.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use strata_faulty_registry::FaultyRegistry;
use strata_tests::{
    NetNs, Strata, fixture,
    http::{Answer, Dial, Request},
    run, skip_without,
};

fn send(to: &Dial, method: &str, target: &str, body: &Value) -> Answer {
    let request = Request::new(method, target).body(body.to_string());
    request.send(to).unwrap_or_else(|e| panic!("{method} {target}: {e}"))
}

#[track_caller]
fn expect(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
}

/// A server in a network of its own with the image `box`; `None` where containers can't be run.
fn server() -> Option<(Arc<NetNs>, Strata)> {
    if skip_without(&["runc", "iptables", "ip"]) || !rustix::process::geteuid().is_root() {
        return None;
    }
    let netns = NetNs::new();
    let registry = netns.inside(FaultyRegistry::start);
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let strata = Strata::start_in(&netns);
    let name = format!("{}/box", registry.domain());
    expect(
        &send(&strata.unix(), "POST", &format!("/images/create?fromImage={name}&tag=latest"), &Value::Null),
        200,
    );
    expect(&send(&strata.unix(), "POST", &format!("/images/{name}/tag?repo=box"), &Value::Null), 201);
    Some((netns, strata))
}

fn start(to: &Dial, name: &str, script: &str) {
    let body = json!({ "Image": "box", "Cmd": ["sh", "-c", script] });
    expect(&send(to, "POST", &format!("/containers/create?name={name}"), &body), 201);
    expect(&send(to, "POST", &format!("/containers/{name}/start"), &Value::Null), 204);
}

/// What a server's containers make the machine have, besides what is in its data directory's records.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Traces {
    mounts: usize,
    shims: usize,
    links: BTreeSet<String>,
    cgroups: BTreeSet<String>,
    directories: BTreeSet<String>,
    descriptors: usize,
}

impl Traces {
    fn of(netns: &NetNs, strata: &Strata) -> Self {
        let data = strata.data().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("it can be read");
        let shims = pids().filter(|pid| is_shim_of(*pid, &data)).count();
        let links = run(netns.command("ip").args(["-o", "link"])).ok().stdout;
        let names = |path: &Path| {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<BTreeSet<_>>()
        };
        let mut directories = BTreeSet::new();
        for part in ["containers", "snapshots", "shims", "volumes"] {
            directories
                .extend(names(&strata.data().join(part)).into_iter().map(|name| format!("{part}/{name}")));
        }
        Self {
            mounts: mounts.lines().filter(|line| line.contains(&data)).count(),
            shims,
            links: links.lines().filter_map(|line| line.split(": ").nth(1)).map(str::to_owned).collect(),
            cgroups: cgroups_of(strata),
            directories,
            descriptors: fs::read_dir(format!("/proc/{}/fd", strata.pid())).map_or(0, Iterator::count),
        }
    }
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("it can be read").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// A shim works in its container's directory.
fn is_shim_of(pid: u32, data: &str) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("shim") && cwd.starts_with(data)
}

/// Cgroups of this server's containers: those in which one of its container ids is.
fn cgroups_of(strata: &Strata) -> BTreeSet<String> {
    let Ok(list) = Request::get("/containers/json?all=1").send(&strata.unix()) else {
        return BTreeSet::new();
    };
    let ids: Vec<String> = (list.json().as_array().into_iter().flatten())
        .map(|row| row["Id"].as_str().unwrap_or_default().to_owned())
        .collect();
    let all =
        run(std::process::Command::new("find").args(["/sys/fs/cgroup", "-maxdepth", "4", "-type", "d"]));
    all.stdout.lines().filter(|line| ids.iter().any(|id| line.contains(id))).map(str::to_owned).collect()
}

/// Where the runtime has the states of this server's containers, of which there is at least one.
#[track_caller]
fn states_of(strata: &Strata) -> PathBuf {
    let list = Request::get("/containers/json").send(&strata.unix()).expect("a list").json();
    let id = list[0]["Id"].as_str().expect("a container").to_owned();
    let mut all = fs::read_dir("/run").expect("there is /run").flatten().map(|entry| entry.path());
    all.find(|directory| directory.join(&id).exists()).expect("a directory of states")
}

/// Removing goes on for a moment behind the answer.
#[track_caller]
fn settles_to(before: &Traces, now: impl Fn() -> Traces) {
    let begun = Instant::now();
    loop {
        let traces = now();
        // The server keeps a few connections and pipes of its own open.
        if (Traces { descriptors: before.descriptors, ..traces.clone() }) == *before
            && traces.descriptors <= before.descriptors + 8
        {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "before: {before:#?}\nafter: {traces:#?}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_hundred_at_once_leave_nothing() {
    let Some((netns, mut strata)) = server() else { return };
    // The network's bridge comes with the first container and stays.
    start(&strata.unix(), "first", "true");
    expect(&send(&strata.unix(), "DELETE", "/containers/first?force=1", &Value::Null), 204);
    let before = Traces::of(&netns, &strata);
    let to = strata.unix();
    thread::scope(|scope| {
        for worker in 0..10 {
            let to = &to;
            scope.spawn(move || {
                for number in 0..10 {
                    start(to, &format!("c{worker}x{number}"), "echo here; sleep 100");
                }
            });
        }
    });
    let during = Traces::of(&netns, &strata);
    assert_eq!((during.shims, during.cgroups.is_empty()), (100, false), "{during:#?}");
    let states = states_of(&strata);
    thread::scope(|scope| {
        for worker in 0..10 {
            let to = &to;
            scope.spawn(move || {
                for number in 0..10 {
                    let target = format!("/containers/c{worker}x{number}?force=1&v=1");
                    expect(&send(to, "DELETE", &target, &Value::Null), 204);
                }
            });
        }
    });
    settles_to(&before, || Traces::of(&netns, &strata));
    assert!(strata.stop().success());
    assert!(!states.exists(), "{states:?} is left");
    let links = run(netns.command("ip").args(["-o", "link"])).ok().stdout;
    assert_eq!(links.lines().count(), 1, "only the loopback is left: {links}");
    let rules = run(&mut netns.command("iptables-save")).ok().stdout;
    assert!(!rules.to_lowercase().contains("strata"), "{rules}");
}

#[test]
fn a_killed_server_finds_its_containers_again() {
    let Some((_netns, mut strata)) = server() else { return };
    for number in 0..20 {
        // Half of them end while there is no server.
        let end = if number % 2 == 0 { "sleep 100" } else { "sleep 1; exit 7" };
        let script = format!("for i in 0 1 2 3 4 5 6 7 8 9; do echo line $i; done; {end}");
        start(&strata.unix(), &format!("k{number}"), &script);
    }
    // What goes with its process is written down with less care, but a kill loses nothing of it either.
    for (name, script) in [("ending", "sleep 1"), ("staying", "sleep 100")] {
        let body =
            json!({ "Image": "box", "Cmd": ["sh", "-c", script], "HostConfig": { "AutoRemove": true } });
        expect(&send(&strata.unix(), "POST", &format!("/containers/create?name={name}"), &body), 201);
        expect(&send(&strata.unix(), "POST", &format!("/containers/{name}/start"), &Value::Null), 204);
    }
    strata.kill();
    thread::sleep(Duration::from_millis(2500));
    strata.restart();
    let begun = Instant::now();
    for number in 0..20 {
        let seen = send(&strata.unix(), "GET", &format!("/containers/k{number}/json"), &Value::Null).json();
        let state = (&seen["State"]["Status"], seen["State"]["ExitCode"].as_i64());
        let expected = if number % 2 == 0 { ("running", 0) } else { ("exited", 7) };
        assert_eq!((state.0.as_str(), state.1), (Some(expected.0), Some(expected.1)), "k{number}: {seen}");
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    for number in 0..20 {
        let log = send(&strata.unix(), "GET", &format!("/containers/k{number}/logs?stdout=1"), &Value::Null);
        let lines = log.text().matches("line ").count();
        assert_eq!(lines, 10, "k{number}: {:?}", log.text());
    }
    let seen = send(&strata.unix(), "GET", "/containers/staying/json", &Value::Null).json();
    assert_eq!(seen["State"]["Status"], "running", "{seen}");
    while send(&strata.unix(), "GET", "/containers/ending/json", &Value::Null).status != 404 {
        assert!(begun.elapsed() < Duration::from_secs(20), "what has ended is not removed");
        thread::sleep(Duration::from_millis(50));
    }
    // They can be worked with as before.
    expect(&send(&strata.unix(), "POST", "/containers/k0/stop?t=0", &Value::Null), 204);
    expect(&send(&strata.unix(), "POST", "/containers/k1/start", &Value::Null), 204);
}

#[test]
fn execs_are_known_to_the_next_server() {
    let Some((_netns, mut strata)) = server() else { return };
    let to = strata.unix();
    start(&to, "up", "sleep 100");
    let exec = |script: &str| {
        let body = json!({ "Cmd": ["sh", "-c", script], "AttachStdout": true });
        let made = send(&to, "POST", "/containers/up/exec", &body).json();
        let id = made["Id"].as_str().expect("an id").to_owned();
        expect(&send(&to, "POST", &format!("/exec/{id}/start"), &json!({ "Detach": true })), 200);
        id
    };
    let code = |id: &str| {
        let seen = send(&to, "GET", &format!("/exec/{id}/json"), &Value::Null).json();
        (seen["Running"].as_bool(), seen["ExitCode"].as_i64())
    };
    let until = |id: &str, wanted| {
        let begun = Instant::now();
        while code(id) != wanted {
            assert!(begun.elapsed() < Duration::from_secs(10), "{id}: {:?}", code(id));
            thread::sleep(Duration::from_millis(20));
        }
    };
    let wait = |name: &str, exit| format!("until test -e /{name}; do sleep 0.05; done; exit {exit}");
    let (before, between, after) = (exec("exit 5"), exec(&wait("between", 6)), exec(&wait("after", 7)));
    until(&before, (Some(false), Some(5)));
    assert_eq!(code(&between), (Some(true), None));
    let root = send(&to, "GET", "/containers/up/json", &Value::Null).json();
    let root = format!("/proc/{}/root", root["State"]["Pid"]);
    strata.kill();
    fs::write(format!("{root}/between"), "").expect("the container runs on");
    strata.restart();
    until(&before, (Some(false), Some(5)));
    until(&between, (Some(false), Some(6)));
    assert_eq!(code(&after), (Some(true), None));
    fs::write(format!("{root}/after"), "").expect("the container runs on");
    until(&after, (Some(false), Some(7)));
}

#[test]
fn the_last_container_of_a_server_that_is_gone_takes_its_cgroup_along() {
    let Some((_netns, mut strata)) = server() else { return };
    start(&strata.unix(), "last", "until test -e /end; do sleep 0.05; done");
    let cgroups = cgroups_of(&strata);
    assert!(!cgroups.is_empty());
    let pid =
        send(&strata.unix(), "GET", "/containers/last/json", &Value::Null).json()["State"]["Pid"].clone();
    strata.kill();
    fs::write(format!("/proc/{pid}/root/end"), "").expect("the container runs on");
    let parents: BTreeSet<_> = cgroups.iter().filter_map(|path| Path::new(path).parent()).collect();
    let begun = Instant::now();
    while parents.iter().any(|path| path.exists()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{parents:?}");
        thread::sleep(Duration::from_millis(50));
    }
}
