//! Ports of the host that lead to a container.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use std::net::TcpListener;

use strata_network::{EndpointSettings, HostPort, Publish};
use support::{HOST, WORLD, connect, container, on_a_host, serve_tcp, serve_udp, udp};

fn publish(port: &str, host: Option<&str>, host_port: &str) -> Publish {
    Publish {
        port: port.parse().unwrap(),
        host_ip: host.map(|ip| ip.parse().unwrap()),
        host_port: host_port.parse().unwrap(),
    }
}

fn settings(ports: &[Publish]) -> EndpointSettings {
    EndpointSettings { ports: ports.to_vec(), ..EndpointSettings::default() }
}

#[test]
fn are_reached_from_everywhere() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let web = container("web");
        web.space.within(|| {
            serve_tcp("0.0.0.0:80");
            serve_udp("0.0.0.0:53");
        });
        let ports = [publish("80", None, "8080"), publish("53/udp", None, "5353")];
        let endpoint = networks.attach(&web.container, "bridge", &settings(&ports)).await.unwrap();
        let written: Vec<String> = endpoint
            .ports
            .iter()
            .map(|port| format!("{}:{}->{}", port.host_ip, port.host_port, port.port))
            .collect();
        assert_eq!(
            written,
            ["0.0.0.0:8080->80/tcp", ":::8080->80/tcp", "0.0.0.0:5353->53/udp", ":::5353->53/udp"]
        );
        for address in ["127.0.0.1", "[::1]", HOST, "172.17.0.1"] {
            assert_eq!(connect(&format!("{address}:8080")).unwrap(), "172.17.0.1", "{address}");
            assert_eq!(udp(&format!("{address}:5353"), "hi ").unwrap(), "hi 172.17.0.1", "{address}");
        }
        let seen = machine.world.within(|| connect(&format!("{HOST}:8080")).unwrap());
        assert_eq!(seen, WORLD, "from outside, clients keep their address");
        let seen = machine.world.within(|| udp(&format!("{HOST}:5353"), "hi ").unwrap());
        assert_eq!(seen, format!("hi {WORLD}"));

        let own = container("own");
        networks.attach(&own.container, "bridge", &EndpointSettings::default()).await.unwrap();
        for one in [&web, &own] {
            let seen = one.space.within(|| connect(&format!("{HOST}:8080")).unwrap());
            assert_eq!(seen, "172.17.0.1", "a neighbour, and itself, through the host");
        }
        let seen = own.space.within(|| udp(&format!("{HOST}:5353"), "hi ").unwrap());
        assert_eq!(seen, "hi 172.17.0.1");
        networks.create(strata_network::NetworkConfig::new("apart")).await.unwrap();
        let apart = container("apart");
        networks.attach(&apart.container, "apart", &EndpointSettings::default()).await.unwrap();
        assert!(apart.space.within(|| connect(&format!("{HOST}:8080"))).is_ok(), "from another network");
        assert!(apart.space.within(|| udp(&format!("{HOST}:5353"), "hi ")).is_ok());
        assert!(apart.space.within(|| connect("172.17.0.2:80")).is_err(), "but only there");

        let config =
            strata_network::NetworkConfig { internal: true, ..strata_network::NetworkConfig::new("inner") };
        networks.create(config).await.unwrap();
        let inner = container("inner");
        let there = networks.attach(&inner.container, "inner", &EndpointSettings::default()).await.unwrap();
        let gateway = networks.inspect("inner").unwrap().pools[0].gateway.unwrap();
        assert!(there.gateway.is_none());
        assert!(
            inner.space.within(|| connect(&format!("{gateway}:8080"))).is_ok(),
            "from an internal network"
        );
        networks.detach(&inner.container.id).await.unwrap();
        networks.remove("inner").await.unwrap();

        for one in [&web, &own, &apart] {
            networks.detach(&one.container.id).await.unwrap();
        }
        assert!(connect("127.0.0.1:8080").is_err());
        networks.remove("apart").await.unwrap();
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn are_given_once_and_given_back() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let (web, second) = (container("web"), container("second"));
        let endpoint = networks
            .attach(&web.container, "bridge", &settings(&[publish("80", None, "8080")]))
            .await
            .unwrap();
        let error = networks
            .attach(&second.container, "bridge", &settings(&[publish("80", None, "8080")]))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("driver failed programming external connectivity on endpoint second ("),
            "{error}"
        );
        assert!(error.ends_with("): Bind for 0.0.0.0:8080 failed: port is already allocated"), "{error}");
        assert!(networks.of(&second.container.id).is_empty());
        assert!(!second.space.run("ip link").contains("eth0"));
        let foreign = TcpListener::bind("127.0.0.1:8090").unwrap();
        let request = settings(&[publish("80", Some("127.0.0.1"), "8090")]);
        let error = networks.attach(&second.container, "bridge", &request).await.unwrap_err().to_string();
        assert!(error.ends_with("listen tcp4 127.0.0.1:8090: bind: address already in use"), "{error}");
        drop(foreign);

        let twice = settings(&[publish("80", None, "8080-8082"), publish("81", None, "")]);
        let other = networks.attach(&second.container, "bridge", &twice).await.unwrap();
        assert_eq!(other.ports[0].host_port, 8081);
        assert!(other.ports[2].host_port >= 32768, "one that is free");
        assert_eq!(other.ports[2].host_port, other.ports[3].host_port, "the same in both families");
        // Given back at once, as often as one likes.
        for _ in 0..5 {
            let start = std::time::Instant::now();
            networks.detach(&web.container.id).await.unwrap();
            println!("detached with a port in {:?}", start.elapsed());
            let start = std::time::Instant::now();
            let again = networks
                .attach(&web.container, "bridge", &settings(&[publish("80", None, "8080")]))
                .await
                .unwrap();
            println!("attached with a port in {:?}", start.elapsed());
            assert_eq!(again.ports, endpoint.ports);
        }
        networks.detach(&web.container.id).await.unwrap();
        networks.detach(&second.container.id).await.unwrap();
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn lead_clients_that_never_pause_to_the_next_container() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let (old, new, between) = (container("old"), container("new"), container("between"));
        let published = settings(&[publish("53/udp", None, "5353")]);
        let first = networks.attach(&old.container, "bridge", &published).await.unwrap();
        old.space.within(|| serve_udp("0.0.0.0:53"));
        new.space.within(|| serve_udp("0.0.0.0:53"));
        let client = machine.world.within(|| std::net::UdpSocket::bind("0.0.0.0:0").unwrap());
        client.set_read_timeout(Some(std::time::Duration::from_secs(2))).unwrap();
        client.connect(format!("{HOST}:5353")).unwrap();
        let mut buffer = [0; 100];
        client.send(b"one").unwrap();
        client.recv(&mut buffer).unwrap();
        networks.detach(&old.container.id).await.unwrap();
        networks.attach(&between.container, "bridge", &EndpointSettings::default()).await.unwrap();
        let second = networks.attach(&new.container, "bridge", &published).await.unwrap();
        assert_ne!(first.ipv4, second.ipv4);
        client.send(b"two").unwrap();
        let length = client.recv(&mut buffer).unwrap();
        assert!(buffer[..length].starts_with(b"two"));
    });
}

#[test]
fn of_the_loopback_stay_there() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let web = container("web");
        web.space.within(|| serve_tcp("0.0.0.0:80"));
        let ports = [publish("80", Some("127.0.0.1"), "8080"), publish("80", Some("::1"), "8080")];
        networks.attach(&web.container, "bridge", &settings(&ports)).await.unwrap();
        assert!(connect("127.0.0.1:8080").is_ok());
        assert!(connect("[::1]:8080").is_ok());
        assert!(connect(&format!("{HOST}:8080")).is_err());
        assert!(machine.world.within(|| connect(&format!("{HOST}:8080"))).is_err());
        assert_eq!(HostPort::default(), HostPort::Any);
    });
}
