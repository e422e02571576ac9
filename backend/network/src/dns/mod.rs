//! The name server of containers on user networks.
//!
//! Each such container has its own, at 127.0.0.11 of its network namespace, so that who asks is never in doubt. It
//! answers the names of the containers that share a network with it, and passes all other questions, as they are,
//! to the host's name servers.

mod forward;
mod message;
mod server;
mod zone;

pub use server::{Lookup, Resolver, Wanted};
pub use zone::{Answer, Zone};
