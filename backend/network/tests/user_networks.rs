//! Networks that somebody made.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use std::collections::HashMap;

use strata_network::{EndpointSettings, Kind, NetworkConfig, Networks, Pool};
use support::{WORLD, connect, container, on_a_host, run, serve_tcp};

fn with_subnet(name: &str, subnet: &str) -> NetworkConfig {
    NetworkConfig { pools: vec![Pool::new(subnet.parse().unwrap())], ..NetworkConfig::new(name) }
}

async fn refusal(networks: &Networks, config: NetworkConfig) -> String {
    networks.create(config).await.unwrap_err().to_string()
}

#[test]
fn are_made_found_and_removed() {
    on_a_host(|machine| async move {
        // Somebody else's ranges are left to them.
        run("ip route add 172.17.0.0/16 dev lo");
        run("ip address add 172.18.5.1/24 dev lo");
        let networks = machine.server().await;
        let made = networks.create(NetworkConfig::new("front")).await.unwrap();
        assert_eq!(made.pools[0].subnet.to_string(), "172.20.0.0/16");
        assert_eq!(made.pools[0].gateway.unwrap().to_string(), "172.20.0.1");
        assert_eq!(made.bridge, format!("st-{}", &made.id[..12]));
        assert!(run("ip -o link").contains(&made.bridge));
        for name in ["front", &made.id, &made.id[..10]] {
            assert_eq!(networks.inspect(name).unwrap(), made);
        }
        let names: Vec<String> = networks.list().into_iter().map(|network| network.name).collect();
        assert_eq!(names, ["bridge", "front", "host", "none"]);
        assert_eq!(networks.inspect("").unwrap_err().kind(), Kind::NotFound);
        assert_eq!(
            refusal(&networks, NetworkConfig::new("front")).await,
            "network with name front already exists"
        );
        assert_eq!(
            refusal(&networks, with_subnet("a", "172.20.3.0/24")).await,
            "Pool overlaps with other one on this address space"
        );
        assert!(refusal(&networks, with_subnet("a", "172.18.5.0/28")).await.contains("172.18.5.0/24"));
        let mut labelled = with_subnet("back", "10.9.0.0/24");
        labelled.labels = HashMap::from([("keep".into(), "yes".into())]);
        networks.create(labelled).await.unwrap();

        let web = container("web");
        networks.attach(&web.container, "front", &EndpointSettings::default()).await.unwrap();
        let error = networks.remove("front").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("error while removing network: network front id {} has active endpoints", made.id)
        );
        let error = networks.remove("bridge").await.unwrap_err();
        assert_eq!(error.to_string(), "bridge is a pre-defined network and cannot be removed");
        let keep = |network: &strata_network::Network| network.labels.contains_key("keep");
        assert!(networks.prune(keep).await.unwrap().removed.is_empty());
        networks.detach(&web.container.id).await.unwrap();
        assert_eq!(networks.prune(keep).await.unwrap().removed, ["front"]);
        assert_eq!(networks.remove("back").await.unwrap().name, "back");
        assert_eq!(networks.list().len(), 3);
        assert!(!run("ip -o link").contains("st-"));
        assert!(!run("iptables-save").contains("STRATA"));
    });
}

#[test]
fn are_apart_unless_a_container_is_on_both() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        networks.create(NetworkConfig::new("a")).await.unwrap();
        networks.create(NetworkConfig::new("b")).await.unwrap();
        let (one, two) = (container("one"), container("two"));
        let first = networks.attach(&one.container, "a", &EndpointSettings::default()).await.unwrap();
        let second = networks.attach(&two.container, "b", &EndpointSettings::default()).await.unwrap();
        two.space.within(|| serve_tcp("0.0.0.0:80"));
        machine.world.within(|| serve_tcp("0.0.0.0:80"));
        let there = format!("{}:80", second.ipv4.unwrap().ip);
        assert!(one.space.within(|| connect(&there)).is_err());

        let joined = networks.attach(&one.container, "b", &EndpointSettings::default()).await.unwrap();
        assert_eq!(joined.interface, "eth1");
        assert!(first.default_route && !joined.default_route);
        let seen = one.space.within(|| connect(&there)).unwrap();
        assert_eq!(seen, joined.ipv4.unwrap().ip.to_string());
        // Off the first network, the way out is through the second.
        networks.disconnect(&one.container.id, "a").await.unwrap();
        assert!(one.space.within(|| connect(&format!("{WORLD}:80"))).is_ok());
        assert!(networks.of(&one.container.id)[0].default_route);
        let error = networks.disconnect(&one.container.id, "a").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("container {} is not connected to network a", one.container.id)
        );
        for one in [&one, &two] {
            networks.detach(&one.container.id).await.unwrap();
        }
        networks.prune(|_| false).await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn internal_ones_have_no_way_out() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let config = NetworkConfig { internal: true, ..NetworkConfig::new("inner") };
        networks.create(config).await.unwrap();
        let (one, two) = (container("one"), container("two"));
        let ports = vec![strata_network::Publish {
            port: "80".parse().unwrap(),
            host_ip: None,
            host_port: "8080".parse().unwrap(),
        }];
        let settings = EndpointSettings { ports, ..EndpointSettings::default() };
        let endpoint = networks.attach(&one.container, "inner", &settings).await.unwrap();
        assert!(endpoint.gateway.is_none() && endpoint.ports.is_empty() && !endpoint.default_route);
        networks.attach(&two.container, "inner", &EndpointSettings::default()).await.unwrap();
        one.space.within(|| serve_tcp("0.0.0.0:80"));
        machine.world.within(|| serve_tcp("0.0.0.0:80"));
        assert!(two.space.within(|| connect("172.18.0.2:80")).is_ok());
        // Nor with a route that it makes itself.
        two.space.run("ip route add default via 172.18.0.1");
        assert!(two.space.within(|| connect(&format!("{WORLD}:80"))).is_err());
        networks.attach(&two.container, "bridge", &EndpointSettings::default()).await.unwrap();
        assert!(two.space.within(|| connect(&format!("{WORLD}:80"))).is_ok());
    });
}

