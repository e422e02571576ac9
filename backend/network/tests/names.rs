//! Names of containers on user networks.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use std::net::{IpAddr, SocketAddr};

use rustix::net::{AddressFamily, SocketType, bind, socket, sockopt::set_socket_reuseaddr};
use strata_network::{Dns, EndpointSettings, NetworkConfig};
use support::{WORLD, container, on_a_host, query, serve_names};

const A: u8 = 1;
const AAAA: u8 = 28;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn are_answered_inside() {
    on_a_host(|machine| async move {
        machine.world.within(|| serve_names(&format!("{WORLD}:53"), [198, 51, 100, 7]));
        let networks = machine.server().await;
        networks.create(NetworkConfig::new("app")).await.unwrap();
        networks.create(NetworkConfig::new("other")).await.unwrap();
        let (mut web, mut db) = (container("web"), container("db"));
        for one in [&mut web, &mut db] {
            one.container.dns = Dns { servers: vec![ip(WORLD)], ..Dns::default() };
        }
        let aliases = EndpointSettings { aliases: vec!["store".into()], ..EndpointSettings::default() };
        let web_there = networks.attach(&web.container, "app", &EndpointSettings::default()).await.unwrap();
        let db_there = networks.attach(&db.container, "app", &aliases).await.unwrap();
        let (web_ip, db_ip) = (web_there.ipv4.unwrap().ip, db_there.ipv4.unwrap().ip);
        for name in ["db", "DB", "store", "db.app", &db.container.id[..12]] {
            assert_eq!(web.space.within(|| query(name, A, false)), (0, vec![db_ip]), "{name}");
        }
        assert_eq!(
            web.space.within(|| query("big.example", A, false)),
            (0, vec![]),
            "too long for a datagram"
        );
        assert_eq!(web.space.within(|| query("db", A, true)), (0, vec![db_ip]), "so connections are taken");
        assert_eq!(web.space.within(|| query("web", A, false)), (0, vec![web_ip]), "its own too");
        assert_eq!(web.space.within(|| query("db", AAAA, false)), (0, vec![]), "it has no such address");
        assert_eq!(web.space.within(|| query("example.org", A, false)), (0, vec![ip("198.51.100.7")]));

        networks.rename(&db.container.id, "data");
        assert_eq!(web.space.within(|| query("data", A, false)), (0, vec![db_ip]));
        networks.disconnect(&db.container.id, "app").await.unwrap();
        assert_eq!(web.space.within(|| query("data", A, false)).1, [ip("198.51.100.7")], "not here any more");
        networks.attach(&db.container, "other", &aliases).await.unwrap();
        assert_eq!(
            web.space.within(|| query("store", A, false)).1,
            [ip("198.51.100.7")],
            "on another network"
        );
        networks.attach(&web.container, "other", &EndpointSettings::default()).await.unwrap();
        assert_ne!(web.space.within(|| query("store", A, false)).1, [ip("198.51.100.7")], "on both");

        networks.detach(&web.container.id).await.unwrap();
        assert!(web.space.within(|| std::net::TcpStream::connect("127.0.0.11:53")).is_err());
        networks.detach(&db.container.id).await.unwrap();
        networks.prune(|_| false).await.unwrap();
        machine.assert_untouched();
    });
}

#[test]
fn leave_room_for_a_container_s_own_server() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        networks.create(NetworkConfig::new("app")).await.unwrap();
        let dns = container("dns");
        networks.attach(&dns.container, "app", &EndpointSettings::default()).await.unwrap();
        dns.space.within(|| {
            let _tcp = std::net::TcpListener::bind("0.0.0.0:53").unwrap();
            let udp = socket(AddressFamily::INET, SocketType::DGRAM, None).unwrap();
            set_socket_reuseaddr(&udp, true).unwrap();
            bind(&udp, &"0.0.0.0:53".parse::<SocketAddr>().unwrap()).unwrap();
            assert_eq!(
                query("dns", A, false),
                (0, vec![ip("172.18.0.2")]),
                "what is asked here is still answered"
            );
        });
    });
}

#[test]
fn files_say_whom_to_ask() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        networks.create(NetworkConfig::new("app")).await.unwrap();
        let text = |names: &[&str]| networks.resolv_conf(&Dns::default(), names.iter().copied()).unwrap();
        assert!(text(&["app"]).contains("nameserver 127.0.0.11\n"));
        assert!(!text(&["bridge"]).contains("127.0.0.11"));
        assert!(text(&["bridge", "app"]).contains("127.0.0.11"));
        assert_eq!(text(&["host"]), std::fs::read_to_string("/etc/resolv.conf").unwrap());
        assert!(networks.resolv_conf(&Dns::default(), ["nowhere"]).is_err());
        networks.remove("app").await.unwrap();
    });
}

#[test]
fn an_internal_network_asks_nobody_outside() {
    on_a_host(|machine| async move {
        machine.world.within(|| serve_names(&format!("{WORLD}:53"), [198, 51, 100, 7]));
        let networks = machine.server().await;
        networks.create(NetworkConfig { internal: true, ..NetworkConfig::new("inner") }).await.unwrap();
        let mut web = container("web");
        web.container.dns.servers = vec![ip(WORLD)];
        networks.attach(&web.container, "inner", &EndpointSettings::default()).await.unwrap();
        assert_eq!(web.space.within(|| query("example.org", A, false)), (2, vec![]));
        assert_eq!(web.space.within(|| query("web", A, false)), (0, vec![ip("172.18.0.2")]));
    });
}
