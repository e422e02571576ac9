//! The engine: one file per use case over registry, blobs, layers and catalog.
//!
//! [`Engine`] is cheap to clone and safe to share. Every operation either did all it says or left nothing visible
//! behind, and fails with an [`Error`] whose [`Kind`] each API maps to its own status once.

pub mod build;
mod commit;
mod create;
mod distribute;
mod distribution;
mod engine;
mod error;
mod events;
mod explore;
mod filters;
mod garbage;
mod history;
mod import;
mod inspect;
mod list;
mod live;
mod load;
mod login;
mod made;
mod memory;
mod names;
mod networks;
mod options;
mod progress;
mod prune;
mod ps;
mod pull;
mod push;
mod registry;
mod remove;
mod running;
mod save;
mod search;
mod seed;
mod surgery;
mod system;
mod tag;
mod usage;
mod workshop;

pub use build::{BuildPruned, Building};
pub use commit::CommitRequest;
pub use distribute::{Chunk, Stored};
pub use distribution::DistributionInspect;
pub use engine::Engine;
pub use error::{Error, Kind};
pub use events::EventsQuery;
pub use filters::Filters;
pub use import::ImportRequest;
pub use load::LoadRequest;
pub use memory::spare_memory;
pub use options::Options;
pub use pull::PullRequest;
pub use push::PushRequest;
pub use registry::{Blob, Manifest};
pub use running::RunOptions;
pub use save::SaveRequest;
pub use strata_builder as builder;
pub use strata_containers as containers;
pub use strata_registry::{FoundRepository, Login};
pub use strata_runtime::shim_main;
pub use system::{Info, Version};
pub use workshop::{MOST_BYTES, MOST_FILES, MOST_WORKSHOPS, WRITTEN_AT_ONCE, Was};
