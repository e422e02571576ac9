//! Addresses of the three kinds that a network deals with.

mod mac;
mod subnet;

pub use mac::Mac;
pub use subnet::{Address, Subnet};
