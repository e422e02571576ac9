//! Asking without changing.

use std::{fs, net::IpAddr};

use super::Networks;
use crate::{Dns, Driver, Endpoint, Network, NetworkError, Pool, files};

const RESOLV_CONF: &str = "/etc/resolv.conf";

impl Networks {
    /// All networks, by name.
    pub fn list(&self) -> Vec<Network> {
        let mut networks: Vec<Network> = self.inner.state().networks.values().cloned().collect();
        networks.sort_by(|a, b| a.name.cmp(&b.name));
        networks
    }

    /// The network with this name, identifier, or beginning of an identifier.
    ///
    /// # Errors
    /// If there is none, or the beginning fits several.
    pub fn inspect(&self, wanted: &str) -> Result<Network, NetworkError> {
        self.inner.state().find(wanted).cloned()
    }

    /// Who is on a network.
    ///
    /// # Errors
    /// If there is no such network.
    pub fn endpoints(&self, network: &str) -> Result<Vec<Endpoint>, NetworkError> {
        let state = self.inner.state();
        let id = &state.find(network)?.id;
        Ok(state.on(id).cloned().collect())
    }

    /// Where a container is, in the order of its interfaces.
    pub fn of(&self, container: &str) -> Vec<Endpoint> {
        let mut endpoints: Vec<Endpoint> = self.inner.state().of(container).cloned().collect();
        endpoints.sort_by(|a, b| a.interface.cmp(&b.interface));
        endpoints
    }

    /// Answers to another name of a container from now on.
    pub fn rename(&self, container: &str, name: &str) {
        let mut state = self.inner.state();
        let endpoints = state.endpoints.values_mut().map(|live| &mut live.endpoint);
        for endpoint in endpoints.filter(|endpoint| endpoint.container.id == container) {
            name.clone_into(&mut endpoint.container.name);
        }
    }

    /// The host's address as containers see it (`--add-host NAME:host-gateway`): the default bridge's own, once it
    /// has been used.
    pub fn host_gateway(&self) -> Option<IpAddr> {
        let state = self.inner.state();
        state.find("bridge").ok().and_then(|network| network.pool(true)).and_then(Pool::gateway)
    }

    /// What a container that is on these networks, by name or identifier, needs as its `/etc/resolv.conf`. Reads the
    /// host's: blocks for a moment.
    ///
    /// # Errors
    /// If one of the networks isn't there.
    pub fn resolv_conf<'a>(
        &self,
        dns: &Dns,
        networks: impl IntoIterator<Item = &'a str>,
    ) -> Result<String, NetworkError> {
        let (mut embedded, mut host_only) = (false, true);
        {
            let state = self.inner.state();
            for network in networks {
                let network = state.find(network)?;
                embedded |= network.resolves_names();
                host_only &= network.driver == Driver::Host;
            }
        }
        let host = read_host();
        if host_only && *dns == Dns::default() {
            return Ok(host);
        }
        Ok(files::resolv_conf(&host, dns, embedded))
    }
}

/// The host's own; where there is none, nobody is asked.
pub(super) fn read_host() -> String {
    fs::read_to_string(RESOLV_CONF).unwrap_or_default()
}
