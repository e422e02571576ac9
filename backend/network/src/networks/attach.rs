//! Putting a container on a network.

use std::{
    fs::File,
    net::IpAddr,
    os::fd::AsFd,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    Inner, Networks, ipv6, new_id,
    state::{Live, Up},
};
use crate::{
    Address, Container, Driver, Endpoint, EndpointSettings, Mac, Network, NetworkError, Pool, ipam,
    netlink::{self, Netlink, Via},
    netns,
    publish::{self, For, Proxy},
    rootless,
};

const HOST_BINDING: &str = "com.docker.network.bridge.host_binding_ipv4";
/// The loopback interface is the first of every network namespace.
const LOOPBACK: u32 = 1;
const PATIENCE: Duration = Duration::from_millis(100);

impl Networks {
    /// Puts a container on a network: an interface with an address and a way out in its network namespace, its
    /// published ports, and on user networks its names. For one that runs already this is `docker network connect`.
    ///
    /// # Errors
    /// If there is no such network, an address or port is taken, or the host refuses. Nothing is left then.
    pub async fn attach(
        &self,
        container: &Container,
        network: &str,
        settings: &EndpointSettings,
    ) -> Result<Endpoint, NetworkError> {
        let (container, network, settings) = (container.clone(), network.to_owned(), settings.clone());
        self.blocking(move |inner| attach(inner, container, &network, &settings)).await
    }
}

fn attach(
    inner: &Arc<Inner>,
    container: Container,
    wanted: &str,
    settings: &EndpointSettings,
) -> Result<Endpoint, NetworkError> {
    let network = inner.state().find(wanted)?.clone();
    check(&network, settings)?;
    if network.driver != Driver::Bridge {
        return bare(inner, container, &network);
    }
    let namespace = netns::open(&container.netns)?;
    let up = inner.ensure(&network.id)?;
    let endpoint = inner.take(&network.id, container, settings)?;
    let result = inner.connect(&endpoint, &namespace, up, settings);
    if result.is_err() {
        // What went wrong first is what the caller must hear of.
        let _ = inner.release(vec![endpoint]);
    }
    result
}

/// On the networks without a bridge a container gets nothing, but for its own loopback interface.
fn bare(inner: &Inner, container: Container, network: &Network) -> Result<Endpoint, NetworkError> {
    if network.driver == Driver::None && rootless::check().is_ok() {
        let namespace = netns::open(&container.netns)?;
        netns::inside(&container.netns, &namespace, || {
            Netlink::open()?.apply(vec![netlink::set_up(LOOPBACK)])
        })?;
    }
    let endpoint = empty(network, container)?;
    let mut state = inner.state();
    refuse_second(&state.of(&endpoint.container.id).collect::<Vec<_>>(), &endpoint)?;
    state.endpoints.insert(endpoint.id.clone(), Live { endpoint: endpoint.clone(), proxies: Vec::new() });
    Ok(endpoint)
}

fn empty(network: &Network, container: Container) -> Result<Endpoint, NetworkError> {
    Ok(Endpoint {
        id: new_id()?,
        network: network.id.clone(),
        network_name: network.name.clone(),
        container,
        interface: String::new(),
        host_interface: String::new(),
        ipv4: None,
        ipv6: None,
        gateway: None,
        gateway6: None,
        default_route: false,
        mac: None,
        ports: Vec::new(),
        aliases: Vec::new(),
        links: Vec::new(),
    })
}

fn refuse_second(present: &[&Endpoint], endpoint: &Endpoint) -> Result<(), NetworkError> {
    if present.iter().any(|other| other.network == endpoint.network) {
        let (container, network) = (endpoint.container.name.clone(), endpoint.network_name.clone());
        return Err(NetworkError::Connected { container, network });
    }
    Ok(())
}

fn check(network: &Network, settings: &EndpointSettings) -> Result<(), NetworkError> {
    let addressed = settings.ipv4.is_some() || settings.ipv6.is_some();
    if network.predefined() && addressed {
        return Err(NetworkError::Invalid(
            "user specified IP address is supported on user defined networks only".into(),
        ));
    }
    if network.predefined() && !settings.aliases.is_empty() {
        return Err(NetworkError::Invalid(
            "network-scoped alias is supported only for containers in user defined networks".into(),
        ));
    }
    if addressed && !network.configured {
        return Err(NetworkError::Invalid(
            "user specified IP address is supported only when connecting to networks with user configured subnets"
                .into(),
        ));
    }
    Ok(())
}

