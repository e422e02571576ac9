//! Links, addresses and routes of the host and of containers, through the kernel's own socket.
//!
//! Blocking, and meant to be: a request is answered in microseconds. A socket belongs to the network namespace of
//! the thread that opened it.

mod address;
mod conntrack;
mod link;
mod look;
mod route;
mod socket;

pub use address::add_address;
pub use conntrack::forget;
pub use link::{bridge, delete_link, set_alias, set_bridge, set_up, veth};
pub use look::{Link, Routes, links, routes};
pub use route::{Via, add_default_route};
pub use socket::Netlink;

use netlink_packet_route::RouteNetlinkMessage;

/// One change, and the words for its failure.
pub struct Change {
    /// A verb and its object.
    pub action: String,
    message: RouteNetlinkMessage,
    flags: u16,
}
