//! Builds images from Dockerfiles, as dockerd's classic builder does: the same steps, output, history, configs and layers.
//!
//! ```text
//! Dockerfile ─► strata-dockerfile ─► instructions ─► config alone (evaluate)       no container, no layer
//!                                                ├─► COPY, ADD, WORKDIR (copy)     a snapshot, no container
//!                                                └─► RUN (run)                     a container
//! each step: key ─► done before? ─► else do it ─► image on the workbench ─► recorded with others (workbench)
//! ```
//!
//! [`build`] blocks; it belongs on a thread of its own. It tells what happens as [`Event`]s and ends when nobody listens any more.
//! The engine around it is seen through [`Images`].

mod build;
mod cache;
mod changes;
mod committing;
mod context;
mod copy;
mod copying;
mod error;
mod event;
mod exclude;
mod from;
mod images;
mod limit;
mod listener;
mod mounts;
mod options;
mod run;
mod squash;
mod stage;
mod workbench;

pub use build::{Source, build};
pub use cache::StepBody;
pub use changes::apply_changes;
pub use context::{Context, ContextRoom, GitAddress, GitError, GitPolicy, UnpackLimits, clone};
pub use error::{Error, Kind};
pub use event::{Event, Outcome, Step, Stream};
pub use images::{Fetched, Images, Later, Stores};
pub use listener::Listener;
pub use options::Options;
