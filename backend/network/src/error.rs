//! Why something could not be done with a network.

use std::{io, path::PathBuf};

use thiserror::Error;

/// What kind of failure it is, for those who turn it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is no such network, or the container is not on it.
    NotFound,
    /// Something with that name is there already.
    Conflict,
    /// It is there, but must not be done.
    Forbidden,
    /// What was asked for makes no sense.
    Invalid,
    /// The host refused.
    Internal,
}

/// Why something could not be done with a network. What had been begun was undone. The texts are those that
/// docker's command line users know.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// No network has this name or identifier.
    #[error("network {0} not found")]
    NotFound(String),
    /// The beginning of an identifier fits several networks.
    #[error("network {name} is ambiguous ({matches} matches found based on ID prefix)")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// How many fit.
        matches: usize,
    },
    /// Whose driver isn't one of ours.
    #[error("plugin \"{0}\" not found")]
    NoPlugin(String),
    /// The name is taken.
    #[error("network with name {0} already exists")]
    Exists(String),
    /// Every server has these networks, and has them once.
    #[error("{0} is a pre-defined network and cannot be removed")]
    Predefined(String),
    /// Containers are on the network.
    #[error("error while removing network: network {name} id {id} has active endpoints")]
    InUse {
        /// The network's name.
        name: String,
        /// Its identifier.
        id: String,
    },
    /// The container is not on the network.
    #[error("container {container} is not connected to network {network}")]
    NotConnected {
        /// The container's identifier.
        container: String,
        /// The network's name.
        network: String,
    },
    /// The container is on the network.
    #[error("endpoint with name {container} already exists in network {network}")]
    Connected {
        /// The container's name.
        container: String,
        /// The network's name.
        network: String,
    },
    /// The operation is not for this kind of network or container.
    #[error("{0}")]
    Forbidden(String),
    /// Another network has addresses of this range.
    #[error("Pool overlaps with other one on this address space")]
    Overlaps,
    /// The host already reaches addresses of this range another way.
    #[error(
        "Pool {subnet} overlaps with {route}, which this host already has a route to; choose another subnet"
    )]
    Routed {
        /// What was asked for.
        subnet: String,
        /// What is there.
        route: String,
    },
    /// None of the default ranges is free.
    #[error(
        "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"
    )]
    NoPool,
    /// All addresses of the network are given away.
    #[error("no available {family} addresses on this network's address pools: {name} ({id})")]
    NoAddress {
        /// `IPv4` or `IPv6`.
        family: &'static str,
        /// The network's name.
        name: String,
        /// Its identifier.
        id: String,
    },
    /// The address that was asked for is given away.
    #[error("Address already in use")]
    AddressInUse,
    /// A port of the host that one of our containers has.
    #[error(
        "driver failed programming external connectivity on endpoint {name} ({id}): Bind for {address} failed: port is already allocated"
    )]
    PortAllocated {
        /// The container's name.
        name: String,
        /// The endpoint's identifier.
        id: String,
        /// Host address and port.
        address: String,
    },
    /// A port of the host that another program has, or that the host refuses.
    #[error(
        "driver failed programming external connectivity on endpoint {name} ({id}): Error starting userland proxy: listen {network} {address}: bind: {reason}"
    )]
    Bind {
        /// The container's name.
        name: String,
        /// The endpoint's identifier.
        id: String,
        /// `tcp4`, `udp6` and the like.
        network: String,
        /// Host address and port.
        address: String,
        /// The host's words, in lower case as Go has them.
        reason: String,
    },
    /// A whole range of ports is taken.
    #[error(
        "driver failed programming external connectivity on endpoint {name} ({id}): all ports are allocated"
    )]
    NoPort {
        /// The container's name.
        name: String,
        /// The endpoint's identifier.
        id: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The kernel refused a change of links, addresses or routes.
    #[error("cannot {action}")]
    Netlink {
        /// What was tried, as a verb and its object.
        action: String,
        /// The refusal.
        source: io::Error,
    },
    /// A container's network namespace can't be entered.
    #[error("cannot enter network namespace {path}", path = .path.display())]
    Namespace {
        /// The namespace's file.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The packet filter can't be changed.
    #[error("cannot change the packet filter: {program}: {message}")]
    Firewall {
        /// The program that was run.
        program: &'static str,
        /// Its message.
        message: String,
    },
    /// The server isn't root.
    #[error("{0}")]
    Rootless(String),
    /// The system has no randomness.
    #[error("no random bytes: {0}")]
    Random(String),
    /// A file can't be read or written.
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The file of networks is not one.
    #[error("{path} is damaged; it was left as it is: restore it, or move it away to start with no user networks", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl NetworkError {
    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoPlugin(_) | Self::NotConnected { .. } => Kind::NotFound,
            Self::Exists(_) => Kind::Conflict,
            Self::Predefined(_)
            | Self::InUse { .. }
            | Self::Connected { .. }
            | Self::Forbidden(_)
            | Self::Overlaps
            | Self::Routed { .. }
            | Self::AddressInUse => Kind::Forbidden,
            Self::Invalid(_) | Self::Ambiguous { .. } => Kind::Invalid,
            _ => Kind::Internal,
        }
    }
}
