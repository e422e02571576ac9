//! Networks of containers: bridges, addresses, published ports, names.
//!
//! A *network* is a record ([`Network`]) and, while something uses it, a bridge of the host with address rules
//! around it. An *endpoint* ([`Endpoint`]) is a container's place on a network: a pair of virtual interfaces, an
//! address, published ports and names. [`Networks`] holds both for one server.
//!
//! The life of an endpoint: the caller creates the container's process, *attaches* its network namespace before
//! the program starts, keeps the returned [`Endpoint`] with its own record of the container, and *detaches* when
//! the program has ended. After a restart of the server [`Networks::restore`] gets the endpoints of those that
//! still run: proxies and name servers live in the server and start again, interfaces and rules outlived it.
//!
//! What is in an [`Endpoint`] changes with [`Networks::rename`] and [`Networks::disconnect`]: ask [`Networks::of`]
//! afterwards. The contents of `/etc/resolv.conf` ([`Networks::resolv_conf`]) are known before a container is
//! attached, those of `/etc/hosts` ([`hosts_file`]) with its address.
//!
//! Several servers share a host. Each marks what it makes with a tag made of its directory's path, and touches
//! nothing without it: chains of the packet filter are its own, and links carry the tag in name or alias.
//!
//! Which networks, subnets, addresses, rules and file contents there should be is decided by pure functions; the
//! host is changed through netlink sockets and one run of `iptables-restore` per change of rules.
//!
//! ```no_run
//! # async fn example() -> Result<(), strata_network::NetworkError> {
//! use strata_network::{Container, EndpointSettings, Networks};
//!
//! let networks = Networks::open("/var/lib/strata/network".as_ref())?;
//! networks.restore(Vec::new()).await?;
//! let container = Container::new("4f1c…", "web", "/proc/4711/ns/net");
//! let endpoint = networks.attach(&container, "bridge", &EndpointSettings::default()).await?;
//! println!("{:?}", endpoint.ipv4);
//! networks.detach(&container.id).await?;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's way to fail"))]

mod address;
mod config;
mod dns;
mod endpoint;
mod error;
mod files;
mod firewall;
mod ipam;
mod netlink;
mod netns;
mod networks;
mod publish;
mod record;
mod rootless;
mod task;

pub use address::{Address, Mac, Subnet};
pub use config::{Driver, Network, NetworkConfig, Pool};
pub use endpoint::{
    Alias, Container, Dns, Endpoint, EndpointSettings, HostPort, Port, Protocol, Publish, PublishedPort,
};
pub use error::{Kind, NetworkError};
pub use files::{ExtraHost, hosts_file, resolv_conf};
pub use networks::{Networks, Pruned};
