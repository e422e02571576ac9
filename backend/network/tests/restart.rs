//! What happens when the server ends, and when several run.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use std::net::IpAddr;

use strata_network::{EndpointSettings, NetworkConfig, Networks, Publish};
use support::{HOST, WORLD, connect, container, on_a_host, query, run, serve_tcp};

fn published(port: &str) -> EndpointSettings {
    let port = Publish { port: "80".parse().unwrap(), host_ip: None, host_port: port.parse().unwrap() };
    EndpointSettings { ports: vec![port], ..EndpointSettings::default() }
}

#[test]
fn what_runs_goes_on_and_what_ended_is_swept() {
    on_a_host(|machine| async move {
        let (web, gone, app) = (container("web"), container("gone"), container("app"));
        web.space.within(|| serve_tcp("0.0.0.0:80"));
        let first = machine.server().await;
        let network = first.create(NetworkConfig::new("mine")).await.unwrap();
        first.create(NetworkConfig::new("empty")).await.unwrap();
        let kept = first.attach(&web.container, "bridge", &published("8080")).await.unwrap();
        first.attach(&gone.container, "bridge", &published("8081")).await.unwrap();
        let named = first.attach(&app.container, "mine", &EndpointSettings::default()).await.unwrap();
        let before = support::snapshot();
        // As with kill -9, nobody gets to clean up.
        drop(first);
        let kept: strata_network::Endpoint =
            serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
        assert!(machine.world.within(|| connect(&format!("{HOST}:8080"))).is_ok(), "without a server too");

        let second = Networks::open(machine.dir.path()).unwrap();
        second.protect(&[7878]).await.unwrap();
        assert_eq!(support::snapshot(), before, "nothing is touched before it is known what runs");
        let problems = second.restore(vec![kept.clone(), named.clone()]).await.unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(second.inspect("mine").unwrap(), network);
        assert_eq!(second.of(&web.container.id), vec![kept.clone()]);
        assert_eq!(connect("127.0.0.1:8080").unwrap(), "172.17.0.1", "the proxy is back");
        assert_eq!(machine.world.within(|| connect(&format!("{HOST}:8080"))).unwrap(), WORLD);
        assert_eq!(
            app.space.within(|| query("app", 1, false)),
            (0, vec![named.ipv4.unwrap().ip]),
            "names are answered again"
        );
        assert!(!gone.space.run("ip link").contains("eth0"), "what ended is gone");
        assert!(!run("iptables-save -t nat").contains("8081"));
        let next = second.attach(&gone.container, "bridge", &published("8081")).await.unwrap();
        assert_eq!(next.ipv4.unwrap().ip, "172.17.0.3".parse::<IpAddr>().unwrap(), "its address is free");

        for one in [&web, &gone, &app] {
            second.detach(&one.container.id).await.unwrap();
        }
        second.close().await.unwrap();
        machine.assert_untouched();
        let third = machine.server().await;
        assert!(run("ip -o link").contains(&network.bridge), "user networks are there again");
        assert_eq!(third.inspect("empty").unwrap().name, "empty");
        third.prune(|_| false).await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn a_network_that_is_unknown_is_a_problem_not_an_end() {
    on_a_host(|machine| async move {
        let web = container("web");
        let first = machine.server().await;
        let mut endpoint =
            first.attach(&web.container, "bridge", &EndpointSettings::default()).await.unwrap();
        drop(first);
        endpoint.network = "0".repeat(64);
        let second = Networks::open(machine.dir.path()).unwrap();
        let problems = second.restore(vec![endpoint]).await.unwrap();
        assert_eq!(problems[0].to_string(), "network bridge not found");
        machine.assert_untouched();
    });
}

#[test]
fn servers_side_by_side_leave_each_other_alone() {
    on_a_host(|machine| async move {
        let other_dir = tempfile::tempdir().unwrap();
        let ours = machine.server().await;
        let (web, other) = (container("web"), container("other"));
        ours.attach(&web.container, "bridge", &published("8080")).await.unwrap();
        web.space.within(|| serve_tcp("0.0.0.0:80"));

        let theirs = Networks::open(other_dir.path()).unwrap();
        theirs.restore(Vec::new()).await.unwrap();
        assert!(connect("127.0.0.1:8080").is_ok(), "their sweep is theirs");
        let endpoint = theirs.attach(&other.container, "bridge", &EndpointSettings::default()).await.unwrap();
        assert_eq!(theirs.inspect("bridge").unwrap().bridge, "strata1");
        assert_eq!(endpoint.ipv4.unwrap().to_string(), "172.18.0.2/16");
        assert!(
            other.space.within(|| connect("172.17.0.2:80")).is_err(),
            "networks of servers are apart too"
        );
        machine.world.within(|| serve_tcp("0.0.0.0:80"));
        assert_eq!(other.space.within(|| connect(&format!("{WORLD}:80"))).unwrap(), HOST);
        let error =
            theirs.attach(&web.container, "bridge", &published("8080")).await.unwrap_err().to_string();
        assert!(error.ends_with("listen tcp4 0.0.0.0:8080: bind: address already in use"), "{error}");
        theirs.detach(&other.container.id).await.unwrap();
        theirs.close().await.unwrap();
        assert_eq!(machine.world.within(|| connect(&format!("{HOST}:8080"))).unwrap(), WORLD);
        ours.detach(&web.container.id).await.unwrap();
        ours.close().await.unwrap();
        machine.assert_untouched();
    });
}
