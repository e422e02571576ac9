//! Builds of workshops: real ones, watched, stopped, failed, looked into.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use strata_faulty_registry::FaultyRegistry;
use strata_tests::{
    Docker, NetNs, Strata, fixture,
    http::{Answer, Request},
    skip_without,
};

use crate::scene::{fine, post, put, refused, workshop};

pub(crate) struct Scene {
    pub(crate) strata: Strata,
    pub(crate) docker: Docker,
    _registry: FaultyRegistry,
    _netns: Arc<NetNs>,
}

/// A server that has the image `box`.
pub(crate) fn scene() -> Option<Scene> {
    if skip_without(&["docker", "runc", "ip", "iptables"]) {
        return None;
    }
    let netns = NetNs::new();
    let registry = netns.inside(FaultyRegistry::start);
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let strata = Strata::start_in(&netns);
    let docker = Docker::new(&strata.socket());
    let name = format!("{}/box", registry.domain());
    docker.run(&["pull", &name]).ok();
    docker.run(&["tag", &name, "box"]).ok();
    Some(Scene { strata, docker, _registry: registry, _netns: netns })
}

/// The events of an answer.
fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().lines().map(|line| serde_json::from_str(line).expect("a line is an event")).collect()
}

fn build(scene: &Scene, workshop: &str) -> Vec<Value> {
    events(&post(&scene.strata, &format!("{workshop}/build"), &json!({})))
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

fn printed(events: &[Value]) -> String {
    named(events, "output").iter().filter_map(|event| event["text"].as_str()).collect()
}

fn outcomes(events: &[Value]) -> Vec<&str> {
    named(events, "step_done").iter().filter_map(|event| event["outcome"].as_str()).collect()
}

fn id_of(events: &[Value]) -> String {
    events[0]["build"].as_str().expect("the first event has the build's id").to_owned()
}

const HELLO: &str =
    "FROM box\nCOPY greeting /greeting\nRUN cat /greeting && echo done > /done\nCMD [\"cat\", \"/done\"]\n";

#[test]
fn a_workshop_becomes_an_image() {
    let Some(scene) = scene() else { return };
    let strata = &scene.strata;
    let workshop = workshop(strata);
    let id = workshop.rsplit('/').next().expect("an id").to_owned();
    fine(put(strata, &workshop, "Dockerfile", HELLO));
    fine(put(strata, &workshop, "greeting", "hello 你好\n"));
    fine(put(strata, &workshop, "big.log", &"x".repeat(100_000)));
    fine(put(strata, &workshop, ".dockerignore", "*.log\n"));
    fine(post(strata, &workshop, &json!({ "tags": ["hello:1", "hello:2"] })));
    let told = build(&scene, &workshop);
    assert_eq!(
        (told[0]["event"].as_str(), told[1]["event"].as_str()),
        (Some("started"), Some("context")),
        "{told:#?}"
    );
    assert_eq!(told[0]["steps"], 4);
    assert!(
        told[1]["bytes"].as_u64().is_some_and(|bytes| bytes < 10_000),
        "what is ignored isn't sent: {}",
        told[1]
    );
    let last = told.last().expect("an event");
    assert_eq!(
        (last["event"].as_str(), &last["names"]),
        (Some("done"), &json!(["hello:1", "hello:2"])),
        "{told:#?}"
    );
    assert_eq!(outcomes(&told), ["base", "ran", "ran", "ran"]);
    assert!(printed(&told).contains("hello 你好\n"), "{told:#?}");
    let lines: Vec<u64> =
        named(&told, "step_started").iter().filter_map(|event| event["line"].as_u64()).collect();
    assert_eq!(lines, [1, 2, 3, 4]);
    assert_eq!(scene.docker.run(&["run", "--rm", "--network=none", "hello:2"]).ok().stdout, "done\n");
    // Nothing was taken away from the workshop itself.
    assert_eq!(strata.get(&format!("{workshop}/file?path=big.log")).status, 200);

    let again = build(&scene, &workshop);
    assert_eq!(outcomes(&again), ["base", "cached", "cached", "cached"]);
    assert_eq!(again.last().map(|event| &event["image"]), Some(&last["image"]));
    let fresh = events(&post(strata, &format!("{workshop}/build"), &json!({ "no_cache": true })));
    assert_eq!(outcomes(&fresh), ["base", "ran", "ran", "ran"]);

    let cards = fine(strata.get(&format!("/api/builds?workshop={id}")));
    let cards = cards.as_array().expect("a list");
    assert_eq!(cards.len(), 3);
    assert_eq!((&cards[1]["id"], &cards[1]["cached"]), (&json!(id_of(&again)), &json!(3)));
    assert_eq!(fine(strata.get(&workshop))["card"]["last_build"]["id"], json!(id_of(&fresh)));
    let first = id_of(&told);
    assert_eq!(events(&strata.get(&format!("/api/builds/{first}/events"))), told, "as it was told");
    let detail = fine(strata.get(&format!("/api/builds/{first}")));
    assert_eq!(detail["dockerfile"], HELLO);
    assert_eq!(detail["card"]["state"]["kind"], "succeeded");
    let steps = detail["steps"].as_array().expect("steps");
    let instructions: Vec<&str> = steps.iter().filter_map(|step| step["instruction"].as_str()).collect();
    assert_eq!(instructions[1..3], ["COPY greeting /greeting", "RUN cat /greeting && echo done > /done"]);
    // Time travel: each step's image can be looked at, although no list has it.
    let second = steps[1]["image"].as_str().expect("its image is here");
    assert_eq!(fine(strata.get(&format!("/api/image?ref={second}")))["card"]["id"], second);
    assert_eq!(steps[2]["parent"], second);
    let sent = detail["files"].as_array().expect("files");
    assert!(sent.iter().any(|file| file["path"] == "greeting" && file["digest"].is_string()));

    let cache = fine(strata.get(&format!("{workshop}/cache?base=box&base=nothing%3Ahere&base=NO")));
    assert_eq!(cache["bases"]["box"]["kind"], "here");
    assert_eq!(cache["bases"]["nothing:here"]["kind"], "absent");
    assert_eq!(cache["bases"]["NO"]["kind"], "invalid");
    let records = cache["records"].as_array().expect("records");
    assert!(records.len() >= 6, "{records:#?}");
    assert!(records.iter().all(|record| record["workshop"] == id.as_str()), "{records:#?}");
    assert!(records.iter().any(|record| record["files"][0]["path"] == "greeting"), "{records:#?}");

    fine(strata.ask(Request::new("DELETE", &format!("/api/builds/{first}"))));
    assert_eq!(strata.get(&format!("/api/builds/{first}")).status, 404);
    fine(strata.ask(Request::new("DELETE", &workshop)));
    assert_eq!(fine(strata.get(&format!("/api/builds?workshop={id}"))), json!([]));
    scene.docker.run(&["image", "inspect", "hello:1"]).ok();
}

#[test]
fn a_failed_step_can_be_entered() {
    let Some(scene) = scene() else { return };
    let strata = &scene.strata;
    let workshop = workshop(strata);
    fine(put(
        strata,
        &workshop,
        "Dockerfile",
        "FROM box\nENV A=1\n\nRUN echo evidence > /left \\\n && sh -c 'exit 7'\nRUN true\n",
    ));
    let told = build(&scene, &workshop);
    let failed = told.last().expect("an event");
    assert_eq!(failed["event"], "failed");
    let place = ["step", "line", "last_line", "code"].map(|field| failed[field].as_u64());
    assert_eq!(place, [Some(3), Some(4), Some(5), Some(7)], "{failed}");
    assert_eq!(failed["kept"], true);
    assert!(
        failed["message"].as_str().is_some_and(|message| message.contains("returned a non-zero code: 7")),
        "{failed}"
    );
    let id = id_of(&told);
    let detail = fine(strata.get(&format!("/api/builds/{id}")));
    assert_eq!(detail["card"]["state"]["step"], 3);
    let left = detail["steps"][2]["image"].as_str().expect("what it left").to_owned();
    assert_eq!(scene.docker.run(&["ps", "-aq"]).ok().stdout, "", "no container is left");

    for (step, expected) in [(3, "evidence\n"), (2, "")] {
        let shell = fine(post(strata, &format!("/api/builds/{id}/steps/{step}/shell"), &Value::Null));
        let name = shell["container"].as_str().expect("a name");
        let seen = scene.docker.run(&[
            "exec",
            name,
            "sh",
            "-c",
            "cat /left 2>/dev/null; echo $A; grep NoNewPrivs /proc/1/status",
        ]);
        let seen = seen.ok().stdout;
        assert!(
            seen.starts_with(&format!("{expected}1\n")) && seen.contains("NoNewPrivs:\t1"),
            "step {step}: {seen}"
        );
        scene.docker.run(&["kill", name]).ok();
        gone(&scene, name);
    }
    refused(post(strata, &format!("/api/builds/{id}/steps/9/shell"), &Value::Null), 404);
    // It is no step that a build would take for done, and goes with the next build.
    fine(put(strata, &workshop, "Dockerfile", "FROM box\nRUN true\n"));
    let next = build(&scene, &workshop);
    assert_eq!(next.last().map(|event| &event["event"]), Some(&json!("done")));
    assert_eq!(strata.get(&format!("/api/image?ref={left}")).status, 404);
    refused(post(strata, &format!("/api/builds/{id}/steps/3/shell"), &Value::Null), 404);
}

/// Waits until a container is not there any more.
#[track_caller]
fn gone(scene: &Scene, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while scene.docker.run(&["inspect", name]).code == 0 {
        assert!(Instant::now() < deadline, "{name} is removed when it ends");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn several_watch_a_build_and_one_stops_it() {
    let Some(scene) = scene() else { return };
    let strata = &scene.strata;
    let workshop = workshop(strata);
    fine(put(strata, &workshop, "Dockerfile", "FROM box\nRUN echo begun; sleep 300\n"));
    let asked = |request: Request| request.header("Authorization", &format!("Bearer {}", strata.token()));
    let (dial, host) = (strata.tcp(), strata.tcp().host());
    // The first one reads until the program has said something, and leaves.
    let request = asked(Request::new("POST", &format!("{workshop}/build")).body("{}"));
    let mut stream = dial.connect().expect("connects");
    stream.write_all(&request.bytes(&host)).expect("asks");
    let mut first = BufReader::new(stream);
    let mut id = String::new();
    let mut line = String::new();
    while !line.contains("begun\\n") {
        line.clear();
        assert_ne!(first.read_line(&mut line).expect("reads"), 0, "it goes on");
        if let Some(from) = line.find("\"build\":\"") {
            id = line[from + 9..from + 21].to_owned();
        }
    }
    let other = refused(post(strata, &format!("{workshop}/build"), &json!({})), 409);
    assert!(other.contains(&id) && other.contains("running"), "{other}");
    let card = fine(strata.get(&workshop))["card"]["last_build"].clone();
    assert_eq!((&card["id"], &card["state"]["kind"]), (&json!(id), &json!("running")));
    drop(first);
    // Two more come later and hear everything all the same.
    let watch = |request: Request| {
        let dial = dial.clone();
        thread::spawn(move || request.send(&dial).expect("answers"))
    };
    let watchers: Vec<_> =
        (0..2).map(|_| watch(asked(Request::get(&format!("/api/builds/{id}/events"))))).collect();
    fine(strata.ask(Request::new("DELETE", &format!("/api/builds/{id}"))));
    for watcher in watchers {
        let told = events(&watcher.join().expect("it ends"));
        assert_eq!(told[0]["event"], "started");
        assert!(printed(&told).contains("begun\n"));
        assert_eq!(told.last().map(|event| &event["event"]), Some(&json!("cancelled")), "{told:#?}");
    }
    let detail = fine(strata.get(&format!("/api/builds/{id}")));
    assert_eq!(detail["card"]["state"]["kind"], "cancelled");
    let running = scene.docker.run(&["ps", "-q"]).ok().stdout;
    assert_eq!(running, "", "its program has ended");
}

#[test]
fn a_build_that_the_server_did_not_survive_is_over() {
    let Some(mut scene) = scene() else { return };
    let workshop = workshop(&scene.strata);
    fine(put(&scene.strata, &workshop, "Dockerfile", "FROM box\nRUN echo begun; sleep 300\n"));
    let request = Request::new("POST", &format!("{workshop}/build"))
        .header("Authorization", &format!("Bearer {}", scene.strata.token()))
        .body("{}");
    let mut stream = scene.strata.tcp().connect().expect("connects");
    stream.write_all(&request.bytes(&scene.strata.tcp().host())).expect("asks");
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while !line.contains("begun") {
        line.clear();
        assert_ne!(reader.read_line(&mut line).expect("reads"), 0, "it goes on");
    }
    scene.strata.kill();
    scene.strata.restart();
    let last = fine(scene.strata.get(&workshop))["card"]["last_build"].clone();
    assert_eq!(last["state"]["kind"], "cancelled", "{last}");
    fine(put(&scene.strata, &workshop, "Dockerfile", "FROM box\nRUN echo fine\n"));
    let told = build(&scene, &workshop);
    assert_eq!(told.last().map(|event| &event["event"]), Some(&json!("done")), "{told:#?}");
}

#[test]
fn one_can_branch_from_a_step() {
    let Some(scene) = scene() else { return };
    let strata = &scene.strata;
    let workshop = workshop(strata);
    fine(put(strata, &workshop, "Dockerfile", HELLO));
    fine(put(strata, &workshop, "greeting", "then\n"));
    let id = id_of(&build(&scene, &workshop));
    fine(put(strata, &workshop, "greeting", "now\n"));
    let request = json!({ "name": "branch", "origin": { "kind": "branch", "build": id, "step": 2 } });
    let made = fine(post(strata, "/api/workshops", &request));
    let branch = format!("/api/workshops/{}", made["card"]["id"].as_str().expect("an id"));
    assert_eq!(strata.get(&format!("{branch}/file?path=greeting")).text(), "then\n");
    assert_eq!(
        strata.get(&format!("{branch}/file?path=Dockerfile")).text(),
        "FROM box\nCOPY greeting /greeting\n"
    );
    assert_eq!(outcomes(&build(&scene, &branch)), ["base", "cached"]);
    let missing = json!({ "name": "x", "origin": { "kind": "branch", "build": id, "step": 9 } });
    refused(post(strata, "/api/workshops", &missing), 404);
}

/// What a page builds may no more than what a page runs.
#[test]
fn a_build_gets_nothing_of_the_host() {
    let Some(scene) = scene() else { return };
    let strata = &scene.strata;
    let workshop = workshop(strata);
    fine(put(strata, &workshop, "Dockerfile", "FROM box\nRUN cat /proc/self/status\n"));
    let told = build(&scene, &workshop);
    assert!(printed(&told).contains("NoNewPrivs:\t1"), "{told:#?}");
    for line in ["RUN --network=host true", "RUN --security=insecure true"] {
        fine(put(strata, &workshop, "Dockerfile", &format!("FROM box\n{line}\n")));
        let told = build(&scene, &workshop);
        let last = told.last().expect("an event");
        assert_eq!(last["event"], "failed", "{line}: {last}");
        assert!(
            last["message"].as_str().is_some_and(|message| message.contains("not allowed")),
            "{line}: {last}"
        );
    }
    fine(put(
        strata,
        &workshop,
        "Dockerfile",
        "FROM box\nRUN --mount=type=secret,id=shadow,required=true cat /run/secrets/shadow\n",
    ));
    let told = build(&scene, &workshop);
    assert_eq!(told.last().map(|event| &event["event"]), Some(&json!("failed")), "{told:#?}");

    // Links of the context lead to nothing outside of it.
    fine(put(strata, &workshop, "Dockerfile", "FROM box\nCOPY link /copied\n"));
    let tar = strata_forge::Layer::new().symlink("link", "/etc/shadow").tar();
    fine(strata.ask(Request::new("POST", &format!("{workshop}/upload?path=")).body(tar)));
    let told = build(&scene, &workshop);
    assert_eq!(told.last().map(|event| &event["event"]), Some(&json!("failed")), "{told:#?}");
    assert!(!told.iter().any(|event| event.to_string().contains("root:")), "{told:#?}");

    for url in [
        "file:///etc",
        "ext::sh -c touch /tmp/x",
        "http://127.0.0.1/x.git",
        "https://127.0.0.1/x.git",
        "https://169.254.169.254/x.git",
        "https://localhost/x.git",
        "git@github.com:x/y.git",
        "https://user:pass@example.org/x.git",
        "https://example.org/x.git#--upload-pack=x",
    ] {
        let request = json!({ "name": "", "origin": { "kind": "git", "url": url } });
        let answer = post(strata, "/api/workshops", &request);
        assert!(matches!(answer.status, 400 | 403 | 503), "{url}: {} {}", answer.status, answer.text());
        let answer = post(strata, &format!("{workshop}/git?path="), &json!({ "url": url }));
        assert!(matches!(answer.status, 400 | 403 | 503), "{url}: {} {}", answer.status, answer.text());
    }
}

/// Programs that never end and fill everything: the server lives, and they are gone when the build is stopped.
#[test]
fn endless_programs_are_contained() {
    let Some(scene) = scene() else { return };
    let strata = &scene.strata;
    let workshop = workshop(strata);
    fine(put(
        strata,
        &workshop,
        "Dockerfile",
        "FROM box\nRUN cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true\n",
    ));
    let limit = printed(&build(&scene, &workshop));
    let limit = limit.lines().find_map(|line| line.trim().parse::<u32>().ok());
    assert!(limit.is_some_and(|limit| limit <= 4096), "steps have a limit of processes: {limit:?}");
    // A shell that can't fork ends: the bomb goes off beside the one that is waited for.
    for program in ["cat /dev/zero", "f() { f | f & f; }; f & while :; do :; done"] {
        fine(put(strata, &workshop, "Dockerfile", &format!("FROM box\nRUN echo begun; {program}\n")));
        let request = Request::new("POST", &format!("{workshop}/build"))
            .header("Authorization", &format!("Bearer {}", strata.token()))
            .body("{}");
        let mut stream = strata.tcp().connect().expect("connects");
        stream.write_all(&request.bytes(&strata.tcp().host())).expect("asks");
        let mut reader = BufReader::new(stream);
        let (mut line, mut id, mut read) = (String::new(), String::new(), 0);
        let enough = |line: &str| match program.starts_with("cat") {
            true => line.contains("the rest is not shown"),
            false => line.contains("begun"),
        };
        while !enough(&line) {
            line.clear();
            read += reader.read_line(&mut line).expect("reads");
            assert!(!line.is_empty() && read < 100 << 20, "{program}: {read} bytes");
            if let Some(from) = line.find("\"build\":\"") {
                id = line[from + 9..from + 21].to_owned();
            }
        }
        assert_eq!(Request::get("/healthz").send(&strata.tcp()).expect("answers").status, 200);
        fine(strata.ask(Request::new("DELETE", &format!("/api/builds/{id}"))));
        let told = events(&strata.get(&format!("/api/builds/{id}/events")));
        assert_eq!(told.last().map(|event| &event["event"]), Some(&json!("cancelled")));
        assert_eq!(scene.docker.run(&["ps", "-q"]).ok().stdout, "", "{program}");
        assert!(strata.resident_memory() < 400 << 20, "{program}: {} bytes", strata.resident_memory());
    }
}

/// What is no Dockerfile is told as an event, not as a broken answer.
#[test]
fn what_is_wrong_before_the_first_step_is_told_too() {
    let Some(scene) = scene() else { return };
    let workshop = workshop(&scene.strata);
    for (text, expected) in
        [("FORM box\n", "FORM"), ("", "empty"), ("FROM 127.0.0.1:1/nothing\n", "127.0.0.1:1")]
    {
        fine(put(&scene.strata, &workshop, "Dockerfile", text));
        let told = build(&scene, &workshop);
        let last = told.last().expect("an event");
        assert_eq!(
            (told[0]["event"].as_str(), last["event"].as_str()),
            (Some("started"), Some("failed")),
            "{told:#?}"
        );
        assert!(
            last["message"].as_str().is_some_and(|message| message.contains(expected)),
            "{text:?}: {last}"
        );
    }
    fine(scene.strata.ask(Request::new("DELETE", &format!("{workshop}/file?path=Dockerfile"))));
    let told = build(&scene, &workshop);
    assert_eq!(told.last().map(|event| &event["event"]), Some(&json!("failed")), "{told:#?}");
}