impl Inner {
    /// Takes the addresses and the name of the interface.
    fn take(
        &self,
        network: &str,
        container: Container,
        settings: &EndpointSettings,
    ) -> Result<Endpoint, NetworkError> {
        let mut state = self.state();
        let missing = || NetworkError::NotFound(network.to_owned());
        let network = state.networks.get(network).cloned().ok_or_else(missing)?;
        let used = state.used(&network.id);
        let address = |v4: bool, asked: Option<IpAddr>| -> Result<Option<Address>, NetworkError> {
            let Some(pool) = network.pool(v4) else {
                return match asked {
                    Some(ip) => {
                        Err(NetworkError::Invalid(format!("no configured subnet contains IP address {ip}")))
                    }
                    None => Ok(None),
                };
            };
            let ip = match asked {
                Some(ip) => {
                    ipam::check(pool, ip)?;
                    if used.contains(&ip) {
                        return Err(NetworkError::AddressInUse);
                    }
                    ip
                }
                None => ipam::next(pool, &used).ok_or_else(|| NetworkError::NoAddress {
                    family: if v4 { "IPv4" } else { "IPv6" },
                    name: network.name.clone(),
                    id: network.id.clone(),
                })?,
            };
            Ok(Some(Address { ip, prefix: pool.subnet.prefix() }))
        };
        let mut endpoint = empty(&network, container)?;
        let present: Vec<&Endpoint> = state.of(&endpoint.container.id).collect();
        refuse_second(&present, &endpoint)?;
        if let Some(other) = present.iter().find(|other| other.interface.is_empty()) {
            return Err(NetworkError::Forbidden(format!(
                "container cannot be connected to network {}: it is on network {}",
                network.name, other.network_name
            )));
        }
        let interfaces = || (0..).map(|number: u32| format!("eth{number}"));
        let free = interfaces().find(|name| !present.iter().any(|other| other.interface == *name));
        endpoint.interface = free.unwrap_or_default();
        endpoint.host_interface = loop {
            let name = format!("{}{}", self.prefix(), &endpoint.id[..7]);
            if !state.endpoints.values().any(|live| live.endpoint.host_interface == name) {
                break name;
            }
            // What fits the name of an interface is too short to be unique.
            endpoint.id = new_id()?;
        };
        endpoint.default_route = !network.internal && !present.iter().any(|other| other.default_route);
        endpoint.ipv4 = address(true, settings.ipv4.map(IpAddr::from))?;
        endpoint.ipv6 = address(false, settings.ipv6.map(IpAddr::from))?;
        if !network.internal {
            let gateway = |v4| network.pool(v4).and_then(Pool::gateway);
            endpoint.gateway =
                gateway(true).and_then(|ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None });
            endpoint.gateway6 =
                gateway(false).and_then(|ip| if let IpAddr::V6(ip) = ip { Some(ip) } else { None });
        }
        endpoint.mac = Some(match (settings.mac, endpoint.ipv4) {
            (Some(mac), _) => mac,
            (None, Some(Address { ip: IpAddr::V4(ip), .. })) => Mac::of(ip),
            (None, _) => Mac::random()?,
        });
        endpoint.aliases.clone_from(&settings.aliases);
        endpoint.links.clone_from(&settings.links);
        state.endpoints.insert(endpoint.id.clone(), Live { endpoint: endpoint.clone(), proxies: Vec::new() });
        Ok(endpoint)
    }

    /// Makes an endpoint of what was taken.
    fn connect(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        namespace: &File,
        up: Up,
        settings: &EndpointSettings,
    ) -> Result<Endpoint, NetworkError> {
        let mut endpoint = endpoint.clone();
        let network = self.state().find(&endpoint.network)?.clone();
        let reserved = if network.internal {
            // As with docker, what has no way in has no ports either.
            Vec::new()
        } else {
            let default = network.options.get(HOST_BINDING).and_then(|ip| ip.parse().ok());
            let ours = self.state().ports();
            let whom = For { name: &endpoint.container.name, id: &endpoint.id };
            publish::reserve(&self.ports, &settings.ports, default, &ours, whom)?
        };
        endpoint.ports = reserved.iter().map(|reserved| reserved.port).collect();
        self.plug(&endpoint, namespace, up)?;
        let target = endpoint.addresses().next();
        let mut proxies: Vec<Proxy> = Vec::new();
        for reserved in reserved {
            let served = target.map(|target| reserved.serve(target)).transpose();
            proxies.extend(served.map_err(|source| NetworkError::Netlink {
                action: "serve a published port".to_owned(),
                source,
            })?);
        }
        let published = !endpoint.ports.is_empty();
        // Whoever was taken off meanwhile stays off.
        match self.state().endpoints.get_mut(&endpoint.id) {
            Some(live) => *live = Live { endpoint: endpoint.clone(), proxies },
            None => return Err(NetworkError::NotFound(network.name)),
        }
        if published {
            self.filter(false)?;
        }
        if network.resolves_names() {
            self.resolve(&endpoint.container, namespace)?;
        }
        Ok(endpoint)
    }

    /// Makes the pair of interfaces and sets up the one inside.
    fn plug(&self, endpoint: &Endpoint, namespace: &File, up: Up) -> Result<(), NetworkError> {
        let mac = endpoint.mac.map_or_else(Mac::random, Ok)?;
        let (host, inside) = (&endpoint.host_interface, &endpoint.interface);
        let pair = |up: Up| netlink::veth(host, up.index, inside, namespace.as_fd(), mac, up.mtu);
        let mut netlink = Netlink::open()?;
        if let Err(error) = netlink.apply(vec![pair(up)]) {
            let known = netlink::links(&mut netlink, None)?;
            if known.iter().any(|link| link.index == up.index) {
                return Err(error);
            }
            // Somebody has removed the bridge under our feet.
            let _ = netlink.apply(vec![netlink::delete_link(host)]);
            self.state().up.remove(&endpoint.network);
            netlink.apply(vec![pair(self.ensure(&endpoint.network)?)])?;
        }
        netns::inside(&endpoint.container.netns, namespace, || set_up(endpoint))?;
        let bridge = self.state().networks.get(&endpoint.network).map(|network| network.bridge.clone());
        await_link(&mut netlink, &[host, &bridge.unwrap_or_default()])
    }
}

