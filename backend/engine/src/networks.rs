//! `docker network`: the networks of containers, as docker spells them.

use std::collections::BTreeMap;

use strata_api::engine::{
    Ipam, IpamConfig, Network as Wire, NetworkConnect, NetworkContainer, NetworkCreate, NetworkDisconnect,
};
use strata_network::{Address, Driver, Endpoint, Network, NetworkConfig, Pool, Subnet};

use crate::{Engine, Error, Filters, Kind};

impl Engine {
    /// The networks that fit `filters`, by name.
    pub async fn networks(&self, filters: &Filters) -> Result<Vec<Wire>, Error> {
        filters.only(&["dangling", "driver", "id", "label", "name", "scope", "type"])?;
        let running = self.running()?;
        let names = strata_containers::Filters::from(filters.clone()).patterns("name");
        let mut networks: Vec<Wire> = Vec::new();
        for network in running.networks.list() {
            let endpoints = running.networks.endpoints(&network.id)?;
            if names.accept(&network.name) && fits(&network, filters, endpoints.is_empty())? {
                // A list doesn't tell who is on them.
                networks.push(wire(&network, &[]));
            }
        }
        networks.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(networks)
    }

    /// A network with those who are on it, by name, id or the start of an id.
    pub async fn network(&self, name: &str) -> Result<Wire, Error> {
        let networks = &self.running()?.networks;
        let network = networks.inspect(name)?;
        let endpoints = networks.endpoints(&network.id)?;
        Ok(wire(&network, &endpoints))
    }

    /// Makes a network; returns its id.
    pub async fn create_network(&self, wanted: NetworkCreate) -> Result<String, Error> {
        let running = self.running()?;
        let config = config(wanted)?;
        let network = running.networks.create(config).await?;
        self.inner().events.of_network("create", &network.id, &network.name, &network.driver.to_string());
        Ok(network.id)
    }

    /// Removes a network that nobody is on.
    pub async fn remove_network(&self, name: &str) -> Result<(), Error> {
        let network = self.running()?.networks.remove(name).await?;
        self.inner().events.of_network("destroy", &network.id, &network.name, &network.driver.to_string());
        Ok(())
    }

    /// Puts a container on a network.
    pub async fn connect_network(&self, name: &str, wanted: NetworkConnect) -> Result<(), Error> {
        let running = self.running()?;
        running.containers.knows(&wanted.container)?;
        let network = running.networks.inspect(name)?;
        let settings = wanted.endpoint_config.unwrap_or_default();
        running.containers.connect(&wanted.container, &network, settings).await?;
        Ok(())
    }

    /// Takes a container off a network.
    pub async fn disconnect_network(&self, name: &str, wanted: NetworkDisconnect) -> Result<(), Error> {
        let running = self.running()?;
        if !wanted.force {
            running.containers.knows(&wanted.container)?;
        }
        let network = running.networks.inspect(name)?;
        running.containers.disconnect(&wanted.container, &network).await?;
        Ok(())
    }

    /// Removes the networks that nobody is on; their names.
    pub async fn prune_networks(&self, filters: &Filters) -> Result<Vec<String>, Error> {
        filters.only(&["label", "label!", "until"])?;
        let filters = strata_containers::Filters::from(filters.clone());
        let until = filters.until(jiff::Timestamp::now())?;
        let networks = &self.running()?.networks;
        let keep = |network: &Network| {
            let labels: BTreeMap<String, String> = network.labels.clone().into_iter().collect();
            let created = jiff::Timestamp::try_from(network.created);
            let young = until.is_some_and(|until| created.is_ok_and(|created| created >= until));
            young || !filters.prunes(&labels)
        };
        let pruned = networks.prune(keep).await?;
        Ok(pruned.removed)
    }
}

fn fits(network: &Network, filters: &Filters, unused: bool) -> Result<bool, Error> {
    let start = |key: &str, text: &str| {
        let wanted = filters.get(key);
        wanted.is_empty() || wanted.iter().any(|wanted| text.starts_with(wanted.as_str()))
    };
    let kind = match filters.get("type").first().map(String::as_str) {
        None => true,
        Some("custom") => !network.predefined(),
        Some("builtin") => network.predefined(),
        Some(other) => {
            let message = format!("invalid filter: 'type'='{other}'");
            return Err(Error::new(Kind::InvalidArgument, message));
        }
    };
    let dangling = match filters.get("dangling").first().map(String::as_str) {
        None => true,
        Some("1" | "true") => unused && !network.predefined(),
        Some("0" | "false") => !unused || network.predefined(),
        Some(_) => {
            return Err(Error::new(
                Kind::InvalidArgument,
                "invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or \"0\")",
            ));
        }
    };
    let labels: BTreeMap<String, String> = network.labels.clone().into_iter().collect();
    Ok(kind
        && dangling
        && start("id", &network.id)
        && filters.accepts("driver", &network.driver.to_string())
        && filters.accepts("scope", "local")
        && filters.labels("label", &labels))
}

