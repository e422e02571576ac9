//! Making and removing links.

use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage},
};

use super::Change;
use crate::Mac;

/// Makes a bridge and sets it up.
pub fn bridge(name: &str, mac: Mac, mtu: u32) -> Change {
    let mut message = up();
    message.attributes = vec![
        LinkAttribute::IfName(name.to_owned()),
        LinkAttribute::Address(mac.0.to_vec()),
        LinkAttribute::Mtu(mtu),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]),
    ];
    create(format!("make bridge {name}"), message)
}

/// Makes a pair of links: `host`, up and on the bridge with this index, and `inside`, still down, in another network
/// namespace. One message, so that nothing half made is ever seen.
pub fn veth(host: &str, bridge: u32, inside: &str, netns: BorrowedFd<'_>, mac: Mac, mtu: u32) -> Change {
    let mut peer = LinkMessage::default();
    peer.attributes = vec![
        LinkAttribute::IfName(inside.to_owned()),
        LinkAttribute::Address(mac.0.to_vec()),
        LinkAttribute::Mtu(mtu),
        LinkAttribute::NetNsFd(netns.as_raw_fd()),
    ];
    let mut message = up();
    message.attributes = vec![
        LinkAttribute::IfName(host.to_owned()),
        LinkAttribute::Mtu(mtu),
        LinkAttribute::Controller(bridge),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]),
    ];
    create(format!("make interface {inside} of the container"), message)
}

/// Sets a link up.
pub fn set_up(index: u32) -> Change {
    let mut message = up();
    message.header.index = index;
    Change {
        action: "set an interface up".to_owned(),
        message: RouteNetlinkMessage::SetLink(message),
        flags: 0,
    }
}

/// Puts a link on the bridge with this index, where it may well be.
pub fn set_bridge(name: &str, bridge: u32) -> Change {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(name.to_owned()), LinkAttribute::Controller(bridge)];
    Change {
        action: format!("put {name} on its bridge"),
        message: RouteNetlinkMessage::SetLink(message),
        flags: 0,
    }
}

/// Leaves a note on a link.
pub fn set_alias(name: &str, alias: &str) -> Change {
    let mut message = LinkMessage::default();
    message.attributes =
        vec![LinkAttribute::IfName(name.to_owned()), LinkAttribute::IfAlias(alias.to_owned())];
    Change { action: format!("mark link {name}"), message: RouteNetlinkMessage::SetLink(message), flags: 0 }
}

/// Removes a link; the other end of a pair goes too.
pub fn delete_link(name: &str) -> Change {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(name.to_owned())];
    Change { action: format!("remove link {name}"), message: RouteNetlinkMessage::DelLink(message), flags: 0 }
}

fn up() -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    message
}

fn create(action: String, message: LinkMessage) -> Change {
    Change { action, message: RouteNetlinkMessage::NewLink(message), flags: NLM_F_CREATE | NLM_F_EXCL }
}
