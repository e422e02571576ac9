//! Making a network.

use std::time::SystemTime;

use super::{Inner, Networks, new_id};
use crate::{Driver, Network, NetworkConfig, NetworkError, config::PREDEFINED, ipam};

impl Networks {
    /// Makes a network with its bridge.
    ///
    /// # Errors
    /// If the name is taken or isn't one, or no addresses are to be had.
    pub async fn create(&self, config: NetworkConfig) -> Result<Network, NetworkError> {
        validate(&config)?;
        self.blocking(move |inner| create(inner, config)).await
    }
}

fn create(inner: &Inner, config: NetworkConfig) -> Result<Network, NetworkError> {
    let turn = inner.bridges()?;
    let taken = inner.state().networks.values().any(|network| network.name == config.name);
    if taken {
        return Err(NetworkError::Exists(config.name));
    }
    let network = Network {
        id: new_id()?,
        name: config.name,
        created: SystemTime::now(),
        driver: config.driver,
        configured: !config.pools.is_empty(),
        ipv6: config.ipv6 || config.pools.iter().any(|pool| !pool.subnet.is_v4()),
        pools: config.pools,
        internal: config.internal,
        attachable: config.attachable,
        labels: config.labels,
        options: config.options,
        ipam_options: config.ipam_options,
        bridge: String::new(),
    };
    let id = network.id.clone();
    inner.state().networks.insert(id.clone(), network);
    let made = inner.raise(&id, &turn).and_then(|_| inner.filter(true));
    let network = inner.state().networks.get(&id).cloned().ok_or(NetworkError::NotFound(id))?;
    if let Err(error) = made {
        inner.state().networks.remove(&network.id);
        // What went wrong first is what the caller must hear of.
        let _ = inner.lower(&network, &turn);
        let _ = inner.save(&inner.state());
        return Err(error);
    }
    Ok(network)
}

fn validate(config: &NetworkConfig) -> Result<(), NetworkError> {
    let name = config.name.as_str();
    if PREDEFINED.contains(&name) {
        return Err(NetworkError::Forbidden(format!(
            "operation is not permitted on predefined {name} network "
        )));
    }
    match config.driver {
        Driver::Bridge => {}
        Driver::Host => {
            return Err(NetworkError::Forbidden("only one instance of \"host\" network is allowed".into()));
        }
        Driver::None => {
            return Err(NetworkError::Forbidden("only one instance of \"null\" network is allowed".into()));
        }
    }
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric())
        || name.ends_with(' ')
        || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.- ".contains(letter))
    {
        return Err(NetworkError::Invalid(format!(
            "invalid network name \"{name}\": only letters, digits, \"_\", \".\", \"-\" and spaces within, and a letter or digit first"
        )));
    }
    if let Some(bridge) = config.options.get("com.docker.network.bridge.name")
        && (bridge.is_empty()
            || bridge.len() > 15
            || !bridge.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter)))
    {
        return Err(NetworkError::Invalid(format!(
            "invalid bridge name \"{bridge}\": 1 to 15 letters, digits, \"_\", \".\" and \"-\""
        )));
    }
    for v4 in [true, false] {
        if config.pools.iter().filter(|pool| pool.subnet.is_v4() == v4).count() > 1 {
            return Err(NetworkError::Invalid("bridge driver doesn't support multiple subnets".into()));
        }
    }
    config.pools.iter().try_for_each(ipam::validate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for name in ["a", "my-net", "a_b.c", "9", "a b"] {
            assert!(validate(&NetworkConfig::new(name)).is_ok(), "{name}");
        }
        for name in ["", "-a", " a", "a/b", "é"] {
            assert!(validate(&NetworkConfig::new(name)).is_err(), "{name}");
        }
        let error = validate(&NetworkConfig::new("bridge")).unwrap_err();
        assert_eq!(error.to_string(), "operation is not permitted on predefined bridge network ");
    }

    #[test]
    fn bridge_names_are_checked() {
        let mut config = NetworkConfig::new("a");
        config.options.insert("com.docker.network.bridge.name".into(), "x -j ACCEPT".into());
        assert!(validate(&config).is_err());
    }
}
