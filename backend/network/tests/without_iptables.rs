//! A host that has nft only.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use std::{os::unix::fs::symlink, process::Command};

use strata_network::{EndpointSettings, NetworkConfig, Publish};
use support::{HOST, WORLD, connect, container, has, on_a_host, serve_tcp, udp};

#[test]
fn nft_does_as_well() {
    if !rustix::process::geteuid().is_root() || !has("nft") {
        assert!(std::env::var_os("STRATA_TESTS_STRICT").is_none(), "this test needs root and nft");
        eprintln!("skipped: needs root and nft");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    for program in ["ip", "nft", "unshare", "sleep"] {
        let found = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|path| path.exists());
        symlink(found.unwrap_or_else(|| panic!("{program} is absent")), dir.path().join(program)).unwrap();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inner", "--ignored", "--nocapture"])
        .env("PATH", dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "run by the other, with another PATH"]
fn inner() {
    assert!(!has("iptables"));
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        networks.protect(&[7878]).await.unwrap();
        networks.create(NetworkConfig::new("apart")).await.unwrap();
        let (web, near, apart) = (container("web"), container("near"), container("apart"));
        let publish = |port: &str, host_port: &str| Publish {
            port: port.parse().unwrap(),
            host_ip: None,
            host_port: host_port.parse().unwrap(),
        };
        let ports = vec![publish("80", "8080"), publish("53/udp", "5353")];
        let settings = EndpointSettings { ports, ..EndpointSettings::default() };
        networks.attach(&web.container, "bridge", &settings).await.unwrap();
        networks.attach(&near.container, "bridge", &EndpointSettings::default()).await.unwrap();
        networks.attach(&apart.container, "apart", &EndpointSettings::default()).await.unwrap();
        web.space.within(|| {
            serve_tcp("0.0.0.0:80");
            support::serve_udp("0.0.0.0:53");
        });
        machine.world.within(|| serve_tcp("0.0.0.0:80"));
        serve_tcp("0.0.0.0:7878");

        assert_eq!(web.space.within(|| connect(&format!("{WORLD}:80"))).unwrap(), HOST);
        assert_eq!(machine.world.within(|| connect(&format!("{HOST}:8080"))).unwrap(), WORLD);
        assert_eq!(machine.world.within(|| udp(&format!("{HOST}:5353"), "")).unwrap(), WORLD);
        assert!(connect("127.0.0.1:8080").is_ok() && connect("[::1]:8080").is_ok());
        for one in [&web, &near, &apart] {
            assert!(one.space.within(|| connect(&format!("{HOST}:8080"))).is_ok(), "{}", one.container.name);
            assert!(one.space.within(|| connect(&format!("{HOST}:7878"))).is_err(), "{}", one.container.name);
        }
        assert!(near.space.within(|| connect("172.17.0.2:80")).is_ok());
        assert!(apart.space.within(|| connect("172.17.0.2:80")).is_err());
        for one in [&web, &near, &apart] {
            networks.detach(&one.container.id).await.unwrap();
        }
        networks.prune(|_| false).await.unwrap();
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}
