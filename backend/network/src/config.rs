//! What a network is.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    net::IpAddr,
    str::FromStr,
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use crate::{NetworkError, Subnet};

/// How containers of a network reach each other and the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// Each has an interface on a bridge of the host.
    #[default]
    Bridge,
    /// They use the host's network namespace.
    Host,
    /// They have a loopback interface only.
    #[serde(alias = "null")]
    None,
}

impl fmt::Display for Driver {
    /// As `docker network ls` shows it: the driver of the network `none` is `null`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bridge => "bridge",
            Self::Host => "host",
            Self::None => "null",
        })
    }
}

impl FromStr for Driver {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        match text {
            "" | "default" | "bridge" => Ok(Self::Bridge),
            "host" => Ok(Self::Host),
            "none" | "null" => Ok(Self::None),
            other => Err(NetworkError::NoPlugin(other.to_owned())),
        }
    }
}

/// A range of addresses of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// The range; nobody outside has addresses of it.
    pub subnet: Subnet,
    /// The bridge's own address; the first one unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// Give only addresses of this part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_range: Option<Subnet>,
    /// Addresses that somebody else on the network has, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub auxiliary: BTreeMap<String, IpAddr>,
}

impl Pool {
    /// A range with nothing else given.
    pub fn new(subnet: Subnet) -> Self {
        Self { subnet, gateway: None, ip_range: None, auxiliary: BTreeMap::new() }
    }

    /// The bridge's own address.
    pub fn gateway(&self) -> Option<IpAddr> {
        self.gateway.or_else(|| self.subnet.nth(1))
    }
}

/// What a network should be. Only the name is needed.
#[derive(Debug, Clone, Default)]
pub struct NetworkConfig {
    /// Its name; letters, digits, `_`, `.` and `-`.
    pub name: String,
    /// How it is made.
    pub driver: Driver,
    /// Its ranges, at most one per address family. Without one for IPv4, a free one is chosen.
    pub pools: Vec<Pool>,
    /// No way out of it, and none in.
    pub internal: bool,
    /// Whether containers get IPv6 addresses too; without a pool of its own a random private range is chosen.
    pub ipv6: bool,
    /// Only for clients to read.
    pub attachable: bool,
    /// Only for clients to read.
    pub labels: HashMap<String, String>,
    /// Options of the driver: `com.docker.network.bridge.name`, `com.docker.network.bridge.enable_icc`,
    /// `com.docker.network.bridge.enable_ip_masquerade`, `com.docker.network.bridge.host_binding_ipv4`,
    /// `com.docker.network.driver.mtu`. Others are kept and mean nothing.
    pub options: HashMap<String, String>,
    /// Options of whoever gives addresses. None mean anything; only for clients to read.
    pub ipam_options: Option<HashMap<String, String>>,
}

impl NetworkConfig {
    /// A bridge network with everything chosen for it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// A network that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name, unique.
    pub name: String,
    /// When it was made.
    pub created: SystemTime,
    /// How it is made.
    pub driver: Driver,
    /// Its ranges; none for `host` and `none`.
    pub pools: Vec<Pool>,
    /// No way out of it, and none in.
    pub internal: bool,
    /// Whether containers get IPv6 addresses too.
    pub ipv6: bool,
    /// Only for clients to read.
    pub attachable: bool,
    /// Only for clients to read.
    pub labels: HashMap<String, String>,
    /// Options of the driver.
    pub options: HashMap<String, String>,
    /// The name of its bridge on the host, empty if it has none.
    pub bridge: String,
    /// Whether somebody wrote down its subnet, rather than having one chosen.
    #[serde(default)]
    pub configured: bool,
    /// Only for clients to read.
    #[serde(default)]
    pub ipam_options: Option<HashMap<String, String>>,
}

impl Network {
    /// Whether it is one of `bridge`, `host` and `none`, which every server has.
    pub fn predefined(&self) -> bool {
        PREDEFINED.contains(&self.name.as_str())
    }

    /// Whether containers find each other by name on it.
    pub fn resolves_names(&self) -> bool {
        self.driver == Driver::Bridge && !self.predefined()
    }

    /// Its range of one family.
    pub(crate) fn pool(&self, v4: bool) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.subnet.is_v4() == v4)
    }

    /// A yes-or-no option of the driver.
    pub(crate) fn flag(&self, option: &str, default: bool) -> bool {
        match self.options.get(option).map(String::as_str) {
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => true,
            Some("false" | "0" | "f" | "F" | "FALSE" | "False") => false,
            _ => default,
        }
    }
}

/// Names that every server has.
pub(crate) const PREDEFINED: [&str; 3] = ["bridge", "host", "none"];
