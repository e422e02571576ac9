//! Giving addresses to links.

use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressHeaderFlags, AddressMessage},
};

use super::Change;
use crate::Address;

/// Gives an address to a link. An IPv6 address is usable at once: nobody else on our bridge can have it.
pub fn add_address(index: u32, address: Address) -> Change {
    let mut message = AddressMessage::default();
    message.header.index = index;
    message.header.prefix_len = address.prefix;
    message.attributes = vec![AddressAttribute::Address(address.ip), AddressAttribute::Local(address.ip)];
    match address.ip {
        IpAddr::V4(ip) => {
            message.header.family = AddressFamily::Inet;
            if address.prefix < 31 {
                let host_bits = u32::MAX.checked_shr(address.prefix.into()).unwrap_or(0);
                message
                    .attributes
                    .push(AddressAttribute::Broadcast(Ipv4Addr::from_bits(ip.to_bits() | host_bits)));
            }
        }
        IpAddr::V6(_) => {
            message.header.family = AddressFamily::Inet6;
            message.header.flags = AddressHeaderFlags::Nodad;
        }
    }
    Change {
        action: format!("give address {address}"),
        message: RouteNetlinkMessage::NewAddress(message),
        flags: NLM_F_CREATE | NLM_F_EXCL,
    }
}
