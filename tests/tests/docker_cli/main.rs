//! The docker command line against Strata prints and returns what it does against dockerd.
//!
//! Each scenario runs with every docker client on the machine. Where the two may differ, the reason stands there.

mod api;
mod containers;
mod documents;
mod events;
mod exec;
mod inspect;
mod list;
mod networks;
mod options;
mod prune;
mod pull;
mod registries;
mod remove;
mod scene;
mod socket;
mod system;
mod volumes;
