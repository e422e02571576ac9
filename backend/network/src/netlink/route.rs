//! The way out of a container.

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType},
};

use super::Change;

/// A way out: which link, and who is asked there.
#[derive(Debug, Clone, Copy)]
pub struct Via {
    /// The link's index.
    pub index: u32,
    /// The neighbour that forwards.
    pub gateway: IpAddr,
}

/// Sends all that has no better way through a gateway.
pub fn add_default_route(via: Via) -> Change {
    let message = RouteNetlinkMessage::NewRoute(message(via));
    Change { action: format!("route through {}", via.gateway), message, flags: NLM_F_CREATE | NLM_F_REPLACE }
}

fn message(via: Via) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family =
        if via.gateway.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Boot;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message.attributes =
        vec![RouteAttribute::Oif(via.index), RouteAttribute::Gateway(RouteAddress::from(via.gateway))];
    message
}
