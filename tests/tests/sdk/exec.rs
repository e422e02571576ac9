//! Programs that are started in a container later.

use bollard::{
    exec::{CreateExecOptions, StartExecOptions, StartExecResults},
    query_parameters::ResizeExecOptionsBuilder,
};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::{
    scene::{Engine, both, texts},
    tale::Tale,
};

fn command(words: &[&str]) -> CreateExecOptions<String> {
    CreateExecOptions {
        cmd: Some(words.iter().map(|word| (*word).to_owned()).collect()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..Default::default()
    }
}

async fn run(engine: &Engine, tale: &mut Tale, what: &str, options: CreateExecOptions<String>) {
    let id = engine.docker.create_exec("sdk-exec", options).await.expect("it can be made").id;
    let StartExecResults::Attached { output, .. } =
        engine.docker.start_exec(&id, None).await.expect("it can be started")
    else {
        panic!("it was to be attached");
    };
    let (out, err) = texts(output).await;
    tale.say(what, &format!("{out}|{err}"));
    let mut seen = engine.docker.inspect_exec(&id).await.expect("it is remembered");
    // What its process was, Strata doesn't tell after its end.
    seen.pid = None;
    tale.tell(what, &seen);
}

#[test]
fn programs_run_beside() {
    both(async |engine, tale| {
        let docker = &engine.docker;
        engine
            .run("sdk-exec", json!({ "Cmd": ["sleep", "100"], "Env": ["A=1"], "WorkingDir": "/tmp" }))
            .await;
        run(engine, tale, "plain", command(&["sh", "-c", "echo out; echo err >&2; pwd; echo $A; exit 4"]))
            .await;
        let options = CreateExecOptions {
            env: Some(vec!["B=2".into()]),
            working_dir: Some("/etc".into()),
            user: Some("1:1".into()),
            ..command(&["sh", "-c", "pwd; id -u; echo $A $B"])
        };
        run(engine, tale, "with options", options).await;
        tale.refused("nothing", docker.create_exec("sdk-exec", command(&[])).await);
        tale.refused("nowhere", docker.create_exec("sdk-none", command(&["true"])).await);
        tale.refused("no such exec", docker.inspect_exec("none").await);
        tale.refused("no such exec", docker.start_exec("none", None).await);

        // With input.
        let options = CreateExecOptions { attach_stdin: Some(true), ..command(&["sort"]) };
        let id = docker.create_exec("sdk-exec", options).await.expect("it can be made").id;
        let StartExecResults::Attached { output, mut input } =
            docker.start_exec(&id, None).await.expect("it starts")
        else {
            panic!("it was to be attached");
        };
        input.write_all(b"b\na\n").await.expect("it reads");
        input.shutdown().await.expect("it can be closed");
        tale.say("sorted", &texts(output).await.0);

        // On a terminal, whose size follows.
        let options = CreateExecOptions {
            tty: Some(true),
            attach_stdin: Some(true),
            ..command(&["sh", "-c", "read x; busybox stty size"])
        };
        let id = docker.create_exec("sdk-exec", options).await.expect("it can be made").id;
        let start = StartExecOptions { tty: true, ..Default::default() };
        let StartExecResults::Attached { output, mut input } =
            docker.start_exec(&id, Some(start)).await.expect("it starts")
        else {
            panic!("it was to be attached");
        };
        docker
            .resize_exec(&id, ResizeExecOptionsBuilder::default().h(17).w(71).build())
            .await
            .expect("it can be resized");
        input.write_all(b"\n").await.expect("it reads");
        let seen = texts(output).await.0;
        assert!(seen.contains("17 71"), "{seen:?}");

        // And left alone.
        let id =
            docker.create_exec("sdk-exec", command(&["touch", "/made"])).await.expect("it can be made").id;
        let start = StartExecOptions { detach: true, ..Default::default() };
        assert!(matches!(docker.start_exec(&id, Some(start)).await, Ok(StartExecResults::Detached)));
        while docker.inspect_exec(&id).await.expect("it is remembered").running == Some(true) {
            tokio::task::yield_now().await;
        }
        run(engine, tale, "made", command(&["ls", "/made"])).await;
        // A program that isn't there is told by the start.
        let id = docker.create_exec("sdk-exec", command(&["/none"])).await.expect("it can be made").id;
        if let Ok(StartExecResults::Attached { output, .. }) = docker.start_exec(&id, None).await {
            let (out, err) = texts(output).await;
            tale.say("no such program", &format!("{out}{err}"));
        }
        tale.tell("no such program", &docker.inspect_exec(&id).await.expect("it is remembered").exit_code);
        engine.remove(&["sdk-exec"]).await;
    });
}
