//! Everything at once.

#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod support;

use strata_network::{EndpointSettings, Kind, NetworkConfig, Networks, Publish};
use support::{Box, container, on_a_host};

/// None is the beginning of an identifier.
const NETWORKS: [&str; 3] = ["bridge", "west", "south"];

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// One container goes on and off networks, which come and go. Only refusals that make sense are heard.
async fn live(networks: Networks, one: &Box, seed: u64) {
    let mut dice = Dice(seed);
    for _ in 0..25 {
        let network = NETWORKS[dice.below(3)];
        let publish = Publish {
            port: "80".parse().unwrap(),
            host_ip: None,
            host_port: if dice.below(2) == 0 { "8080".parse().unwrap() } else { Default::default() },
        };
        let ports = if dice.below(3) == 0 { vec![publish] } else { Vec::new() };
        let settings = EndpointSettings { ports, ..EndpointSettings::default() };
        let result = match dice.below(6) {
            0..3 => networks.attach(&one.container, network, &settings).await.map(drop),
            3 => networks.disconnect(&one.container.id, network).await.map(drop),
            4 => networks.detach(&one.container.id).await.map(drop),
            _ if dice.below(2) == 0 => networks.remove(network).await.map(drop),
            _ => networks.create(NetworkConfig::new(network)).await.map(drop),
        };
        if let Err(error) = result {
            let port = error.to_string().contains("port is already allocated")
                || error.to_string().contains("address already in use");
            assert!(
                port || error.kind() != Kind::Internal,
                "{error}: {:?}",
                std::error::Error::source(&error)
            );
        }
    }
}

#[test]
fn leaves_nothing_and_contradicts_nothing() {
    on_a_host(|machine| async move {
        let networks = machine.server().await;
        let boxes: Vec<Box> = (0..8).map(|number| container(&format!("c{number}"))).collect();
        let lives = boxes.iter().enumerate().map(|(seed, one)| live(networks.clone(), one, seed as u64));
        futures(lives.collect()).await;
        for one in &boxes {
            let inside = one.space.run("ip -o -4 address show scope global");
            let endpoints = networks.of(&one.container.id);
            assert_eq!(inside.lines().count(), endpoints.len(), "{inside}");
            for endpoint in &endpoints {
                let address = endpoint.ipv4.unwrap().to_string();
                assert!(
                    inside.contains(&address) && inside.contains(&endpoint.interface),
                    "{inside}: {address}"
                );
            }
            let routes = one.space.run("ip route show default").lines().count();
            assert_eq!(routes, usize::from(!endpoints.is_empty()));
            networks.detach(&one.container.id).await.unwrap();
        }
        networks.prune(|_| false).await.unwrap();
        networks.close().await.unwrap();
        machine.assert_untouched();
    });
}

/// Drives several futures on this task.
async fn futures<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut futures: Vec<_> = futures.into_iter().map(std::boxed::Box::pin).collect();
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
