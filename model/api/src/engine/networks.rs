//! Networks.

use std::collections::BTreeMap;

use super::{endpoints::EndpointSettings, null::wire};

wire! {
    /// A network.
    pub struct Network {
        /// Its name.
        pub name: String,
        /// Its id.
        pub id: String,
        /// RFC 3339 time.
        pub created: String,
        /// `local`.
        pub scope: String,
        /// `bridge`, `host`, `null`.
        pub driver: String,
        /// Whether it has IPv6 addresses.
        #[serde(rename = "EnableIPv6")]
        pub enable_ipv6: bool,
        /// Its addresses.
        #[serde(rename = "IPAM")]
        pub ipam: Ipam,
        /// Whether nothing outside can be reached.
        pub internal: bool,
        /// For swarms.
        pub attachable: bool,
        /// For swarms.
        pub ingress: bool,
        /// For swarms.
        pub config_from: NetworkReference,
        /// For swarms.
        pub config_only: bool,
        /// Containers on it, by id.
        pub containers: BTreeMap<String, NetworkContainer>,
        /// Options of the driver.
        pub options: BTreeMap<String, String>,
        /// Labels.
        pub labels: BTreeMap<String, String>,
    }
}

wire! {
    /// Where a network's configuration comes from.
    pub struct NetworkReference {
        /// Its name.
        pub network: String,
    }
}

wire! {
    /// Addresses of a network.
    pub struct Ipam {
        /// `default`.
        pub driver: String,
        /// Options of the driver.
        pub options: Option<BTreeMap<String, String>>,
        /// Its subnets.
        pub config: Option<Vec<IpamConfig>>,
    }
}

wire! {
    /// A subnet.
    pub struct IpamConfig {
        /// In CIDR form.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub subnet: String,
        /// The part of it that containers get.
        #[serde(rename = "IPRange", skip_serializing_if = "String::is_empty")]
        pub ip_range: String,
        /// Address of the host.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub gateway: String,
        /// Addresses that are taken.
        #[serde(rename = "AuxiliaryAddresses", skip_serializing_if = "Option::is_none")]
        pub auxiliary_addresses: Option<BTreeMap<String, String>>,
    }
}

wire! {
    /// A container on a network.
    pub struct NetworkContainer {
        /// Its name.
        pub name: String,
        /// Its endpoint there.
        #[serde(rename = "EndpointID")]
        pub endpoint_id: String,
        /// MAC address.
        pub mac_address: String,
        /// Address with bits.
        #[serde(rename = "IPv4Address")]
        pub ipv4_address: String,
        /// Address with bits.
        #[serde(rename = "IPv6Address")]
        pub ipv6_address: String,
    }
}

wire! {
    /// `POST /networks/create`.
    pub struct NetworkCreate {
        /// Its name.
        pub name: String,
        /// Refuse a name that is taken; always done.
        pub check_duplicate: bool,
        /// `bridge` or empty.
        pub driver: String,
        /// `local` or empty.
        pub scope: String,
        /// Whether it gets IPv6 addresses.
        #[serde(rename = "EnableIPv6")]
        pub enable_ipv6: bool,
        /// Its addresses.
        #[serde(rename = "IPAM")]
        pub ipam: Option<Ipam>,
        /// Whether nothing outside can be reached.
        pub internal: bool,
        /// For swarms.
        pub attachable: bool,
        /// For swarms.
        pub ingress: bool,
        /// Options of the driver.
        pub options: Option<BTreeMap<String, String>>,
        /// Labels.
        pub labels: Option<BTreeMap<String, String>>,
    }
}

wire! {
    /// What was created.
    pub struct NetworkCreated {
        /// Its id.
        pub id: String,
        /// What won't be as it was asked for.
        pub warning: String,
    }
}

wire! {
    /// `POST /networks/{id}/connect`.
    pub struct NetworkConnect {
        /// Name or id.
        pub container: String,
        /// What is wanted.
        pub endpoint_config: Option<EndpointSettings>,
    }
}

wire! {
    /// `POST /networks/{id}/disconnect`.
    pub struct NetworkDisconnect {
        /// Name or id.
        pub container: String,
        /// Also if the container is gone.
        pub force: bool,
    }
}

wire! {
    /// `POST /networks/prune`.
    pub struct NetworksPruned {
        /// Names of what was removed; `null` if nothing.
        pub networks_deleted: Option<Vec<String>>,
    }
}
