//! Containers: what a client asks for, the runtime spec that follows from it, their states, and what is done to them.

mod detach_keys;
mod elapsed;
mod error;
mod health;
mod ids;
mod names;
mod request;
mod restart;
mod signal;
mod spec;
mod state;
mod user;
mod volumes;

pub use detach_keys::DetachKeys;
pub use error::{Error, Kind};
pub use state::{State, Status};
