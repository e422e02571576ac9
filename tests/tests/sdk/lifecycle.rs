//! A container's way from its start to its end.

use bollard::{
    models::{ContainerUpdateBody, RestartPolicy, RestartPolicyNameEnum},
    query_parameters::{
        KillContainerOptionsBuilder, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder,
        ResizeContainerTTYOptionsBuilder, RestartContainerOptionsBuilder, StatsOptionsBuilder,
        StopContainerOptionsBuilder, TopOptionsBuilder, WaitContainerOptionsBuilder,
    },
};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;

use crate::scene::{Engine, both, filter};

/// Something that ends at once when it is told to.
const PATIENT: &str = "trap 'exit 3' TERM; trap 'exit 4' USR1; echo ready; while true; do sleep 0.05; done";

async fn state(engine: &Engine, name: &str) -> String {
    let seen = engine.docker.inspect_container(name, None).await.expect("it is there");
    let state = seen.state.expect("it has one");
    let field = |flag: Option<bool>, word: &'static str| if flag == Some(true) { word } else { "" };
    let flags = [field(state.running, "running"), field(state.paused, "paused"), field(state.dead, "dead")];
    format!("{:?} {} {:?} {:?}", state.status, flags.join(" "), state.exit_code, state.error)
}

/// Waits until it has said that it is ready.
async fn ready(engine: &Engine, name: &str) {
    let options = bollard::query_parameters::LogsOptionsBuilder::default().stdout(true).follow(true).build();
    let mut log = std::pin::pin!(engine.docker.logs(name, Some(options)));
    log.next().await.expect("it says something").expect("the log can be read");
}

#[test]
fn it_is_started_stopped_killed_and_paused() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-life");
        engine.create(name, json!({ "Cmd": ["sh", "-c", PATIENT] })).await;
        tale.say("created", &state(engine, name).await);
        tale.refused("pause", docker.pause_container(name).await);
        tale.refused("kill", docker.kill_container(name, None).await);
        docker.start_container(name, None).await.expect("it can be started");
        ready(engine, name).await;
        tale.say("again", &format!("{:?}", docker.start_container(name, None).await.is_ok()));
        tale.say("running", &state(engine, name).await);
        docker.pause_container(name).await.expect("it can be paused");
        tale.say("paused", &state(engine, name).await);
        tale.refused("pause", docker.pause_container(name).await);
        docker.unpause_container(name).await.expect("it can go on");
        tale.refused("unpause", docker.unpause_container(name).await);
        // What has no terminal has no size, but that is no reason to complain.
        let size = ResizeContainerTTYOptionsBuilder::default().h(20).w(30).build();
        docker.resize_container_tty(name, size).await.expect("nothing happens");
        docker
            .stop_container(name, Some(StopContainerOptionsBuilder::default().t(20).build()))
            .await
            .expect("it stops");
        tale.say("stopped", &state(engine, name).await);
        tale.say("again", &format!("{:?}", docker.stop_container(name, None).await.is_ok()));
        docker
            .restart_container(name, Some(RestartContainerOptionsBuilder::default().t(5).build()))
            .await
            .expect("it restarts");
        ready(engine, name).await;
        tale.refused(
            "a wrong signal",
            docker
                .kill_container(name, Some(KillContainerOptionsBuilder::default().signal("NO").build()))
                .await,
        );
        tale.refused("remove", docker.remove_container(name, None).await);
        docker
            .kill_container(name, Some(KillContainerOptionsBuilder::default().signal("SIGUSR1").build()))
            .await
            .expect("it can be killed");
        tale.tell("waited", &engine.ended(name).await);
        tale.say("killed", &state(engine, name).await);
        docker.remove_container(name, None).await.expect("it can be removed");
        tale.refused("inspect", docker.inspect_container(name, None).await);
        tale.refused("start", docker.start_container(name, None).await);
        tale.refused("stop", docker.stop_container(name, None).await);
        tale.refused("wait", docker.wait_container(name, None).try_collect::<Vec<_>>().await);
    });
}

#[test]
fn its_end_is_waited_for() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-wait");
        engine
            .create(name, json!({ "Cmd": ["sh", "-c", "exit 9"], "HostConfig": { "AutoRemove": true } }))
            .await;
        let options = WaitContainerOptionsBuilder::default().condition("removed").build();
        let mut waiting = std::pin::pin!(docker.wait_container(name, Some(options)));
        let first = waiting.next();
        // The wait has to be asked for before the start.
        let (ended, started) = tokio::join!(first, async {
            tokio::task::yield_now().await;
            docker.start_container(name, None).await
        });
        started.expect("it starts");
        tale.say("ended", &format!("{ended:?}"));
        tale.refused("inspect", docker.inspect_container(name, None).await);
        engine.create(name, json!({ "Cmd": ["/no/such/program"] })).await;
        tale.refused("start", docker.start_container(name, None).await);
        tale.say("state", &state(engine, name).await);
        docker
            .remove_container(name, Some(RemoveContainerOptionsBuilder::default().v(true).build()))
            .await
            .expect("it goes");
    });
}

