//! How a container is connected to networks.

use std::collections::BTreeMap;

use super::null::wire;

/// `port/protocol` → where it is published on the host; `null` where it is only exposed.
pub type PortMap = BTreeMap<String, Option<Vec<PortBinding>>>;

wire! {
    /// A place on the host where a port is published.
    pub struct PortBinding {
        /// Address; empty for all.
        pub host_ip: String,
        /// Port or range; empty or `0` for a free one.
        pub host_port: String,
    }
}

wire! {
    /// `NetworkingConfig` of a create request.
    pub struct NetworkingConfig {
        /// Network name or id → what is wanted there.
        pub endpoints_config: Option<BTreeMap<String, Option<EndpointSettings>>>,
    }
}

wire! {
    /// What a container wants of a network, and what it got.
    pub struct EndpointSettings {
        /// Addresses that are asked for.
        #[serde(rename = "IPAMConfig")]
        pub ipam_config: Option<EndpointIpamConfig>,
        /// Links, `container:alias`.
        pub links: Option<Vec<String>>,
        /// Names under which others on this network find it.
        pub aliases: Option<Vec<String>>,
        /// MAC address, asked for or given.
        pub mac_address: String,
        /// Options of the driver.
        pub driver_opts: Option<BTreeMap<String, String>>,
        /// The network's id.
        #[serde(rename = "NetworkID")]
        pub network_id: String,
        /// The endpoint's id.
        #[serde(rename = "EndpointID")]
        pub endpoint_id: String,
        /// IPv4 gateway.
        pub gateway: String,
        /// IPv4 address.
        #[serde(rename = "IPAddress")]
        pub ip_address: String,
        /// Bits of the IPv4 network.
        #[serde(rename = "IPPrefixLen")]
        pub ip_prefix_len: u8,
        /// IPv6 gateway.
        #[serde(rename = "IPv6Gateway")]
        pub ipv6_gateway: String,
        /// IPv6 address.
        #[serde(rename = "GlobalIPv6Address")]
        pub global_ipv6_address: String,
        /// Bits of the IPv6 network.
        #[serde(rename = "GlobalIPv6PrefixLen")]
        pub global_ipv6_prefix_len: u8,
        /// All names that it is found under.
        #[serde(rename = "DNSNames")]
        pub dns_names: Option<Vec<String>>,
    }
}

wire! {
    /// Addresses that are asked for.
    pub struct EndpointIpamConfig {
        /// IPv4 address.
        #[serde(rename = "IPv4Address", skip_serializing_if = "String::is_empty")]
        pub ipv4_address: String,
        /// IPv6 address.
        #[serde(rename = "IPv6Address", skip_serializing_if = "String::is_empty")]
        pub ipv6_address: String,
        /// Link-local addresses.
        #[serde(rename = "LinkLocalIPs", skip_serializing_if = "Vec::is_empty")]
        pub link_local_ips: Vec<String>,
    }
}
