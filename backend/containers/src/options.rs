//! What the containers of a server are made with.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use strata_catalog::Catalog;
use strata_network::Networks;
use strata_oci::{ContainerConfig, ImageId};
use strata_runtime::Supervisor;
use strata_snapshots::Snapshots;

/// The stores that containers are made from; all of one data directory.
#[derive(Clone)]
pub struct Stores {
    /// Records.
    pub catalog: Arc<dyn Catalog>,
    /// File systems.
    pub snapshots: Snapshots,
    /// Networks.
    pub networks: Networks,
    /// Processes.
    pub supervisor: Supervisor,
}

/// Where things are, and who is told.
#[derive(Clone)]
pub struct Options {
    /// The data directory: `containers/` and `volumes/` are in it.
    pub root: PathBuf,
    /// The cgroup below which each container has its own; unique among servers.
    pub cgroup_parent: String,
    /// A statically linked init for `--init`; looked for in `PATH` if none.
    pub init: Option<PathBuf>,
    /// Told what happens, in order. Must not block.
    pub events: Arc<dyn Fn(Event) + Send + Sync>,
}

/// The image that a container is made from.
#[derive(Clone, Debug, Default)]
pub struct BaseImage {
    /// Its id; none for a container without an image.
    pub id: Option<ImageId>,
    /// What it says about its containers.
    pub config: Option<ContainerConfig>,
    /// The directories of its layers, bottom first.
    pub layers: Vec<PathBuf>,
    /// The operating system and architecture, `linux/amd64`, if it isn't this machine's.
    pub foreign_platform: Option<String>,
    /// Whether the container is a build's: its image may have no record yet, and it need not outlive a crash of the machine. One
    /// that is to stay gets its image from [`strata_catalog::Built::containers`]; a restart removes the others.
    pub passing: bool,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// To what sort of thing.
    pub kind: EventKind,
    /// `create`, `start`, `die`, `exec_create: sh`, `health_status: healthy`, …
    pub action: String,
    /// Its id or name.
    pub id: String,
    /// `name`, `image`, `exitCode`, labels, …
    pub attributes: BTreeMap<String, String>,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A container.
    Container,
    /// A volume.
    Volume,
    /// A network.
    Network,
}

impl EventKind {
    /// Docker's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Volume => "volume",
            Self::Network => "network",
        }
    }
}