#[test]
fn it_is_watched_updated_and_renamed() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-watched");
        engine.run(name, json!({ "Cmd": ["sh", "-c", PATIENT], "HostConfig": { "Memory": 64 << 20, "MemorySwap": 64 << 20 } })).await;
        ready(engine, name).await;
        for (stream, one_shot) in [(true, false), (false, false), (false, true)] {
            let options = StatsOptionsBuilder::default().stream(stream).one_shot(one_shot).build();
            let seen: Vec<_> =
                docker.stats(name, Some(options)).take(2).try_collect().await.expect("they can be read");
            assert_eq!(seen.len(), if stream { 2 } else { 1 });
            let last = &seen[seen.len() - 1];
            let memory = last.memory_stats.as_ref().expect("memory is counted");
            assert_eq!(memory.limit, Some(64 << 20));
            assert!(memory.usage.is_some_and(|bytes| bytes > 0), "{memory:?}");
            let cpu = last.cpu_stats.as_ref().and_then(|cpu| cpu.cpu_usage.as_ref()?.total_usage);
            assert!(cpu.is_some_and(|nanoseconds| nanoseconds > 0));
            assert_eq!(last.name.as_deref(), Some("/sdk-watched"));
            tale.say(
                "networks",
                &format!("{:?}", last.networks.as_ref().map(|map| map.keys().collect::<Vec<_>>())),
            );
            let keys = |value: &serde_json::Value| {
                let mut keys: Vec<_> = value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(_, v)| !v.is_null())
                    .map(|(k, _)| k.clone())
                    .collect();
                keys.sort();
                keys
            };
            tale.tell("fields", &keys(&serde_json::to_value(last).expect("it can be written")));
        }
        let top = docker
            .top_processes(name, Some(TopOptionsBuilder::default().ps_args("-o pid,comm").build()))
            .await;
        let top = top.expect("they can be listed");
        tale.tell("titles", &top.titles);
        assert!(top.processes.is_some_and(|rows| rows.iter().any(|row| row[1] == "sh")));
        tale.tell(
            "default titles",
            &docker.top_processes(name, None).await.expect("they can be listed").titles,
        );
        let policy =
            RestartPolicy { name: Some(RestartPolicyNameEnum::ON_FAILURE), maximum_retry_count: Some(4) };
        let wanted = ContainerUpdateBody {
            memory: Some(80 << 20),
            memory_swap: Some(160 << 20),
            cpu_shares: Some(256),
            pids_limit: Some(40),
            restart_policy: Some(policy),
            ..Default::default()
        };
        docker.update_container(name, wanted).await.expect("it can be updated");
        let seen =
            docker.inspect_container(name, None).await.expect("it is there").host_config.expect("it has one");
        tale.tell(
            "updated",
            &(seen.memory, seen.memory_swap, seen.cpu_shares, seen.pids_limit, seen.restart_policy),
        );
        let wrong = ContainerUpdateBody { memory: Some(1), ..Default::default() };
        tale.refused("too little", docker.update_container(name, wrong).await);
        let rename = |to: &str| RenameContainerOptionsBuilder::default().name(to).build();
        docker.rename_container(name, rename("sdk-renamed")).await.expect("it can be renamed");
        tale.refused("rename", docker.rename_container(name, rename("other")).await);
        tale.refused("a wrong name", docker.rename_container("sdk-renamed", rename("a/b")).await);
        tale.refused("the same name", docker.rename_container("sdk-renamed", rename("sdk-renamed")).await);
        engine.remove(&["sdk-renamed"]).await;
        tale.refused("top", docker.top_processes("sdk-renamed", None).await);
        tale.refused("stats", docker.stats("sdk-renamed", None).try_collect::<Vec<_>>().await);
    });
}

#[test]
fn what_has_ended_is_pruned() {
    both(async |engine, tale| {
        engine.run("sdk-pruned", json!({ "Cmd": ["true"], "Labels": { "prune": "sdk" } })).await;
        engine.ended("sdk-pruned").await;
        let options = bollard::query_parameters::PruneContainersOptionsBuilder::default()
            .filters(&filter("label", &["prune=sdk"]))
            .build();
        tale.tell(
            "pruned",
            &engine.docker.prune_containers(Some(options)).await.expect("they can be pruned"),
        );
        let wrong = bollard::query_parameters::PruneContainersOptionsBuilder::default()
            .filters(&filter("nothing", &["x"]))
            .build();
        tale.refused("a wrong filter", engine.docker.prune_containers(Some(wrong)).await);
    });
}
