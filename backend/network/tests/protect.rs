//! The host's control ports.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use strata_network::{EndpointSettings, NetworkConfig};
use support::{HOST, connect, container, on_a_host, serve_tcp};

#[test]
fn are_closed_to_containers_only() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        networks.protect(&[7878]).await.unwrap();
        machine.assert_untouched();
        serve_tcp("[::]:7878");
        serve_tcp("[::]:7879");
        let mut named = NetworkConfig::new("named");
        named.options.insert("com.docker.network.bridge.name".into(), "mybridge".into());
        networks.create(named).await.unwrap();
        let (web, app) = (container("web"), container("app"));
        networks.attach(&web.container, "bridge", &EndpointSettings::default()).await.unwrap();
        networks.attach(&app.container, "named", &EndpointSettings::default()).await.unwrap();
        let bridge = networks.inspect("bridge").unwrap().pools[0].gateway.unwrap().to_string();
        let mine = networks.inspect("named").unwrap().pools[0].gateway.unwrap().to_string();
        for one in [&web, &app] {
            for address in [HOST, &bridge, &mine] {
                let reached = |port: u16| one.space.within(|| connect(&format!("{address}:{port}"))).is_ok();
                assert!(!reached(7878), "{address} from {}", one.container.name);
                assert!(reached(7879), "{address} from {}", one.container.name);
            }
        }
        // A container that turns IPv6 on again has a link-local address, and the bridge has one too.
        web.space.within(|| std::fs::write("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "0").unwrap());
        let rules = support::run("ip6tables-save");
        assert!(rules.contains("-i strata+ -p tcp -m multiport --dports 7878 -j REJECT"), "{rules}");
        for address in ["127.0.0.1", "[::1]", HOST] {
            assert!(connect(&format!("{address}:7878")).is_ok(), "{address} from the host");
        }
        assert!(machine.world.within(|| connect(&format!("{HOST}:7878"))).is_ok(), "from outside, as ever");

        networks.protect(&[]).await.unwrap();
        assert!(web.space.within(|| connect(&format!("{HOST}:7878"))).is_ok());
        networks.protect(&[7878]).await.unwrap();
        for one in [&web, &app] {
            networks.detach(&one.container.id).await.unwrap();
        }
        networks.remove("named").await.unwrap();
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}