fn wire(network: &Network, endpoints: &[Endpoint]) -> Wire {
    let pools = network.pools.iter().map(|pool| IpamConfig {
        subnet: pool.subnet.to_string(),
        ip_range: pool.ip_range.map(|range| range.to_string()).unwrap_or_default(),
        gateway: pool.gateway().map(|gateway| gateway.to_string()).unwrap_or_default(),
        auxiliary_addresses: (!pool.auxiliary.is_empty())
            .then(|| pool.auxiliary.iter().map(|(name, ip)| (name.clone(), ip.to_string())).collect()),
    });
    let address = |address: &Option<Address>| address.map(|address| address.to_string()).unwrap_or_default();
    let containers = endpoints.iter().map(|endpoint| {
        let container = NetworkContainer {
            name: endpoint.container.name.clone(),
            endpoint_id: endpoint.id.clone(),
            mac_address: endpoint.mac.map(|mac| mac.to_string()).unwrap_or_default(),
            ipv4_address: address(&endpoint.ipv4),
            ipv6_address: address(&endpoint.ipv6),
        };
        (endpoint.container.id.clone(), container)
    });
    Wire {
        name: network.name.clone(),
        id: network.id.clone(),
        created: jiff::Timestamp::try_from(network.created).map(|time| time.to_string()).unwrap_or_default(),
        scope: "local".into(),
        driver: network.driver.to_string(),
        enable_ipv6: network.ipv6,
        ipam: Ipam {
            driver: "default".into(),
            options: network.ipam_options.clone().map(|options| options.into_iter().collect()),
            config: Some(pools.collect()),
        },
        internal: network.internal,
        attachable: network.attachable,
        containers: containers.collect(),
        options: options(network),
        labels: network.labels.clone().into_iter().collect(),
        ..Wire::default()
    }
}

/// Its options; of the bridge that everybody is on by default, what dockerd says of its own.
fn options(network: &Network) -> BTreeMap<String, String> {
    if !network.predefined() || network.driver != Driver::Bridge {
        return network.options.clone().into_iter().collect();
    }
    let said = [
        ("com.docker.network.bridge.default_bridge", "true"),
        ("com.docker.network.bridge.enable_icc", "true"),
        ("com.docker.network.bridge.enable_ip_masquerade", "true"),
        ("com.docker.network.bridge.host_binding_ipv4", "0.0.0.0"),
        ("com.docker.network.bridge.name", &network.bridge),
        ("com.docker.network.driver.mtu", "1500"),
    ];
    said.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn config(wanted: NetworkCreate) -> Result<NetworkConfig, Error> {
    let invalid = |what: &str, text: &str, error: &dyn std::fmt::Display| {
        Error::new(Kind::InvalidArgument, format!("Invalid {what} {text} : {error}"))
    };
    if !matches!(wanted.scope.as_str(), "" | "local") {
        let message = match wanted.scope.as_str() {
            "swarm" => "cannot create a swarm scoped network when swarm is not active".to_owned(),
            other => format!("scope {other:?} is not supported: there are no swarms here, use local"),
        };
        return Err(Error::new(Kind::InvalidArgument, message));
    }
    let mut pools = Vec::new();
    let ipam = wanted.ipam.unwrap_or_default();
    if !matches!(ipam.driver.as_str(), "" | "default") {
        return Err(Error::new(Kind::NotFound, format!("plugin {:?} not found", ipam.driver)));
    }
    for given in ipam.config.unwrap_or_default() {
        if given.subnet.is_empty() {
            return Err(Error::new(Kind::InvalidArgument, "a gateway, range or address needs a subnet"));
        }
        let ip = |what: &str, text: &str| text.parse().map_err(|error| invalid(what, text, &error));
        // Bits behind the prefix don't matter: dockerd 20.10 takes them, and the tests of SDKs send them.
        let around = |text: &str| text.parse().and_then(|Address { ip, prefix }| Subnet::around(ip, prefix));
        let mut pool =
            Pool::new(around(&given.subnet).map_err(|error| invalid("subnet", &given.subnet, &error))?);
        if !given.gateway.is_empty() {
            pool.gateway = Some(ip("gateway", &given.gateway)?);
        }
        if !given.ip_range.is_empty() {
            pool.ip_range =
                Some(given.ip_range.parse().map_err(|error| invalid("ip range", &given.ip_range, &error))?);
        }
        for (name, text) in given.auxiliary_addresses.unwrap_or_default() {
            pool.auxiliary.insert(name, ip("auxiliary address", &text)?);
        }
        pools.push(pool);
    }
    Ok(NetworkConfig {
        name: wanted.name,
        driver: wanted.driver.parse()?,
        pools,
        internal: wanted.internal,
        ipv6: wanted.enable_ipv6,
        attachable: wanted.attachable,
        labels: wanted.labels.unwrap_or_default().into_iter().collect(),
        options: wanted.options.unwrap_or_default().into_iter().collect(),
        ipam_options: ipam.options.map(|options| options.into_iter().collect()),
    })
}
