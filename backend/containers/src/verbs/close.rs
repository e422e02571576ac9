//! The server stops. Containers live on.

use std::path::{Path, PathBuf};

use crate::Containers;

const CGROUPS: &str = "/sys/fs/cgroup";

impl Containers {
    /// Removes the directory of the runtime's states and the cgroup that all containers' cgroups are in, where there are
    /// no containers. For a server that stops: a start of a container at the same time could find them gone. Blocks for
    /// a moment.
    pub fn close(&self) {
        self.0.stores.supervisor.close();
        for path in parents(&self.0.options.cgroup_parent) {
            // One that isn't empty, or isn't there, stays as it is.
            let _ = std::fs::remove_dir(path);
        }
    }
}

/// A cgroup in every hierarchy: the unified one, and those of the controllers of version 1.
fn parents(name: &str) -> Vec<PathBuf> {
    let name = name.trim_matches('/');
    if name.is_empty() || name.split('/').any(|part| part == "..") {
        return Vec::new();
    }
    let root = Path::new(CGROUPS);
    let controllers = std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> = controllers.map(|controller| controller.join(name)).collect();
    all.push(root.join(name));
    all
}
