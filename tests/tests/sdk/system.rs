//! What the engine says of itself.

use bollard::{API_DEFAULT_VERSION, models::SystemInfo};
use serde_json::{Value, json};

use crate::scene::{both, connect, sockets};

#[tokio::test]
async fn a_client_that_is_too_new_comes_down_to_the_servers_version() {
    let Some(sockets) = sockets() else { return };
    for (socket, newest) in sockets.iter().zip([41, 47]) {
        let docker =
            connect(socket, API_DEFAULT_VERSION).negotiate_version().await.expect("it can be negotiated");
        assert_eq!(docker.client_version().minor_version, newest);
        let version = docker.version().await.expect("that version is spoken");
        assert_eq!(version.api_version.as_deref(), Some(&*format!("1.{newest}")));
        assert!(version.min_api_version.is_some() && version.components.is_some(), "{version:?}");
        assert_eq!(docker.ping().await.expect("it answers"), "OK");
    }
}

/// What of dockerd's answer must be there, as the kinds of its values.
fn shape(info: &SystemInfo) -> Value {
    let info = serde_json::to_value(info).expect("it can be written");
    let fields = info.as_object().expect("it is an object").iter();
    let kind = |value: &Value| match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    // What not every host has; Strata is no swarm and has no containerd.
    let own = ["ContainerdCommit", "InitCommit", "Warnings", "Swarm", "SystemStatus"];
    fields
        .filter(|(key, _)| !own.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), json!(kind(value))))
        .collect()
}

#[test]
fn the_engine_is_described() {
    both(async |engine, tale| {
        let info = engine.docker.info().await.expect("it can be read");
        tale.tell("info", &shape(&info));
        for (what, value) in [
            ("os", &info.os_type),
            ("architecture", &info.architecture),
            ("driver", &info.cgroup_version.map(|version| version.to_string())),
            ("kernel", &info.kernel_version),
            ("system", &info.operating_system),
            ("name", &info.name),
            ("index", &info.index_server_address),
            ("runtime", &info.default_runtime),
        ] {
            tale.tell(what, value);
        }
        tale.tell("memory", &info.mem_total);
        tale.tell("processors", &info.ncpu);
        tale.tell("plugins", &info.plugins.and_then(|plugins| plugins.volume));
    });
}

#[test]
fn what_takes_space_is_counted() {
    both(async |engine, tale| {
        engine.run("df", json!({ "Cmd": ["sh", "-c", "echo 12345 > /f"] })).await;
        engine.ended("df").await;
        let used = engine.docker.df(None::<bollard::query_parameters::DataUsageOptions>).await;
        let used = serde_json::to_value(used.expect("it can be read")).expect("it can be written");
        tale.say("kinds", &format!("{:?}", used.as_object().map(|map| map.keys().collect::<Vec<_>>())));
        engine.remove(&["df"]).await;
    });
}
