//! What links and routes there are.

use std::{io, net::IpAddr};

use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
    link::{LinkAttribute, LinkFlags, LinkMessage},
    route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType},
};

use super::Netlink;
use crate::{NetworkError, Subnet};

/// A link of this thread's network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The note on it.
    pub alias: String,
    /// The largest packet.
    pub mtu: u32,
    /// Whether packets pass.
    pub running: bool,
}

/// All links, or the one with this name.
///
/// # Errors
/// The kernel's refusal; a link that is not there is an empty answer.
pub fn links(netlink: &mut Netlink, name: Option<&str>) -> Result<Vec<Link>, NetworkError> {
    let mut message = LinkMessage::default();
    let answer = match name {
        None => netlink.dump(RouteNetlinkMessage::GetLink(message)),
        Some(name) => {
            message.attributes = vec![LinkAttribute::IfName(name.to_owned())];
            netlink.get(RouteNetlinkMessage::GetLink(message))
        }
    };
    match answer {
        Ok(messages) => Ok(messages.into_iter().filter_map(link).collect()),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => Ok(Vec::new()),
        Err(source) => Err(refused("list links", source)),
    }
}

fn link(message: RouteNetlinkMessage) -> Option<Link> {
    let RouteNetlinkMessage::NewLink(message) = message else { return None };
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        alias: String::new(),
        mtu: 1500,
        running: message.header.flags.contains(LinkFlags::Running),
    };
    for attribute in message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name = name,
            LinkAttribute::IfAlias(alias) => link.alias = alias,
            LinkAttribute::Mtu(mtu) => link.mtu = mtu,
            _ => {}
        }
    }
    Some(link)
}

/// Where this host's packets can go.
#[derive(Debug, Default)]
pub struct Routes {
    /// Ranges that are reached some other way than by the default route, with the link's number.
    pub taken: Vec<(Subnet, u32)>,
    /// The link of the default route.
    pub default: Option<u32>,
}

/// Routes and addresses of both families.
///
/// # Errors
/// The kernel's refusal.
pub fn routes(netlink: &mut Netlink) -> Result<Routes, NetworkError> {
    let mut found = Routes::default();
    let messages = netlink.dump(RouteNetlinkMessage::GetRoute(RouteMessage::default()));
    for message in messages.map_err(|source| refused("list routes", source))? {
        if let RouteNetlinkMessage::NewRoute(message) = message {
            note(&mut found, &message);
        }
    }
    let messages = netlink.dump(RouteNetlinkMessage::GetAddress(AddressMessage::default()));
    for message in messages.map_err(|source| refused("list addresses", source))? {
        let RouteNetlinkMessage::NewAddress(message) = message else { continue };
        let ip = message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Local(ip) | AddressAttribute::Address(ip) => Some(*ip),
            _ => None,
        });
        if let Some(subnet) = ip.and_then(|ip| Subnet::around(ip, message.header.prefix_len).ok()) {
            found.taken.push((subnet, message.header.index));
        }
    }
    Ok(found)
}

fn note(found: &mut Routes, message: &RouteMessage) {
    let ordinary = matches!(message.header.kind, RouteType::Unicast | RouteType::BlackHole);
    let family = message.header.address_family;
    if !ordinary || !matches!(family, AddressFamily::Inet | AddressFamily::Inet6) {
        return;
    }
    let mut to = None;
    let mut index = 0;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(RouteAddress::Inet(ip)) => to = Some(IpAddr::from(*ip)),
            RouteAttribute::Destination(RouteAddress::Inet6(ip)) => to = Some(IpAddr::from(*ip)),
            RouteAttribute::Oif(oif) => index = *oif,
            _ => {}
        }
    }
    match to {
        // Halves of the whole are how a VPN writes its default route.
        Some(ip) if message.header.destination_prefix_length > 1 => {
            if let Ok(subnet) = Subnet::around(ip, message.header.destination_prefix_length) {
                found.taken.push((subnet, index));
            }
        }
        _ if family == AddressFamily::Inet && message.header.table == RouteHeader::RT_TABLE_MAIN => {
            found.default = found.default.or(Some(index));
        }
        _ => {}
    }
}

fn refused(action: &str, source: io::Error) -> NetworkError {
    NetworkError::Netlink { action: action.to_owned(), source }
}
