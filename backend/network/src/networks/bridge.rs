//! Making sure that a network has its bridge.

use std::collections::HashMap;

use super::{Inner, ipv6, state::Up};
use crate::{
    Address, Driver, Mac, Network, NetworkError, Pool, Subnet, ipam,
    netlink::{self, Link, Netlink},
    networks::Bridges,
};

const NAME: &str = "com.docker.network.bridge.name";
const MTU: &str = "com.docker.network.driver.mtu";

impl Inner {
    /// The bridge of a network, made if it isn't there, with rules around it.
    pub(super) fn ensure(&self, id: &str) -> Result<Up, NetworkError> {
        if let Some(up) = self.state().up.get(id) {
            return Ok(*up);
        }
        let turn = self.bridges()?;
        let up = self.raise(id, &turn)?;
        self.filter(true).inspect_err(|_| {
            self.state().up.remove(id);
        })?;
        Ok(up)
    }

    /// The bridge of a network, still without rules, for those whose turn it is.
    pub(super) fn raise(&self, id: &str, _turn: &Bridges<'_>) -> Result<Up, NetworkError> {
        let (mut network, others) = {
            let state = self.state();
            if let Some(up) = state.up.get(id) {
                return Ok(*up);
            }
            let network = state.networks.get(id).cloned();
            let network = network.ok_or_else(|| NetworkError::NotFound(id.to_owned()))?;
            let others = state.networks.values().filter(|other| other.id != id);
            (network, others.flat_map(|other| other.pools.clone()).collect::<Vec<Pool>>())
        };
        let mut netlink = Netlink::open()?;
        let host = Host::look(&mut netlink)?;
        let present = host.links.iter().find(|link| link.alias == self.mark(&network));
        if let Some(link) = present.filter(|link| link.name == network.bridge) {
            let up = Up { index: link.index, mtu: link.mtu };
            self.settle(&network, up)?;
            return Ok(up);
        }
        let taken: Vec<Subnet> = others.iter().map(|pool| pool.subnet).collect();
        host.fit(&mut network, &taken)?;
        let up = self.make(&mut netlink, &host, &network).inspect_err(|_| {
            let _ = netlink.apply(vec![netlink::delete_link(&network.bridge)]);
        })?;
        self.settle(&network, up)?;
        Ok(up)
    }

    /// Chooses the default network's range before any other network's, though its bridge is made when it is needed.
    pub(super) fn set_aside(&self, netlink: &mut Netlink, _turn: &Bridges<'_>) -> Result<(), NetworkError> {
        let mut network = self.state().find("bridge")?.clone();
        if !network.pools.is_empty() {
            return Ok(());
        }
        let others: Vec<Subnet> = {
            let state = self.state();
            state.networks.values().flat_map(|other| &other.pools).map(|pool| pool.subnet).collect()
        };
        Host::look(netlink)?.fit(&mut network, &others)?;
        let mut state = self.state();
        state.networks.insert(network.id.clone(), network);
        self.save(&state)
    }

    fn make(&self, netlink: &mut Netlink, host: &Host, network: &Network) -> Result<Up, NetworkError> {
        let name = &network.bridge;
        let asked = network.options.get(MTU).and_then(|mtu| mtu.parse().ok());
        let mtu = asked.unwrap_or_else(|| host.mtu());
        netlink.apply(vec![
            netlink::bridge(name, Mac::random()?, mtu),
            netlink::set_alias(name, &self.mark(network)),
        ])?;
        ipv6::set(name, network.pool(false).is_some())?;
        let index = netlink::links(netlink, Some(name))?.first().map(|link| link.index).unwrap_or_default();
        let addresses = network
            .pools
            .iter()
            .filter_map(|pool| Some(Address { ip: pool.gateway()?, prefix: pool.subnet.prefix() }));
        netlink.apply(addresses.map(|address| netlink::add_address(index, address)).collect())?;
        Ok(Up { index, mtu })
    }

    /// Remembers a bridge.
    fn settle(&self, network: &Network, up: Up) -> Result<(), NetworkError> {
        forwarding(network)?;
        let mut state = self.state();
        let known = state.networks.insert(network.id.clone(), network.clone());
        if known.as_ref() != Some(network) {
            self.save(&state)?;
        }
        state.up.insert(network.id.clone(), up);
        Ok(())
    }

