//! Going on after a restart of the server.

use std::sync::Arc;

use super::{Inner, Networks, state::Live};
use crate::{
    Endpoint, HostPort, NetworkError, Publish,
    netlink::{self, Netlink},
    netns,
    publish::{self, For},
    rootless,
};

impl Networks {
    /// Takes over the endpoints of containers that still run, starts their proxies and name servers, makes the
    /// bridges of user networks, and removes whatever else a former server of this directory has left on the host.
    ///
    /// What could not be restored is returned; all else was.
    ///
    /// # Errors
    /// If the host can't be asked at all.
    pub async fn restore(&self, endpoints: Vec<Endpoint>) -> Result<Vec<NetworkError>, NetworkError> {
        self.blocking(move |inner| restore(inner, endpoints)).await
    }
}

fn restore(inner: &Arc<Inner>, endpoints: Vec<Endpoint>) -> Result<Vec<NetworkError>, NetworkError> {
    let mut problems = Vec::new();
    {
        let mut state = inner.state();
        state.ready = true;
        for endpoint in endpoints {
            if state.networks.contains_key(&endpoint.network) {
                let live = Live { endpoint, proxies: Vec::new() };
                state.endpoints.insert(live.endpoint.id.clone(), live);
            } else {
                problems.push(NetworkError::NotFound(endpoint.network_name));
            }
        }
    }
    if rootless::check().is_err() {
        return Ok(problems);
    }
    raise(inner, &mut problems)?;
    sweep(inner)?;
    inner.filter(true)?;
    let endpoints: Vec<Endpoint> =
        inner.state().endpoints.values().map(|live| live.endpoint.clone()).collect();
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.interface.is_empty()) {
        serve(inner, endpoint, &mut problems);
    }
    Ok(problems)
}

/// Makes bridges and puts the interfaces on them that are left.
fn raise(inner: &Arc<Inner>, problems: &mut Vec<NetworkError>) -> Result<(), NetworkError> {
    let turn = inner.bridges()?;
    let wanted: Vec<String> = {
        let state = inner.state();
        let used = |id: &str| state.on(id).any(|endpoint| !endpoint.interface.is_empty());
        let networks = state.networks.values();
        networks
            .filter(|network| !network.predefined() || used(&network.id))
            .map(|network| network.id.clone())
            .collect()
    };
    let mut netlink = Netlink::open()?;
    inner.set_aside(&mut netlink, &turn)?;
    for id in wanted {
        match inner.raise(&id, &turn) {
            Ok(up) => {
                let names: Vec<String> =
                    inner.state().on(&id).map(|endpoint| endpoint.host_interface.clone()).collect();
                for name in names {
                    problems.extend(netlink.apply(vec![netlink::set_bridge(&name, up.index)]).err());
                }
            }
            Err(error) => problems.push(error),
        }
    }
    Ok(())
}

/// Removes links with our mark that belong to nothing.
fn sweep(inner: &Inner) -> Result<(), NetworkError> {
    let mut netlink = Netlink::open()?;
    // In this order: a link that is seen here has had its endpoint in the state for longer.
    let links = netlink::links(&mut netlink, None)?;
    let (prefix, mark) = (inner.prefix(), inner.marked());
    let state = inner.state();
    let left: Vec<String> = links
        .into_iter()
        .filter(|link| {
            let interface = link.name.starts_with(&prefix)
                && !state.endpoints.values().any(|live| live.endpoint.host_interface == link.name);
            let bridge = link.alias.starts_with(&mark)
                && !state
                    .up
                    .keys()
                    .any(|id| state.networks.get(id).is_some_and(|own| own.bridge == link.name));
            interface || bridge
        })
        .map(|link| link.name)
        .collect();
    drop(state);
    for name in left {
        if let Err(error) = netlink.apply(vec![netlink::delete_link(&name)]) {
            tracing::warn!(%error, "a leftover stays");
        }
    }
    Ok(())
}

/// Starts what runs in the server for an endpoint.
fn serve(inner: &Arc<Inner>, endpoint: &Endpoint, problems: &mut Vec<NetworkError>) {
    let whom = For { name: &endpoint.container.name, id: &endpoint.id };
    for port in &endpoint.ports {
        let request = Publish {
            port: port.port,
            host_ip: Some(port.host_ip),
            host_port: HostPort::OneOf(port.host_port..=port.host_port),
        };
        let Some(target) = endpoint.addresses().next() else { continue };
        match publish::reserve(&inner.ports, &[request], None, &Default::default(), whom) {
            Ok(reserved) => {
                let proxies = reserved.into_iter().filter_map(|reserved| reserved.serve(target).ok());
                let proxies: Vec<_> = proxies.collect();
                if let Some(live) = inner.state().endpoints.get_mut(&endpoint.id) {
                    live.proxies.extend(proxies);
                }
            }
            Err(error) => problems.push(error),
        }
    }
    let named = inner.state().networks.get(&endpoint.network).is_some_and(|network| network.resolves_names());
    if named {
        let started = netns::open(&endpoint.container.netns)
            .and_then(|namespace| inner.resolve(&endpoint.container, &namespace));
        problems.extend(started.err());
    }
}