#[test]
fn addresses_are_given_as_asked() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        networks.create(with_subnet("fixed", "10.9.0.0/24")).await.unwrap();
        networks.create(NetworkConfig::new("chosen")).await.unwrap();
        let (one, two) = (container("one"), container("two"));
        let asked = EndpointSettings {
            ipv4: Some("10.9.0.77".parse().unwrap()),
            mac: Some("02:00:00:00:00:07".parse().unwrap()),
            ..EndpointSettings::default()
        };
        let endpoint = networks.attach(&one.container, "fixed", &asked).await.unwrap();
        assert_eq!(endpoint.ipv4.unwrap().to_string(), "10.9.0.77/24");
        assert!(one.space.run("ip link show eth0").contains("02:00:00:00:00:07"));
        for (network, ip, message) in [
            ("fixed", "10.9.0.77", "Address already in use"),
            ("fixed", "10.9.0.1", "Address already in use"),
            (
                "fixed",
                "10.8.0.1",
                "Invalid address 10.8.0.1: It does not belong to any of this network's subnets",
            ),
            (
                "chosen",
                "172.17.0.9",
                "user specified IP address is supported only when connecting to networks with user configured subnets",
            ),
            ("bridge", "172.17.0.9", "user specified IP address is supported on user defined networks only"),
        ] {
            let asked = EndpointSettings { ipv4: Some(ip.parse().unwrap()), ..EndpointSettings::default() };
            let error = networks.attach(&two.container, network, &asked).await.unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        networks.create(with_subnet("tiny", "10.10.0.0/30")).await.unwrap();
        networks.attach(&one.container, "tiny", &EndpointSettings::default()).await.unwrap();
        let full = networks.attach(&two.container, "tiny", &EndpointSettings::default()).await.unwrap_err();
        assert!(
            full.to_string()
                .starts_with("no available IPv4 addresses on this network's address pools: tiny (")
        );
    });
}

#[test]
fn ipv6_is_there_if_asked_for() {
    on_a_host(|machine| async move {
        run("ip address add fd00:aa::2/64 dev eth0 nodad");
        machine.world.run("ip address add fd00:aa::1/64 dev eth0 nodad");
        run("ip -6 route add default via fd00:aa::1");
        let networks = machine.server().await;
        let mut config = with_subnet("six", "fd00:9::/64");
        config.pools.push(Pool::new("10.9.0.0/24".parse().unwrap()));
        networks.create(config).await.unwrap();
        let drawn = NetworkConfig { ipv6: true, ..NetworkConfig::new("drawn") };
        assert!(networks.create(drawn).await.unwrap().pools[1].subnet.to_string().starts_with("fd"));
        let one = container("one");
        let ports = vec![strata_network::Publish {
            port: "80".parse().unwrap(),
            host_ip: None,
            host_port: "8080".parse().unwrap(),
        }];
        let settings = EndpointSettings { ports, ..EndpointSettings::default() };
        let endpoint = networks.attach(&one.container, "six", &settings).await.unwrap();
        assert_eq!(endpoint.ipv6.unwrap().to_string(), "fd00:9::2/64");
        assert_eq!(endpoint.gateway6.unwrap().to_string(), "fd00:9::1");
        machine.world.within(|| serve_tcp("[::]:80"));
        assert_eq!(one.space.within(|| connect("[fd00:aa::1]:80")).unwrap(), "fd00:aa::2");
        one.space.within(|| serve_tcp("[::]:80"));
        assert_eq!(machine.world.within(|| connect("[fd00:aa::2]:8080")).unwrap(), "fd00:aa::1");
        networks.detach(&one.container.id).await.unwrap();
        networks.prune(|_| false).await.unwrap();
        assert!(!run("ip6tables-save").contains("STRATA"));
    });
}
