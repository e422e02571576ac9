//! Logs, and terminals and pipes that are attached.

use std::time::Duration;

use bollard::{
    container::LogOutput,
    query_parameters::{AttachContainerOptionsBuilder, LogsOptionsBuilder, ResizeContainerTTYOptionsBuilder},
};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use tokio::{io::AsyncWriteExt, time::timeout};

use crate::scene::{both, texts};

#[test]
fn logs_are_read_in_part_and_followed() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-logs");
        // The streams are two pipes: what stands in the log first is certain only with a pause between.
        let script = "for i in 1 2 3; do echo err $i >&2; done; read x; for i in 1 2 3; do echo out $i; done; echo last $x";
        engine
            .run(name, json!({ "Cmd": ["sh", "-c", script], "OpenStdin": true, "AttachStdin": true }))
            .await;
        let errors = LogsOptionsBuilder::default().stderr(true).build();
        while !texts(docker.logs(name, Some(errors.clone()))).await.1.contains("err 3") {
            tokio::task::yield_now().await;
        }
        let follow = LogsOptionsBuilder::default().stdout(true).stderr(true).follow(true).build();
        let followed = texts(docker.logs(name, Some(follow)));
        let input = async {
            let options = AttachContainerOptionsBuilder::default().stdin(true).stream(true).build();
            let mut attached =
                docker.attach_container(name, Some(options)).await.expect("it can be attached");
            attached.input.write_all(b"word\n").await.expect("it reads");
            attached.input.shutdown().await.expect("it can be closed");
        };
        let ((out, err), ()) = tokio::join!(followed, input);
        tale.say("followed", &out);
        tale.say("followed errors", &err);
        engine.ended(name).await;
        for (what, stdout, stderr, tail) in [
            ("all", true, true, "all"),
            ("stdout", true, false, "all"),
            ("stderr", false, true, "all"),
            ("tail", true, true, "3"),
            ("no tail", true, true, "0"),
            ("a tail that isn't one", true, true, "some"),
        ] {
            let options = LogsOptionsBuilder::default().stdout(stdout).stderr(stderr).tail(tail).build();
            let (out, err) = texts(docker.logs(name, Some(options))).await;
            tale.say(what, &format!("{out}|{err}"));
        }
        let options = LogsOptionsBuilder::default().stdout(true).timestamps(true).tail("1").build();
        let (out, _) = texts(docker.logs(name, Some(options))).await;
        assert!(out.ends_with("Z last word\n") && out.len() == 31 + "last word\n".len(), "{out}");
        let options = LogsOptionsBuilder::default().stdout(true).since(i32::MAX).build();
        tale.say("since", &texts(docker.logs(name, Some(options))).await.0);
        tale.refused(
            "no stream",
            docker.logs(name, Some(LogsOptionsBuilder::default().build())).try_collect::<Vec<_>>().await,
        );
        engine.remove(&[name]).await;
        let options = LogsOptionsBuilder::default().stdout(true).build();
        tale.refused("logs", docker.logs(name, Some(options)).try_collect::<Vec<_>>().await);
    });
}

#[test]
fn a_log_is_whole_as_soon_as_the_end_is_known() {
    both(async |engine, _| {
        for round in 0..10 {
            engine
                .run("sdk-brief", json!({ "Cmd": ["sh", "-c", format!("echo round {round}; echo oh >&2")] }))
                .await;
            engine.ended("sdk-brief").await;
            let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
            let (out, err) = texts(engine.docker.logs("sdk-brief", Some(options))).await;
            assert_eq!((out, err.as_str()), (format!("round {round}\n"), "oh\n"));
            engine.remove(&["sdk-brief"]).await;
        }
    });
}

#[test]
fn pipes_are_attached() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-pipes");
        engine.create(name, json!({ "Cmd": ["sh", "-c", "cat; echo bye >&2; exit 6"], "OpenStdin": true, "StdinOnce": true, "AttachStdin": true })).await;
        let options = AttachContainerOptionsBuilder::default()
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .stream(true)
            .build();
        let mut attached = docker.attach_container(name, Some(options)).await.expect("before the start");
        docker.start_container(name, None).await.expect("it can be started");
        attached.input.write_all(b"one\ntwo\n").await.expect("it reads");
        attached.input.shutdown().await.expect("it can be closed");
        let (out, err) =
            timeout(Duration::from_secs(60), texts(attached.output)).await.expect("it ends with its input");
        tale.say("attached", &format!("{out}|{err}"));
        tale.tell("code", &engine.ended(name).await);
        let late = AttachContainerOptionsBuilder::default().stdout(true).stderr(true).logs(true).build();
        let attached = docker.attach_container(name, Some(late)).await.expect("it still has its log");
        let (out, err) = texts(attached.output).await;
        tale.say("log", &format!("{out}|{err}"));
        engine.remove(&[name]).await;
        let options = AttachContainerOptionsBuilder::default().stdout(true).stream(true).build();
        tale.refused("attach", docker.attach_container(name, Some(options)).await);
    });
}

#[test]
fn a_terminal_is_attached_and_resized() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-tty");
        engine.create(name, json!({ "Cmd": ["sh"], "Tty": true, "OpenStdin": true, "AttachStdin": true, "AttachStdout": true })).await;
        let options = AttachContainerOptionsBuilder::default()
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .stream(true)
            .build();
        let mut attached = docker.attach_container(name, Some(options)).await.expect("before the start");
        docker.start_container(name, None).await.expect("it can be started");
        let size = ResizeContainerTTYOptionsBuilder::default().h(21).w(43).build();
        docker.resize_container_tty(name, size).await.expect("it can be resized");
        attached.input.write_all(b"busybox stty size; exit 3\n").await.expect("it reads");
        let mut seen = String::new();
        while let Some(piece) = attached.output.next().await {
            let LogOutput::Console { message } = piece.expect("the stream holds") else {
                panic!("a terminal has one stream")
            };
            seen.push_str(&String::from_utf8_lossy(&message));
        }
        assert!(seen.contains("\r\n21 43\r\n"), "{seen:?}");
        tale.tell("code", &engine.ended(name).await);
        engine.remove(&[name]).await;
    });
}