    /// Removes a network's bridge and its rules, unless somebody is on it.
    pub(super) fn lower(&self, network: &Network, _turn: &Bridges<'_>) -> Result<(), NetworkError> {
        {
            let mut state = self.state();
            if state.on(&network.id).next().is_some() || state.up.remove(&network.id).is_none() {
                return Ok(());
            }
        }
        let mut netlink = Netlink::open()?;
        if netlink::links(&mut netlink, Some(&network.bridge))?
            .iter()
            .any(|link| link.alias == self.mark(network))
        {
            netlink.apply(vec![netlink::delete_link(&network.bridge)])?;
        }
        self.filter(false)
    }
}

/// What the host has already.
pub(super) struct Host {
    pub links: Vec<Link>,
    routes: netlink::Routes,
}

impl Host {
    pub(super) fn look(netlink: &mut Netlink) -> Result<Self, NetworkError> {
        Ok(Self { links: netlink::links(netlink, None)?, routes: netlink::routes(netlink)? })
    }

    /// As large as what leaves the host may be.
    fn mtu(&self) -> u32 {
        let default =
            self.routes.default.and_then(|index| self.links.iter().find(|link| link.index == index));
        default.map_or(1500, |link| link.mtu)
    }

    /// Gives a network a name for its bridge and ranges of addresses that nobody else has.
    pub(super) fn fit(&self, network: &mut Network, others: &[Subnet]) -> Result<(), NetworkError> {
        if network.driver != Driver::Bridge {
            return Ok(());
        }
        let routed: Vec<Subnet> = self.routes.taken.iter().map(|(subnet, _)| *subnet).collect();
        if network.pool(true).is_none() || self.outdated(network, others, &routed) {
            network.pools.retain(|pool| !pool.subnet.is_v4());
            let taken: Vec<Subnet> = others.iter().chain(&routed).copied().collect();
            let subnet = ipam::choose(&taken).ok_or(NetworkError::NoPool)?;
            network.pools.insert(0, Pool { gateway: subnet.nth(1), ..Pool::new(subnet) });
        }
        if network.ipv6 && network.pool(false).is_none() {
            let mut random = [0; 7];
            getrandom::fill(&mut random).map_err(|error| NetworkError::Random(error.to_string()))?;
            network.pools.extend(ipam::unique_local(random).map(Pool::new));
        }
        for pool in &mut network.pools {
            if others.iter().any(|other| other.overlaps(&pool.subnet)) {
                return Err(NetworkError::Overlaps);
            }
            if let Some(route) = routed.iter().find(|route| route.overlaps(&pool.subnet)) {
                let (subnet, route) = (pool.subnet.to_string(), route.to_string());
                return Err(NetworkError::Routed { subnet, route });
            }
            pool.gateway = pool.gateway();
        }
        self.name(network)
    }

    /// Whether a range that was chosen once has been taken by somebody else since.
    fn outdated(&self, network: &Network, others: &[Subnet], routed: &[Subnet]) -> bool {
        let own = network.pool(true).filter(|_| !network.configured);
        own.is_some_and(|pool| others.iter().chain(routed).any(|other| other.overlaps(&pool.subnet)))
    }

    fn name(&self, network: &mut Network) -> Result<(), NetworkError> {
        let taken = |name: &str| self.links.iter().any(|link| link.name == name);
        if let Some(asked) = network.options.get(NAME) {
            if taken(asked) {
                return Err(NetworkError::Forbidden(format!(
                    "bridge {asked} exists already and is not one of this network: choose another {NAME}"
                )));
            }
            network.bridge.clone_from(asked);
        } else if !network.predefined() {
            network.bridge = format!("st-{}", &network.id[..12]);
        } else if network.bridge.is_empty() || taken(&network.bridge) {
            let free = (0..).map(|number: u32| format!("strata{number}")).find(|name| !taken(name));
            network.bridge = free.unwrap_or_default();
        }
        Ok(())
    }
}

/// Lets the kernel pass packets between interfaces.
fn forwarding(network: &Network) -> Result<(), NetworkError> {
    let families = network.pools.iter().map(|pool| pool.subnet.is_v4());
    let paths: HashMap<bool, &str> = families
        .map(|v4| match v4 {
            true => (v4, "/proc/sys/net/ipv4/ip_forward"),
            false => (v4, "/proc/sys/net/ipv6/conf/all/forwarding"),
        })
        .collect();
    for path in paths.values() {
        let failed = |source| NetworkError::Io { action: "write", path: path.into(), source };
        // Where it is on already, /proc may well be read-only.
        if std::fs::read_to_string(path).map_err(failed)?.trim() == "0" {
            std::fs::write(path, "1").map_err(failed)?;
        }
    }
    Ok(())
}
