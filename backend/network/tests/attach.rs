//! A container on the default network.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use std::time::Instant;

use strata_network::{EndpointSettings, Kind};
use support::{HOST, WORLD, connect, container, on_a_host, run, serve_tcp};

#[test]
fn has_an_address_and_a_way_out_and_leaves_nothing() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        machine.assert_untouched();
        let web = container("web");
        let endpoint = networks.attach(&web.container, "bridge", &EndpointSettings::default()).await.unwrap();
        assert_eq!(endpoint.ipv4.unwrap().to_string(), "172.17.0.2/16");
        assert_eq!(endpoint.gateway.unwrap().to_string(), "172.17.0.1");
        assert_eq!(endpoint.mac.unwrap().to_string(), "02:42:ac:11:00:02");
        assert_eq!(networks.inspect("bridge").unwrap().bridge, "strata0");
        let inside = web.space.run("ip address show eth0");
        assert!(inside.contains("172.17.0.2/16 brd 172.17.255.255"), "{inside}");
        assert!(inside.contains("02:42:ac:11:00:02") && inside.contains("mtu 1400"), "{inside}");
        assert!(!inside.contains("inet6"), "no IPv6 address, not even a link-local one: {inside}");
        assert!(run("ip -6 address show strata0").is_empty(), "nor on the bridge");
        assert!(web.space.run("ip route").contains("default via 172.17.0.1 dev eth0"));

        machine.world.within(|| serve_tcp("0.0.0.0:80"));
        let seen = web.space.within(|| connect(&format!("{WORLD}:80"))).unwrap();
        assert_eq!(seen, HOST, "what leaves has the host's address");

        let other = container("other");
        let second = networks.attach(&other.container, "bridge", &EndpointSettings::default()).await.unwrap();
        web.space.within(|| serve_tcp("0.0.0.0:80"));
        let seen = other.space.within(|| connect("172.17.0.2:80")).unwrap();
        assert_eq!(seen, second.ipv4.unwrap().ip.to_string());
        machine.world.run(&format!("ip route add 172.17.0.0/16 via {HOST}"));
        assert!(machine.world.within(|| connect("172.17.0.2:80")).is_err(), "unpublished ports are closed");

        let again =
            networks.attach(&web.container, "bridge", &EndpointSettings::default()).await.unwrap_err();
        assert_eq!(again.to_string(), "endpoint with name web already exists in network bridge");
        networks.detach(&web.container.id).await.unwrap();
        assert!(!web.space.run("ip link").contains("eth0"));
        let third = networks.attach(&web.container, "bridge", &EndpointSettings::default()).await.unwrap();
        assert_eq!(third.ipv4, endpoint.ipv4, "the lowest free address");
        drop(other);
        networks.detach(&second.container.id).await.unwrap();
        networks.detach(&web.container.id).await.unwrap();
        networks.detach(&web.container.id).await.unwrap();
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn other_networks_than_bridges_have_nothing_to_leave() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let (alone, open) = (container("alone"), container("open"));
        let none = networks.attach(&alone.container, "none", &EndpointSettings::default()).await.unwrap();
        assert!(none.ipv4.is_none() && none.interface.is_empty());
        assert!(alone.space.run("ip -o link show up").contains("lo"));
        networks.attach(&open.container, "host", &EndpointSettings::default()).await.unwrap();
        machine.assert_untouched();
        let error = networks.disconnect(&open.container.id, "host").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden);
        let error =
            networks.attach(&open.container, "bridge", &EndpointSettings::default()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden);
        networks.detach(&open.container.id).await.unwrap();
        assert!(networks.of(&open.container.id).is_empty());
        let error =
            networks.attach(&open.container, "nowhere", &EndpointSettings::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::NotFound, "network nowhere not found"));
    });
}

#[test]
fn forty_at_once_leave_nothing() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let boxes: Vec<_> = (0..40).map(|number| container(&format!("c{number}"))).collect();
        let first = container("first");
        let start = Instant::now();
        networks.attach(&first.container, "bridge", &EndpointSettings::default()).await.unwrap();
        println!("the first, with the bridge: {:?}", start.elapsed());
        let start = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for one in &boxes {
            let (networks, container) = (networks.clone(), one.container.clone());
            tasks.spawn(async move {
                networks.attach(&container, "bridge", &EndpointSettings::default()).await.unwrap()
            });
        }
        let endpoints = tasks.join_all().await;
        println!("40 at once: {:?}", start.elapsed());
        let addresses: std::collections::HashSet<_> = endpoints.iter().map(|one| one.ipv4).collect();
        assert_eq!(addresses.len(), 40);
        let start = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for one in boxes.iter().chain([&first]) {
            let (networks, id) = (networks.clone(), one.container.id.clone());
            tasks.spawn(async move { networks.detach(&id).await.unwrap() });
        }
        tasks.join_all().await;
        println!("41 detached at once: {:?}", start.elapsed());
        for _ in 0..5 {
            let start = Instant::now();
            networks.attach(&first.container, "bridge", &EndpointSettings::default()).await.unwrap();
            let attached = start.elapsed();
            networks.detach(&first.container.id).await.unwrap();
            println!("one: attached in {attached:?}, detached in {:?}", start.elapsed() - attached);
        }
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn what_fails_is_undone() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let web = container("web");
        // The name of the interface is taken inside.
        web.space.run("ip link add eth0 type veth");
        assert!(networks.attach(&web.container, "bridge", &EndpointSettings::default()).await.is_err());
        assert!(networks.of(&web.container.id).is_empty());
        let mut gone = web.container.clone();
        gone.netns = "/proc/self/ns/nothing".into();
        let error = networks.attach(&gone, "bridge", &EndpointSettings::default()).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot enter network namespace /proc/self/ns/nothing");
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn a_bridge_that_somebody_removed_is_made_again() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let (one, two) = (container("one"), container("two"));
        networks.attach(&one.container, "bridge", &EndpointSettings::default()).await.unwrap();
        networks.detach(&one.container.id).await.unwrap();
        run("ip link delete strata0");
        networks.attach(&two.container, "bridge", &EndpointSettings::default()).await.unwrap();
        machine.world.within(|| serve_tcp("0.0.0.0:80"));
        assert_eq!(two.space.within(|| connect(&format!("{WORLD}:80"))).unwrap(), HOST);
    });
}
