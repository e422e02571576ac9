//! Removing networks.

use super::{Inner, Networks};
use crate::{Network, NetworkError};

/// What [`Networks::prune`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Names of the networks that were removed.
    pub removed: Vec<String>,
}

impl Networks {
    /// Removes a network and its bridge.
    ///
    /// # Errors
    /// If it isn't there, is one that every server has, or containers are on it.
    pub async fn remove(&self, wanted: &str) -> Result<Network, NetworkError> {
        let wanted = wanted.to_owned();
        self.blocking(move |inner| {
            let network = inner.state().find(&wanted)?.clone();
            remove(inner, network)
        })
        .await
    }

    /// Removes the user networks that nobody is on and that the caller doesn't want to keep.
    ///
    /// # Errors
    /// If the host refuses; those removed before are gone.
    pub async fn prune(&self, keep: impl Fn(&Network) -> bool) -> Result<Pruned, NetworkError> {
        let mut pruned = Pruned::default();
        for network in self.list() {
            let used = self.inner.state().on(&network.id).next().is_some();
            if used || network.predefined() || keep(&network) {
                continue;
            }
            match self.remove(&network.id).await {
                Ok(network) => pruned.removed.push(network.name),
                // Somebody was quicker.
                Err(NetworkError::InUse { .. } | NetworkError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(pruned)
    }

    /// Removes bridges and rules, unless containers need them; what [`Networks::create`] made is made again by
    /// [`Networks::restore`]. For a server that stops.
    ///
    /// # Errors
    /// If the host refuses.
    pub async fn close(&self) -> Result<(), NetworkError> {
        self.blocking(|inner| {
            let idle: Vec<Network> = {
                let state = inner.state();
                let networks = state.networks.values().filter(|network| state.up.contains_key(&network.id));
                networks.filter(|network| state.on(&network.id).next().is_none()).cloned().collect()
            };
            if idle.is_empty() {
                return Ok(());
            }
            let turn = inner.bridges()?;
            idle.iter().try_for_each(|network| inner.lower(network, &turn))
        })
        .await
    }
}

fn remove(inner: &Inner, network: Network) -> Result<Network, NetworkError> {
    if network.predefined() {
        return Err(NetworkError::Predefined(network.name));
    }
    let turn = inner.bridges()?;
    {
        let mut state = inner.state();
        if state.on(&network.id).next().is_some() {
            return Err(NetworkError::InUse { name: network.name, id: network.id });
        }
        // From here on nobody finds it to get on it.
        if state.networks.remove(&network.id).is_none() {
            return Err(NetworkError::NotFound(network.id));
        }
        if let Err(error) = inner.save(&state) {
            state.networks.insert(network.id.clone(), network);
            return Err(error);
        }
    }
    inner.lower(&network, &turn)?;
    Ok(network)
}
