//! What the server knows: networks, endpoints, and what runs for them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    time::SystemTime,
};

use super::new_id;
use crate::{
    Driver, Endpoint, Network, NetworkError, Protocol,
    config::PREDEFINED,
    dns::{Resolver, Zone},
    firewall::{Forward, Plan, Range},
    publish::Proxy,
};

/// A bridge that is up.
#[derive(Debug, Clone, Copy)]
pub struct Up {
    /// The link's number.
    pub index: u32,
    /// The largest packet of its network.
    pub mtu: u32,
}

/// An endpoint and its proxies.
#[derive(Debug)]
pub struct Live {
    pub endpoint: Endpoint,
    pub proxies: Vec<Proxy>,
}

#[derive(Debug)]
pub struct State {
    /// By identifier.
    pub networks: BTreeMap<String, Network>,
    /// Bridges that are up, by network.
    pub up: HashMap<String, Up>,
    /// By identifier. An endpoint is here from the moment that its addresses are taken.
    pub endpoints: BTreeMap<String, Live>,
    /// By container.
    pub resolvers: HashMap<String, Resolver>,
    /// Ports of the host that containers don't reach.
    pub protected: BTreeSet<u16>,
    /// Whether it is known what outlived the last server.
    pub ready: bool,
}

impl State {
    pub fn new(networks: BTreeMap<String, Network>) -> Self {
        Self {
            networks,
            up: HashMap::new(),
            endpoints: BTreeMap::new(),
            resolvers: HashMap::new(),
            protected: BTreeSet::new(),
            ready: false,
        }
    }

    /// The network with this name, identifier, or beginning of an identifier, in this order.
    pub fn find(&self, wanted: &str) -> Result<&Network, NetworkError> {
        let exact = self.networks.get(wanted);
        // An older default name, which clients still send.
        let name = if wanted == "default" { "bridge" } else { wanted };
        if let Some(found) = exact.or_else(|| self.networks.values().find(|network| network.name == name)) {
            return Ok(found);
        }
        let missing = || NetworkError::NotFound(wanted.to_owned());
        if wanted.is_empty() {
            return Err(missing());
        }
        let matches: Vec<&Network> =
            self.networks.values().filter(|network| network.id.starts_with(wanted)).collect();
        match matches[..] {
            [] => Err(missing()),
            [network] => Ok(network),
            _ => Err(NetworkError::Ambiguous { name: wanted.to_owned(), matches: matches.len() }),
        }
    }

    /// Who is on a network.
    pub fn on<'a>(&'a self, network: &'a str) -> impl Iterator<Item = &'a Endpoint> {
        self.endpoints.values().map(|live| &live.endpoint).filter(move |endpoint| endpoint.network == network)
    }

    /// Where a container is.
    pub fn of<'a>(&'a self, container: &'a str) -> impl Iterator<Item = &'a Endpoint> {
        let endpoints = self.endpoints.values().map(|live| &live.endpoint);
        endpoints.filter(move |endpoint| endpoint.container.id == container)
    }

    /// Addresses that are given away on a network.
    pub fn used(&self, network: &str) -> HashSet<IpAddr> {
        self.on(network).flat_map(Endpoint::addresses).collect()
    }

    /// Ports of the host that our containers have.
    pub fn ports(&self) -> HashSet<(Protocol, IpAddr, u16)> {
        let ports = self.endpoints.values().flat_map(|live| &live.endpoint.ports);
        ports.map(|port| (port.port.protocol, port.host_ip, port.host_port)).collect()
    }

    /// Whether a container is on a network where names are found.
    pub fn named(&self, container: &str) -> bool {
        let networks = self.of(container).filter_map(|endpoint| self.networks.get(&endpoint.network));
        networks.into_iter().any(|network| network.resolves_names())
    }

    /// Which containers a container finds by name.
    pub fn zone<'a>(&'a self, container: &'a str) -> Zone<'a> {
        let of = |endpoint: &Endpoint| self.networks.get(&endpoint.network);
        let mine: Vec<&Network> = self
            .endpoints
            .values()
            .map(|live| &live.endpoint)
            .filter(|endpoint| endpoint.container.id == container)
            .filter_map(of)
            .collect();
        let named: HashSet<&str> = mine
            .iter()
            .filter(|network| network.resolves_names())
            .map(|network| network.id.as_str())
            .collect();
        let endpoints = self
            .endpoints
            .values()
            .map(|live| &live.endpoint)
            .filter(|endpoint| named.contains(endpoint.network.as_str()))
            .collect();
        let links = self
            .of(container)
            .flat_map(|endpoint| endpoint.links.iter().map(|link| (endpoint.network.as_str(), link)));
        Zone { endpoints, links: links.collect(), outside: mine.iter().any(|network| !network.internal) }
    }

    /// The rules that all this needs.
    pub fn plan(&self, tag: &str) -> Plan {
        let networks = self.up.keys().filter_map(|id| self.networks.get(id));
        let mut networks: Vec<Range> = networks.map(range).collect();
        networks.sort_by(|a, b| (!a.internal, &a.bridge).cmp(&(!b.internal, &b.bridge)));
        let forwards = self.endpoints.values().flat_map(|live| forwards(&live.endpoint)).collect();
        // Without a bridge there is nobody to be kept away.
        let protected =
            if networks.is_empty() { Vec::new() } else { self.protected.iter().copied().collect() };
        Plan { tag: tag.to_owned(), networks, forwards, protected }
    }
}

fn range(network: &Network) -> Range {
    Range {
        bridge: network.bridge.clone(),
        subnets: network.pools.iter().map(|pool| pool.subnet).collect(),
        masquerade: network.flag("com.docker.network.bridge.enable_ip_masquerade", true),
        internal: network.internal,
        between: network.flag("com.docker.network.bridge.enable_icc", true),
    }
}

fn forwards(endpoint: &Endpoint) -> impl Iterator<Item = Forward> {
    endpoint.ports.iter().filter_map(|port| {
        let own = endpoint.addresses().find(|own| own.is_ipv4() == port.host_ip.is_ipv4())?;
        Some(Forward { port: *port, to: SocketAddr::new(own, port.port.number) })
    })
}

/// Adds what every server has.
pub fn add_predefined(networks: &mut BTreeMap<String, Network>) -> Result<(), NetworkError> {
    for (name, driver) in PREDEFINED.iter().zip([Driver::Bridge, Driver::Host, Driver::None]) {
        if networks.values().any(|network| network.name == *name) {
            continue;
        }
        let network = Network {
            id: new_id()?,
            name: (*name).to_owned(),
            created: SystemTime::now(),
            driver,
            pools: Vec::new(),
            internal: false,
            ipv6: false,
            attachable: false,
            labels: HashMap::new(),
            options: HashMap::new(),
            bridge: String::new(),
            configured: false,
            ipam_options: None,
        };
        networks.insert(network.id.clone(), network);
    }
    Ok(())
}
