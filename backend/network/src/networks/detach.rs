//! Taking a container off its networks.

use std::{io, thread};

use super::{Inner, Networks, attach::gateways};
use crate::{
    Endpoint, NetworkError, Protocol,
    netlink::{self, Change, Netlink, Via},
    netns,
    publish::Proxy,
};

impl Networks {
    /// Takes a container off all its networks; its network namespace may have gone already. Nothing happens to one
    /// that is on none.
    ///
    /// # Errors
    /// If the host refuses; the container can be detached again.
    pub async fn detach(&self, container: &str) -> Result<Vec<Endpoint>, NetworkError> {
        let endpoints = self.of(container);
        if endpoints.is_empty() {
            return Ok(endpoints);
        }
        let gone = endpoints.clone();
        self.blocking(move |inner| inner.release(gone)).await?;
        Ok(endpoints)
    }

    /// Takes a running container off one network. If its way out was there, it gets another.
    ///
    /// # Errors
    /// If it isn't there, or the host refuses.
    pub async fn disconnect(&self, container: &str, network: &str) -> Result<Endpoint, NetworkError> {
        let endpoint = {
            let state = self.inner.state();
            let network = state.find(network)?;
            let endpoint = state.on(&network.id).find(|endpoint| endpoint.container.id == container);
            endpoint.cloned().ok_or_else(|| NetworkError::NotConnected {
                container: container.to_owned(),
                network: network.name.clone(),
            })?
        };
        if endpoint.interface.is_empty() {
            return Err(NetworkError::Forbidden(format!(
                "container cannot be disconnected from {0} network or connected to {0} network",
                endpoint.network_name
            )));
        }
        let gone = endpoint.clone();
        self.blocking(move |inner| {
            inner.release(vec![gone.clone()])?;
            if gone.default_route { inner.another_way(&gone) } else { Ok(()) }
        })
        .await?;
        Ok(endpoint)
    }
}

impl Inner {
    /// Undoes endpoints. Their addresses and ports are free only when nothing leads to them any more.
    pub(super) fn release(&self, endpoints: Vec<Endpoint>) -> Result<(), NetworkError> {
        let mut ended: Vec<Proxy> = Vec::new();
        {
            let mut state = self.state();
            for endpoint in &endpoints {
                if let Some(live) = state.endpoints.get_mut(&endpoint.id) {
                    ended.append(&mut live.proxies);
                    live.endpoint.ports.clear();
                }
            }
        }
        ended.into_iter().for_each(Proxy::end);
        // Both wait for the kernel most of the time.
        let links = endpoints.iter().filter(|endpoint| !endpoint.host_interface.is_empty());
        let removals = links.map(|endpoint| netlink::delete_link(&endpoint.host_interface)).collect();
        thread::scope(|scope| {
            let removed = scope.spawn(|| remove(removals));
            self.filter(false)?;
            endpoints.iter().for_each(forget);
            removed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?;
        {
            let mut state = self.state();
            for endpoint in &endpoints {
                state.endpoints.remove(&endpoint.id);
            }
        }
        self.hush();
        Ok(())
    }

    /// Gives a container that has lost its way out that of another network.
    fn another_way(&self, lost: &Endpoint) -> Result<(), NetworkError> {
        let next = {
            let mut state = self.state();
            let candidates = state.endpoints.values_mut().map(|live| &mut live.endpoint);
            let mut candidates: Vec<&mut Endpoint> = candidates
                .filter(|other| other.container.id == lost.container.id && gateways(other).next().is_some())
                .collect();
            candidates.sort_by(|a, b| a.interface.cmp(&b.interface));
            let Some(next) = candidates.into_iter().next() else { return Ok(()) };
            next.default_route = true;
            next.clone()
        };
        let namespace = netns::open(&next.container.netns)?;
        netns::inside(&next.container.netns, &namespace, || {
            let mut netlink = Netlink::open()?;
            let links = netlink::links(&mut netlink, Some(&next.interface))?;
            let index = links.first().map(|link| link.index).unwrap_or_default();
            let ways = gateways(&next).map(|gateway| netlink::add_default_route(Via { index, gateway }));
            netlink.apply(ways.collect())
        })
    }
}

/// Lets clients that keep sending datagrams reach whoever gets the port next.
fn forget(endpoint: &Endpoint) {
    let published = endpoint.ports.iter().any(|port| port.port.protocol == Protocol::Udp);
    for address in endpoint.addresses().filter(|_| published) {
        if let Err(error) = netlink::forget(address) {
            tracing::debug!(%error, %address, "flows of datagrams are remembered for a while");
        }
    }
}

/// Removes links that may have gone with their network namespace.
fn remove(changes: Vec<Change>) -> Result<(), NetworkError> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut netlink = Netlink::open()?;
    for change in changes {
        match netlink.apply(vec![change]) {
            Err(NetworkError::Netlink { source, .. }) if gone(&source) => {}
            other => other?,
        }
    }
    Ok(())
}

fn gone(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NODEV)
}
