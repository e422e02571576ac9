//! The embedded registry: every must of the OCI distribution specification, and the programs that push to it.

mod access;
mod collect;
mod conformance;
mod inside;
mod peers;
mod referrers;
mod scene;
mod tokens;
mod uploads;
