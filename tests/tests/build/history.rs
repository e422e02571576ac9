//! What docker clients build is in the history of builds.

use serde_json::{Value, json};
use strata_tests::{Docker, NetNs, Scratch, Strata, http::Request, run};

use crate::scene::{build, context, write};

/// The builds of docker clients, newest first.
fn builds(strata: &Strata) -> Vec<Value> {
    strata.get("/api/builds?workshop=").json().as_array().expect("a list").clone()
}

/// The newest build when it has ended.
#[track_caller]
fn ended(strata: &Strata, count: usize) -> Value {
    // What a client is told last isn't written down yet.
    for _ in 0..500 {
        let builds = builds(strata);
        if builds.len() == count && builds[0]["state"]["kind"] != "running" {
            let id = builds[0]["id"].as_str().expect("an id");
            return strata.get(&format!("/api/builds/{id}")).json();
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{:?}", builds(strata));
}

fn events(strata: &Strata, build: &Value) -> Vec<Value> {
    let id = build["card"]["id"].as_str().expect("an id");
    let told = strata.get(&format!("/api/builds/{id}/events")).text();
    told.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
}

#[test]
fn a_docker_build_is_remembered_with_its_steps_and_its_files() {
    if strata_tests::skip_without(&["docker", "runc", "ip"]) {
        return;
    }
    let mut strata = Strata::start_in(&NetNs::new());
    let client = Docker::new(&strata.socket()).api("1.41");
    let text = "FROM scratch\nARG WORD=a\nCOPY src /src\nCOPY one /\nLABEL word=$WORD\n";
    let files =
        context(&[("Dockerfile", text), ("src/a", "a\n"), ("src/b", "b\n"), ("one", "1\n"), ("not", "x\n")]);
    build(&client, files.path(), &["-t", "noted", "--build-arg", "WORD=b"]).ok();
    let first = ended(&strata, 1);
    let card = &first["card"];
    assert_eq!(card["state"], json!({ "kind": "succeeded" }));
    assert_eq!((&card["workshop"], &card["names"]), (&Value::Null, &json!(["noted:latest"])));
    assert_eq!((card["steps"].clone(), card["cached"].clone()), (json!(5), json!(0)));
    assert_eq!(first["dockerfile"], text);
    assert_eq!(first["args"], json!([["WORD", "b"]]));
    let paths: Vec<_> =
        first["files"].as_array().expect("few").iter().map(|file| file["path"].clone()).collect();
    // Sources with what is in them, and nothing that no step used.
    assert!(paths.contains(&json!("src/a")) && paths.contains(&json!("one")), "{paths:?}");
    assert!(!paths.contains(&json!("not")), "{paths:?}");
    let steps = first["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 5);
    assert!(steps[2]["image"].is_string() && steps[2]["layer"].is_string(), "{}", steps[2]);
    assert_eq!((&steps[2]["line"], &steps[2]["outcome"]), (&json!(3), &json!("ran")));
    // A file changed: both builds have its digest.
    write(files.path(), "src/b", 0o644, "changed\n");
    build(&client, files.path(), &["-t", "noted", "--build-arg", "WORD=b"]).ok();
    let second = ended(&strata, 2);
    let digest = |build: &Value| {
        let files = build["files"].as_array().expect("few");
        files.iter().find(|file| file["path"] == "src/b").expect("it is used")["digest"].clone()
    };
    assert_ne!(digest(&first), digest(&second));
    assert!(digest(&second).is_string());
    let told = events(&strata, &second);
    assert_eq!(told[0]["event"], "started");
    assert_eq!(told.last().expect("some")["event"], "done");
    // One that fails, also before its first step; one without a Dockerfile is none.
    write(files.path(), "Dockerfile", 0o644, "FROM scratch\nCOPY nope /\n");
    build(&client, files.path(), &[]).fails();
    let failed = ended(&strata, 3);
    assert_eq!(
        (&failed["card"]["state"]["kind"], &failed["card"]["state"]["step"]),
        (&json!("failed"), &json!(2))
    );
    write(files.path(), "Dockerfile", 0o644, "FORM scratch\n");
    build(&client, files.path(), &[]).fails();
    assert_eq!(ended(&strata, 4)["card"]["state"]["step"], Value::Null);
    let empty = Scratch::new("empty");
    let mut command = client.command(&["build", "--network", "none", "-f", "/dev/null", "."]);
    run(command.current_dir(empty.path()).env("DOCKER_BUILDKIT", "0")).fails();
    // All of it is there after a restart; one can be opened in a workshop, and forgotten.
    strata.kill();
    strata.restart();
    assert_eq!(events(&strata, &second), told);
    let id = second["card"]["id"].as_str().expect("an id");
    let origin = json!({ "kind": "branch", "build": id, "step": 3 });
    let request =
        Request::new("POST", "/api/workshops").body(json!({ "name": "", "origin": origin }).to_string());
    let made = strata.ask(request).json();
    let workshop = made["card"]["id"].as_str().unwrap_or_else(|| panic!("{made}"));
    let text = strata.get(&format!("/api/workshops/{workshop}/file?path=Dockerfile")).text();
    assert_eq!(text, "FROM scratch\nARG WORD=a\nCOPY src /src\n");
    let origin = json!({ "kind": "branch", "build": failed["card"]["id"], "step": 0 });
    let request =
        Request::new("POST", "/api/workshops").body(json!({ "name": "", "origin": origin }).to_string());
    let made = strata.ask(request).json();
    let workshop = made["card"]["id"].as_str().unwrap_or_else(|| panic!("{made}"));
    let text = strata.get(&format!("/api/workshops/{workshop}/file?path=Dockerfile")).text();
    assert_eq!(text, "FROM scratch\nCOPY nope /\n");
    assert_eq!(strata.ask(Request::new("DELETE", &format!("/api/builds/{id}"))).status, 204);
    assert!(builds(&strata).iter().all(|card| card["id"] != id));
}

#[test]
fn a_docker_build_that_runs_is_watched_and_stopped_from_the_page() {
    let Some(scene) = crate::scene::scene() else { return };
    let files = context(&[("Dockerfile", "FROM bb\nRUN echo here; sleep 60\n")]);
    let client = scene.client();
    std::thread::scope(|scope| {
        let building = scope.spawn(|| build(&client, files.path(), &["-t", "stopped-by-page"]));
        let running = || {
            builds(&scene.strata).into_iter().find(|card| {
                let id = card["id"].as_str().unwrap_or_default();
                card["state"]["kind"] == "running"
                    && scene.strata.get(&format!("/api/builds/{id}")).text().contains("sleep 60")
            })
        };
        let card = (0..1_000).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            running()
        });
        let id = card.expect("it is listed while it runs")["id"].as_str().expect("an id").to_owned();
        assert_eq!(scene.strata.ask(Request::new("DELETE", &format!("/api/builds/{id}"))).status, 204);
        let run = building.join().expect("it ends").fails();
        assert!(run.stderr.contains("cancelled"), "{run}");
        // Followed to its end.
        let told = scene.strata.get(&format!("/api/builds/{id}/events")).text();
        assert!(told.lines().last().unwrap_or_default().contains("cancelled"), "{told}");
        assert!(builds(&scene.strata).iter().any(|card| card["id"] == *id), "it stays in the history");
    });
}