/// The kernel lets packets pass a moment after an interface is up, and until then loses them; the first packet of a
/// connection that is lost costs a second. Later than this is not waited for: it is slow, but not wrong.
fn await_link(netlink: &mut Netlink, names: &[&str]) -> Result<(), NetworkError> {
    let start = Instant::now();
    for name in names {
        while start.elapsed() < PATIENCE
            && netlink::links(netlink, Some(name))?.iter().any(|link| !link.running)
        {
            thread::sleep(Duration::from_micros(200));
        }
    }
    Ok(())
}

/// Sets up what is inside, on a thread that is inside.
fn set_up(endpoint: &Endpoint) -> Result<(), NetworkError> {
    ipv6::set(&endpoint.interface, endpoint.ipv6.is_some())?;
    let mut netlink = Netlink::open()?;
    let links = netlink::links(&mut netlink, Some(&endpoint.interface))?;
    let index = links.first().map(|link| link.index).unwrap_or_default();
    let mut changes = vec![netlink::set_up(LOOPBACK)];
    changes
        .extend(endpoint.ipv4.into_iter().chain(endpoint.ipv6).map(|own| netlink::add_address(index, own)));
    changes.push(netlink::set_up(index));
    if endpoint.default_route {
        changes.extend(gateways(endpoint).map(|gateway| netlink::add_default_route(Via { index, gateway })));
    }
    netlink.apply(changes)
}

/// An endpoint's ways out.
pub(super) fn gateways(endpoint: &Endpoint) -> impl Iterator<Item = IpAddr> {
    endpoint.gateway.map(IpAddr::from).into_iter().chain(endpoint.gateway6.map(IpAddr::from))
}
