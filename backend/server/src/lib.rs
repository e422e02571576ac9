//! The `strata` server: two listeners over one engine.
//!
//! - The **unix socket** carries the Docker Engine API ([`docker`]) for CLIs. Whoever may open the socket may do all.
//! - The **TCP listener** carries the page ([`page`]), our own API ([`explorer`], [`workshop`]), the engine API for the page,
//!   and the registry ([`registry`]). Every request passes the [`security::Guard`] first: Host, Origin, then the permission that
//!   its route states in the table.
//!
//! A route exists only as a [`http::Route`] of a [`http::Group`], and none can be made without a permission. So the
//! table that requests are matched with is the table that a test walks to see that each route refuses strangers.
//!
//! A handler extracts, calls the engine, and converts; decisions (which host, which range, which version) are pure
//! functions beside it.

mod browse;
pub mod config;
pub mod docker;
pub mod explorer;
pub mod http;
mod listen;
pub mod page;
pub mod registry;
mod run;
pub mod security;
mod seed;
mod serve;
mod shutdown;
mod sites;
pub mod workshop;

pub use config::Cli;
pub use run::run;
pub use shutdown::Shutdown;
pub use sites::{tcp, unix};
