//! A client that goes away, and a build that is told to stop.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use strata_tests::http::Request;

use crate::scene::{build, context, scene};

const LABEL: &str = "label=suite=cancel";

#[test]
fn a_step_ends_with_its_client() {
    let Some(scene) = scene() else { return };
    let client = scene.client();
    let text = "FROM bb\nLABEL suite=cancel\nRUN echo before > /before\nRUN sleep 1000\n";
    let files = context(&[("Dockerfile", text)]);
    let containers = |all: &[&str]| {
        let listed = client.run(&[&["ps", "-q", "--filter", LABEL], all].concat()).ok();
        listed.lines().len()
    };
    let until = |what: &str, done: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !done() {
            assert!(Instant::now() < deadline, "{what}");
        }
    };
    for by_id in [false, true] {
        let mut command = client.command(&["build", "--network", "none", "-t", "cancelled", "."]);
        if by_id {
            // The classic client sends no id; the API takes one.
            command = std::process::Command::new("curl");
            let tar = files.join("context.tar");
            strata_tests::run(
                std::process::Command::new("tar")
                    .arg("-cf")
                    .arg(&tar)
                    .arg("-C")
                    .arg(files.path())
                    .arg("Dockerfile"),
            )
            .ok();
            command
                .args(["-sN", "--unix-socket"])
                .arg(scene.strata.socket())
                .args(["-X", "POST", "-T"])
                .arg(tar);
            command.arg("http://d/build?buildid=mine&networkmode=none");
        }
        command
            .current_dir(files.path())
            .env("DOCKER_BUILDKIT", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut building = command.spawn().expect("the client starts");
        let top =
            || client.run(&["ps", "-q", "--no-trunc", "--filter", LABEL, "--format", "{{.Command}}"]).ok();
        until("the step doesn't start", &|| top().stdout.contains("sleep 1000"));
        if by_id {
            let stopped =
                Request::new("POST", "/build/cancel?id=mine").send(&scene.strata.unix()).expect("an answer");
            assert_eq!(stopped.status, 204);
        } else {
            building.kill().expect("it runs");
        }
        building.wait().expect("it ends");
        until("the step goes on", &|| containers(&["-a"]) == 0);
    }
    // What was done before is kept.
    crate::scene::write(
        files.path(),
        "Dockerfile",
        0o644,
        "FROM bb\nLABEL suite=cancel\nRUN echo before > /before\n",
    );
    let again = build(&client, files.path(), &[]).ok();
    assert_eq!(again.stdout.matches("Using cache").count(), 2, "{again}");
    client.run(&["image", "inspect", "cancelled"]).fails();
}
