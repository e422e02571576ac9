//! Containers: what a client asks for, the runtime spec that follows from it, their states, and what is done to them.
//!
//! [`Containers`] has a method per verb of docker. It is made of the stores of one data directory ([`Stores`]) and
//! outlives nothing: after a restart of the server [`Containers::open`] finds everything again.
//!
//! A container's way: [`Containers::create`] (record, file system, volumes) → [`Containers::attach`] by those who must
//! not miss a byte → [`Containers::wait`] → [`Containers::start`] (mounts, runtime, networks, then the program) → its end,
//! which is settled whether anybody waits or not → [`Containers::remove`].
//!
//! Pure and tested by tables: validation and merging (`request`), states (`state`), the runtime spec (`spec`), users,
//! names, restart policies, health. What touches the machine: `bundle`, `files`, `volumes`, `verbs`.

mod bundle;
mod container;
mod containers;
mod elapsed;
mod error;
mod files;
mod filters;
mod health;
mod ids;
mod links;
mod logging;
mod machine;
mod names;
mod network;
mod options;
mod record;
mod request;
mod restart;
mod rootfs;
mod signal;
mod sizes;
mod spec;
mod state;
mod usage;
mod user;
mod verbs;
mod volumes;

pub use containers::Containers;
pub use error::{Error, Kind};
pub use filters::{Filters, Patterns};
pub use ids::{random_id, short as short_id};
pub use options::{BaseImage, Event, EventKind, Options, Stores};
pub use signal::parse as parse_signal;
pub use state::{State, Status};
pub use strata_runtime::{
    AttachInput, Attached, DetachKeys, LogLine, LogLines, LogQuery, Output, Stream, Streams, Typed,
};
pub use verbs::{Archive, Attachment, CommitSource, Condition, ListQuery, LogRequest, Wait, complete_config};
pub use volumes::is_memory as is_memory_volume;
