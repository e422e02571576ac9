//! Containers from create to remove.

mod support;

use strata_containers::{Condition, Kind, Streams};
use support::with_bench;

#[test]
fn a_container_runs_and_leaves_nothing() {
    with_bench(|bench| async move {
        let (code, out, err) =
            bench.run("web", r#"{"Cmd":["sh","-c","echo out; echo err >&2; exit 3"]}"#).await;
        assert_eq!((code, out.as_str(), err.as_str()), (3, "out\n", "err\n"));
        assert_eq!(bench.status("web").await, "exited");
        let log = bench.logs("web").await;
        assert!(log.contains("out\n") && log.contains("err\n"), "{log}");
        let again = bench.finish("web").await;
        assert_eq!((again.0, again.1.as_str()), (3, "out\n"));
        bench.containers.remove("web", false, false).await.expect("removes");
        let gone = bench.containers.inspect("web", false).await.expect_err("gone");
        assert_eq!((gone.kind, gone.message.as_str()), (Kind::NotFound, "No such container: web"));
        assert_eq!(bench.traces(), Vec::<String>::new());
        bench.containers.close();
        assert!(bench.cgroups().is_empty());
        assert_eq!(
            bench.actions(),
            ["create", "attach", "start", "die", "attach", "start", "die", "destroy"]
        );
    });
}

#[test]
fn a_program_that_cannot_run_is_126_or_127() {
    with_bench(|bench| async move {
        for (name, program, code, words) in [
            ("aa", "nothing", 127, "exec: \"nothing\": executable file not found in $PATH: unknown"),
            ("bb", "/no/such", 127, "no such file or directory: unknown"),
            ("cc", "/etc/plain", 126, "permission denied: unknown"),
        ] {
            bench.create(name, &format!(r#"{{"Cmd":["{program}"]}}"#)).await.expect("creates");
            let later = bench.containers.attach(name, Streams::ALL).await.expect("attaches");
            let error = bench.containers.start(name).await.expect_err("can't run");
            assert_eq!(error.kind, Kind::InvalidArgument, "{error}");
            assert!(
                error.message.starts_with("failed to create shim task: OCI runtime create failed: "),
                "{error}"
            );
            assert!(error.message.contains(words), "{error}");
            assert!(later.ready().await.is_none());
            let seen = bench.containers.inspect(name, false).await.expect("there").state;
            assert_eq!((seen.exit_code, seen.status.as_str(), seen.running), (code, "created", false));
            bench.containers.remove(name, false, false).await.expect("removes");
        }
        let id = bench
            .create("", r#"{"Cmd":["nothing"],"HostConfig":{"AutoRemove":true}}"#)
            .await
            .expect("creates");
        bench.containers.start(&id).await.expect_err("can't run");
        assert!(bench.containers.inspect(&id, false).await.is_err());
        bench.create("ghost", r#"{"User":"ghost"}"#).await.expect("creates");
        let error = bench.containers.start("ghost").await.expect_err("nobody");
        assert_eq!(error.message, "unable to find user ghost: no matching entries in passwd file");
        bench.containers.remove("ghost", false, false).await.expect("removes");
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn names_are_unique_and_ids_may_be_shortened() {
    with_bench(|bench| async move {
        let id = bench.create("web", "{}").await.expect("creates");
        let error = bench.create("web", "{}").await.expect_err("taken");
        assert_eq!(error.kind, Kind::Conflict);
        assert_eq!(
            error.message,
            format!(
                "Conflict. The container name \"/web\" is already in use by container \"{id}\". You have to remove (or rename) that container to be able to reuse that name."
            )
        );
        for name in [&id[..12], "/web", "web", id.as_str()] {
            assert_eq!(bench.containers.inspect(name, false).await.expect("found").id, id);
        }
        bench.containers.rename("web", "www").await.expect("renames");
        assert!(bench.containers.inspect("web", false).await.is_err());
        assert_eq!(bench.containers.inspect("www", false).await.expect("found").name, "/www");
        bench.create("web", "{}").await.expect("free again");
        let error = bench.containers.rename("www", "web").await.expect_err("taken");
        assert!(error.message.starts_with("Error when allocating new name: Conflict. The container name"));
        let made_up = bench.create("", "{}").await.expect("creates");
        assert!(bench.containers.inspect(&made_up, false).await.expect("found").name.contains('_'));
        let traces = bench.traces();
        assert!(!traces.iter().any(|line| line.contains("overlay")), "{traces:?}");
    });
}

#[test]
fn stop_asks_and_then_kills() {
    with_bench(|bench| async move {
        let stubborn = r#"{"Cmd":["sh","-c","trap '' TERM; while true; do sleep 0.1; done"]}"#;
        let polite = r#"{"Cmd":["sh","-c","trap 'exit 7' TERM; while true; do sleep 0.1; done"]}"#;
        for (name, request, code) in [("stubborn", stubborn, 137), ("polite", polite, 7)] {
            bench.create(name, request).await.expect("creates");
            bench.containers.start(name).await.expect("starts");
            let again = bench.containers.start(name).await.expect_err("runs");
            assert_eq!(again.kind, Kind::NotModified);
            let error = bench.containers.remove(name, false, false).await.expect_err("runs");
            assert!(error.message.starts_with("You cannot remove a running container "), "{error}");
            // The trap must be set before it is asked.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            bench.containers.stop(name, None, Some(1)).await.expect("stops");
            let state = bench.containers.inspect(name, false).await.expect("there").state;
            assert_eq!((state.exit_code, state.status.as_str()), (code, "exited"));
            let again = bench.containers.stop(name, None, None).await.expect_err("stopped");
            assert_eq!(again.kind, Kind::NotModified);
            let error = bench.containers.kill(name, "").await.expect_err("stopped");
            assert!(
                error.message.starts_with(&format!("Cannot kill container: {name}: Container ")),
                "{error}"
            );
        }
        bench.containers.restart("polite", None, Some(1)).await.expect("restarts");
        assert_eq!(bench.status("polite").await, "running");
        bench.containers.kill("polite", "KILL").await.expect("kills");
        assert_eq!(bench.status("polite").await, "exited");
        bench.containers.start("polite").await.expect("starts");
        bench.containers.remove("polite", true, false).await.expect("removes by force");
        bench.containers.remove("stubborn", false, false).await.expect("removes");
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn execs_run_beside_the_first_process() {
    with_bench(|bench| async move {
        bench.create("box", r#"{"Cmd":["sleep","60"],"Env":["A=1"],"User":"web"}"#).await.expect("creates");
        let error = bench.exec("box", &["true"]).await.expect_err("doesn't run");
        assert_eq!(error.kind, Kind::Conflict);
        bench.containers.start("box").await.expect("starts");
        let (code, out, err) =
            bench.exec("box", &["sh", "-c", "id; echo $A; echo no >&2; exit 4"]).await.expect("runs");
        assert_eq!((code, err.as_str()), (4, "no\n"));
        assert!(
            out.starts_with("uid=33(web) gid=33(web) groups=33(web),50(log)") && out.ends_with("\n1\n"),
            "{out}"
        );
        let error = bench.exec("box", &["nothing"]).await.expect_err("isn't there");
        assert!(error.message.starts_with("OCI runtime exec failed: "), "{error}");
        assert!(error.message.contains("executable file not found in $PATH: unknown"), "{error}");
        let (_, confined, _) =
            bench.exec("box", &["grep", "Seccomp:", "/proc/self/status"]).await.expect("runs");
        assert_eq!(confined, "Seccomp:\t2\n");
        bench.containers.pause("box").await.expect("pauses");
        let error = bench.exec("box", &["true"]).await.expect_err("frozen");
        assert!(error.message.ends_with("is paused, unpause the container before exec"), "{error}");
        bench.containers.unpause("box").await.expect("resumes");
        let top = bench.containers.top("box", "").await.expect("lists");
        assert_eq!(top.titles.first().map(String::as_str), Some("UID"));
        assert!(top.processes.iter().any(|row| row.last().is_some_and(|command| command == "sleep 60")));
        let stats = bench.containers.stats("box", None).await.expect("reads");
        assert!(
            stats.memory_stats.usage.is_some_and(|bytes| bytes > 0) && stats.pids_stats.limit == Some(512)
        );
        bench.containers.remove("box", true, false).await.expect("removes");
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn what_was_to_go_goes_and_waiters_are_told() {
    with_bench(|bench| async move {
        let id = bench
            .create(
                "once",
                r#"{"Cmd":["sh","-c","exit 5"],"HostConfig":{"AutoRemove":true},"Volumes":{"/v":{}}}"#,
            )
            .await
            .expect("creates");
        let removed = bench.containers.wait(&id, Condition::Removed).expect("waits");
        bench.containers.start(&id).await.expect("starts");
        assert_eq!(removed.done().await.status_code, 5);
        assert!(bench.containers.inspect(&id, false).await.is_err());
        assert!(bench.containers.list_volumes(Default::default()).await.expect("lists").is_empty());
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn a_policy_starts_it_again_as_often_as_it_says() {
    with_bench(|bench| async move {
        let request = r#"{"Cmd":["sh","-c","echo x; exit 1"],
            "HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":2}}}"#;
        bench.create("again", request).await.expect("creates");
        let wait = bench.containers.wait("again", Condition::NextExit).expect("waits");
        bench.containers.start("again").await.expect("starts");
        // A wait ends with the first end, also of a container that is started again.
        assert_eq!(wait.done().await.status_code, 1);
        bench.until("its last end", || async { bench.status("again").await == "exited" }).await;
        let seen = bench.containers.inspect("again", false).await.expect("there");
        assert_eq!(seen.restart_count, 2);
        assert_eq!(bench.logs("again").await, "x\nx\nx\n");
        bench
            .create("always", r#"{"Cmd":["false"],"HostConfig":{"RestartPolicy":{"Name":"always"}}}"#)
            .await
            .expect("creates");
        bench.containers.start("always").await.expect("starts");
        bench
            .until("a restart", || async {
                bench.containers.inspect("always", false).await.is_ok_and(|seen| seen.restart_count > 1)
            })
            .await;
        bench.containers.stop("always", None, Some(1)).await.expect("stops");
        assert_eq!(bench.status("always").await, "exited");
        for name in ["again", "always"] {
            bench.containers.remove(name, true, false).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}
