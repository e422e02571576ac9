//! Settings of an engine.

use std::{collections::BTreeMap, path::PathBuf};

/// Where an engine keeps its data and how it talks to registries.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory; made if it isn't there.
    pub data: PathBuf,
    /// Mirrors by registry domain, tried in order before the registry itself: `docker.io` → `["http://mirror:5000"]`.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// Registries (`host[:port]`) that may be spoken to over plain http, besides loopback.
    pub insecure: Vec<String>,
    /// How many layers are taken in at once.
    pub concurrency: usize,
    /// Whether builds may fetch from private networks and this machine.
    pub private_addresses: bool,
    /// Directory of docker's `config.json`; `None` for `$DOCKER_CONFIG` or `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// How many bytes the embedded registry may hold.
    pub registry_quota: Option<u64>,
    /// Registries that the embedded one hands on, by what their repositories' names begin with there: `hub` → `docker.io`.
    pub registry_proxies: BTreeMap<String, String>,
}

impl Options {
    /// Defaults, with data in `data`.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            mirrors: BTreeMap::new(),
            insecure: Vec::new(),
            concurrency: 3,
            private_addresses: false,
            docker_config: None,
            registry_quota: None,
            registry_proxies: BTreeMap::new(),
        }
    }
}
