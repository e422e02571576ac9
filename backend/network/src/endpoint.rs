//! A container's place on a network.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{Address, Mac, NetworkError};

/// Who is put on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its identifier.
    pub id: String,
    /// Its name, without a slash.
    pub name: String,
    /// The file of its network namespace: `/proc/PID/ns/net`, or a mounted one.
    pub netns: PathBuf,
    /// Where its questions for names outside go.
    #[serde(default)]
    pub dns: Dns,
}

impl Container {
    /// A container that asks the host's name servers.
    pub fn new(id: impl Into<String>, name: impl Into<String>, netns: impl Into<PathBuf>) -> Self {
        Self { id: id.into(), name: name.into(), netns: netns.into(), dns: Dns::default() }
    }
}

/// What was asked for on the command line about name resolution. Where empty, the host's is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dns {
    /// Name servers (`--dns`).
    pub servers: Vec<IpAddr>,
    /// Domains to search in (`--dns-search`); a single `.` means none.
    pub search: Vec<String>,
    /// Options of the resolver (`--dns-option`).
    pub options: Vec<String>,
}

/// How a container should be on a network. Everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSettings {
    /// Further names on the network.
    pub aliases: Vec<String>,
    /// What this container alone calls others on the network.
    pub links: Vec<Alias>,
    /// The IPv4 address to have; only where the subnet was configured.
    pub ipv4: Option<Ipv4Addr>,
    /// The IPv6 address to have.
    pub ipv6: Option<Ipv6Addr>,
    /// The hardware address to have.
    pub mac: Option<Mac>,
    /// Ports to publish on the host.
    pub ports: Vec<Publish>,
}

/// What one container calls another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// What the other is called.
    pub name: String,
    /// The other's name, identifier, or first digits of the identifier.
    pub target: String,
}

/// A transport protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

impl FromStr for Protocol {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        match text.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            "sctp" => {
                Err(NetworkError::Invalid("publishing SCTP ports is not supported: use tcp or udp".into()))
            }
            _ => Err(NetworkError::Invalid(format!("Invalid proto: {text}"))),
        }
    }
}

/// A port of a container, written `80/tcp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.protocol)
    }
}

impl FromStr for Port {
    type Err = NetworkError;

    /// `NUMBER[/PROTOCOL]`, TCP by default.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let wrong = || NetworkError::Invalid(format!("Invalid containerPort: {number}"));
        let number = number.parse().ok().filter(|number| *number != 0).ok_or_else(wrong)?;
        Ok(Self { number, protocol: protocol.parse()? })
    }
}

/// Which port of the host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HostPort {
    /// A free one is chosen.
    #[default]
    Any,
    /// The first free one of these.
    OneOf(RangeInclusive<u16>),
}

impl FromStr for HostPort {
    type Err = NetworkError;

    /// As docker's `HostPort` has it: nothing or `0` for any, a number, or `FIRST-LAST`.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError::Invalid(format!("invalid port specification: \"{text}\""));
        let number = |text: &str| text.parse::<u16>().map_err(|_| wrong());
        match text.split_once('-') {
            None if text.is_empty() => Ok(Self::Any),
            None => Ok(match number(text)? {
                0 => Self::Any,
                port => Self::OneOf(port..=port),
            }),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                if first == 0 || first > last { Err(wrong()) } else { Ok(Self::OneOf(first..=last)) }
            }
        }
    }
}

/// A port to be reachable from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The container's port.
    pub port: Port,
    /// The host's address; all of them, IPv4 and IPv6, if not given.
    pub host_ip: Option<IpAddr>,
    /// The host's port.
    pub host_port: HostPort,
}

/// A port that is reachable from outside. A port that is published on all addresses appears twice, once per family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PublishedPort {
    /// The container's port.
    pub port: Port,
    /// The host's address, or the unspecified one of a family.
    pub host_ip: IpAddr,
    /// The host's port.
    pub host_port: u16,
}

/// A container's place on a network, as it is. Keep it: [`crate::Networks::restore`] wants it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The network's identifier.
    pub network: String,
    /// The network's name.
    pub network_name: String,
    /// The container.
    pub container: Container,
    /// Its interface, `eth0` and so on. Empty, as most that follows, on the networks `host` and `none`.
    pub interface: String,
    /// The other end of it, on the host's bridge.
    pub host_interface: String,
    /// Its IPv4 address.
    pub ipv4: Option<Address>,
    /// Its IPv6 address.
    pub ipv6: Option<Address>,
    /// The network's own IPv4 address, where there is a way out.
    pub gateway: Option<Ipv4Addr>,
    /// The network's own IPv6 address, where there is a way out.
    pub gateway6: Option<Ipv6Addr>,
    /// Whether the container's way out is through this network.
    pub default_route: bool,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// Its ports that are reachable from outside.
    pub ports: Vec<PublishedPort>,
    /// Further names on the network, without the container's own and its short identifier.
    pub aliases: Vec<String>,
    /// What this container alone calls others on the network.
    #[serde(default)]
    pub links: Vec<Alias>,
}

impl Endpoint {
    /// Its addresses without prefixes, IPv4 first.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.ipv4.into_iter().chain(self.ipv6).map(|address| address.ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_docker_writes_them() {
        assert_eq!("80".parse::<Port>().unwrap().to_string(), "80/tcp");
        assert_eq!("53/udp".parse::<Port>().unwrap().to_string(), "53/udp");
        for (wrong, message) in [
            ("0/tcp", "Invalid containerPort: 0"),
            ("x", "Invalid containerPort: x"),
            ("65536/tcp", "Invalid containerPort: 65536"),
            ("1/foo", "Invalid proto: foo"),
        ] {
            assert_eq!(wrong.parse::<Port>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn host_ports_are_none_one_or_several() {
        assert_eq!("".parse::<HostPort>().unwrap(), HostPort::Any);
        assert_eq!("0".parse::<HostPort>().unwrap(), HostPort::Any);
        assert_eq!("80".parse::<HostPort>().unwrap(), HostPort::OneOf(80..=80));
        assert_eq!("80-82".parse::<HostPort>().unwrap(), HostPort::OneOf(80..=82));
        for wrong in ["82-80", "x", "0-3", "1-", "70000"] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
    }
}
