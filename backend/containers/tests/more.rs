//! Sharing namespaces, updates, lists, prunings.

mod support;

use std::collections::BTreeMap;

use strata_api::engine::UpdateRequest;
use strata_containers::{Filters, Kind, ListQuery};
use support::with_bench;

fn filter(key: &str, value: &str) -> Filters {
    Filters(BTreeMap::from([(key.into(), vec![value.into()])]))
}

#[test]
fn namespaces_are_shared_where_asked_for() {
    with_bench(|bench| async move {
        let donor = r#"{"Cmd":["sleep","61"],"Hostname":"donor","HostConfig":{"IpcMode":"shareable"}}"#;
        bench.create("donor", donor).await.expect("creates");
        bench.containers.start("donor").await.expect("starts");
        bench.exec("donor", &["touch", "/dev/shm/mark"]).await.expect("runs");
        let guest = r#"{"Cmd":["sh","-c","ls /dev/shm; ls -d /proc/1/comm; cat /proc/1/comm; hostname"],"HostConfig":{"IpcMode":"container:donor",
            "PidMode":"container:donor","NetworkMode":"container:donor"}}"#;
        let (_, out, err) = bench.run("guest", guest).await;
        assert_eq!(out, "mark\n/proc/1/comm\nsleep\ndonor\n", "{err}");
        let private = r#"{"HostConfig":{"IpcMode":"container:guest"}}"#;
        bench.create("other", private).await.expect("creates");
        let error = bench.containers.start("other").await.expect_err("doesn't run");
        assert!(error.message.starts_with("cannot join ipc of a non running container: "), "{error}");
        let host = r#"{"Cmd":["sh","-c","mount -t tmpfs x /tmp && echo mounted; test -e /dev/kmsg && echo devices; cat /proc/1/comm"],
            "HostConfig":{"Privileged":true,"PidMode":"host","NetworkMode":"host","UTSMode":"host","IpcMode":"host"}}"#;
        let (_, out, err) = bench.run("mighty", host).await;
        let first = std::fs::read_to_string("/proc/1/comm").expect("reads");
        assert_eq!(out, format!("mounted\ndevices\n{first}"), "{err}");
        for name in ["donor", "guest", "other", "mighty"] {
            bench.containers.remove(name, true, false).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn limits_change_while_it_runs() {
    with_bench(|bench| async move {
        let request = r#"{"Cmd":["sleep","60"],"HostConfig":{"Memory":33554432}}"#;
        bench.create("box", request).await.expect("creates");
        bench.containers.start("box").await.expect("starts");
        let update = |text: &str| serde_json::from_str::<UpdateRequest>(text).expect("valid");
        let wanted = update(
            r#"{"Memory":67108864,"MemorySwap":67108864,"PidsLimit":33,"RestartPolicy":{"Name":"always"}}"#,
        );
        bench.containers.update("box", wanted).await.expect("updates");
        let stats = bench.containers.stats("box", None).await.expect("reads");
        assert_eq!((stats.memory_stats.limit, stats.pids_stats.limit), (Some(67_108_864), Some(33)));
        let host = bench.containers.inspect("box", false).await.expect("there").host_config;
        assert_eq!((host.resources.memory, host.restart_policy.name.as_str()), (67_108_864, "always"));
        let error = bench.containers.update("box", update(r#"{"Memory":1}"#)).await.expect_err("too small");
        assert_eq!(error.kind, Kind::InvalidArgument);
        bench.containers.remove("box", true, false).await.expect("removes");
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn lists_are_filtered_and_the_idle_pruned() {
    with_bench(|bench| async move {
        bench.create("idle", r#"{"Labels":{"a":"1"}}"#).await.expect("creates");
        bench.run("done", r#"{"Cmd":["sh","-c","echo x > /file; exit 3"]}"#).await;
        bench.create("busy", r#"{"Cmd":["sleep","60"]}"#).await.expect("creates");
        bench.containers.start("busy").await.expect("starts");
        let names = async |query: ListQuery| {
            let rows = bench.containers.list(query).await.expect("lists");
            rows.into_iter()
                .map(|row| row.names[0].trim_start_matches('/').to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let all = |filters: Filters| ListQuery { all: true, filters, ..ListQuery::default() };
        assert_eq!(names(ListQuery::default()).await, "busy");
        assert_eq!(names(all(Filters::default())).await, "busy done idle");
        assert_eq!(names(ListQuery { limit: Some(2), ..ListQuery::default() }).await, "busy done");
        for (key, value, found) in [
            ("name", "^/do", "done"),
            ("name", "i", "idle"),
            ("label", "a=1", "idle"),
            ("status", "exited", "done"),
            ("exited", "3", "done"),
            ("before", "busy", "done idle"),
            ("since", "done", "busy"),
            ("network", "none", "busy done idle"),
        ] {
            assert_eq!(names(all(filter(key, value))).await, found, "{key}={value}");
        }
        let error = bench.containers.list(all(filter("status", "odd"))).await.expect_err("no status");
        assert_eq!(error.kind, Kind::InvalidArgument);
        assert_eq!(bench.containers.count(), (1, 0, 2));
        let sized = bench
            .containers
            .list(ListQuery { all: true, size: true, ..ListQuery::default() })
            .await
            .expect("lists");
        assert_eq!(sized[1].size_rw, Some(2));
        let pruned = bench.containers.prune(filter("label!", "a")).await.expect("prunes");
        assert_eq!((pruned.containers_deleted.map(|ids| ids.len()), pruned.space_reclaimed), (Some(1), 2));
        assert_eq!(names(all(Filters::default())).await, "busy idle");
        for name in ["idle", "busy"] {
            bench.containers.remove(name, true, false).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn many_start_at_once_and_leave_nothing() {
    with_bench(|bench| async move {
        let mut tasks = Vec::new();
        for _ in 0..20 {
            let (containers, image) = (bench.containers.clone(), bench.image());
            tasks.push(tokio::spawn(async move {
                let text =
                    r#"{"Cmd":["sleep","60"],"Volumes":{"/v":{}},"HostConfig":{"NetworkMode":"none"}}"#;
                let request = serde_json::from_str(text).expect("valid");
                let id = containers.create("", request, image).await.expect("creates").id;
                containers.start(&id).await.expect("starts");
                id
            }));
        }
        let mut ids = Vec::new();
        for task in tasks {
            ids.push(task.await.expect("no panic"));
        }
        assert_eq!(bench.containers.count().0, 20);
        for id in ids {
            bench.containers.remove(&id, true, true).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
        assert!(bench.containers.list_volumes(Filters::default()).await.expect("lists").is_empty());
    });
}

#[test]
fn a_create_that_fails_leaves_nothing() {
    with_bench(|bench| async move {
        let request = || {
            serde_json::from_str(r#"{"Cmd":["true"],"Volumes":{"/etc/plain":{},"/a":{}}}"#).expect("valid")
        };
        let error = bench.containers.create("half", request(), bench.image()).await.expect_err("over a file");
        assert!(error.message.starts_with("cannot mount volume over existing file, file exists "), "{error}");
        let mut image = bench.image();
        image.layers.push("/no/such/layer".into());
        bench.containers.create("half", request(), image).await.expect_err("no such layer");
        assert!(bench.containers.inspect("half", false).await.is_err());
        assert!(bench.containers.list_volumes(Filters::default()).await.expect("lists").is_empty());
        assert_eq!(bench.traces(), Vec::<String>::new());
        bench.run("half", r#"{"Cmd":["true"],"HostConfig":{"SecurityOpt":["apparmor=unconfined","seccomp=unconfined"]}}"#).await;
        bench.containers.remove("half", false, false).await.expect("removes");
    });
}

#[test]
fn verbs_may_race_for_one_container() {
    with_bench(|bench| async move {
        let ids = ["red", "green", "blue"];
        for id in ids {
            let request = r#"{"Cmd":["sh","-c","sleep 0.2; exit 3"],"HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}}}"#;
            bench.create(id, request).await.expect("creates");
        }
        let mut tasks = Vec::new();
        for worker in 0..6_usize {
            let containers = bench.containers.clone();
            tasks.push(tokio::spawn(async move {
                for round in 0..24_usize {
                    let id = ids[(worker + round) % ids.len()];
                    // Any of them may be refused; none may hang or leave something.
                    let refused = match (worker * 5 + round * 3) % 7 {
                        0 | 1 => containers.start(id).await,
                        2 => containers.stop(id, None, Some(0)).await,
                        3 => containers.kill(id, "").await,
                        4 => containers.restart(id, None, Some(0)).await,
                        5 => containers.pause(id).await.and(containers.unpause(id).await),
                        _ => containers.diff(id).await.map(drop),
                    };
                    // What isn't paused is, by dockerd's status, nobody's mistake.
                    if let Err(error) = refused
                        && !error.message.ends_with("is not paused")
                    {
                        assert_ne!(error.kind, Kind::Internal, "{error}");
                    }
                }
            }));
        }
        for task in tasks {
            task.await.expect("no panic");
        }
        for id in ids {
            bench.containers.remove(id, true, false).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}
