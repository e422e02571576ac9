//! What to build, and how.

use std::collections::BTreeMap;

use strata_api::engine::Resources;

/// Settings of a build; the defaults are those of `docker build .`.
#[derive(Clone, Debug)]
pub struct Options {
    /// An id by which it can be stopped, if it has one.
    pub id: Option<String>,
    /// Path of the Dockerfile in the context.
    pub dockerfile: String,
    /// The names that the image gets.
    pub tags: Vec<String>,
    /// Build arguments; one without a value is one that the client's environment doesn't have.
    pub args: BTreeMap<String, Option<String>>,
    /// The stage to stop at, by name or number; the last one if there is none.
    pub target: Option<String>,
    /// Runs every step.
    pub no_cache: bool,
    /// Asks the registries for newer base images.
    pub pull: bool,
    /// Removes the containers of steps that went well.
    pub remove: bool,
    /// Removes the containers of all steps.
    pub force_remove: bool,
    /// Labels that the image gets.
    pub labels: BTreeMap<String, String>,
    /// Images whose steps count as done before, and then no others do.
    pub cache_from: Vec<String>,
    /// The network of the steps: `default`, `none`, `host`, or a network's name.
    pub network: String,
    /// `os/architecture[/variant]` of the base images; the machine's own if there is none.
    pub platform: Option<String>,
    /// Joins all layers that the build makes to one.
    pub squash: bool,
    /// Limits of each step.
    pub resources: Resources,
    /// Bytes of `/dev/shm`; 0 for the default.
    pub shm_size: i64,
    /// `name:address`.
    pub extra_hosts: Vec<String>,
    /// Security options of the steps.
    pub security: Vec<String>,
    /// Whether steps may have nothing of the host, such as its network: whoever asks is a page.
    pub contained: bool,
    /// What is shown to registries that bases are pulled from, by their domains: the text of an `X-Registry-Auth` header.
    pub logins: BTreeMap<String, String>,
    /// Contents of `RUN --mount=type=secret`, by id.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// The workshop that it is of.
    pub workshop: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            id: None,
            dockerfile: String::new(),
            tags: Vec::new(),
            args: BTreeMap::new(),
            target: None,
            no_cache: false,
            pull: false,
            remove: true,
            force_remove: false,
            labels: BTreeMap::new(),
            cache_from: Vec::new(),
            network: "default".into(),
            platform: None,
            squash: false,
            resources: Resources::default(),
            shm_size: 0,
            extra_hosts: Vec::new(),
            security: Vec::new(),
            contained: false,
            logins: BTreeMap::new(),
            secrets: BTreeMap::new(),
            workshop: None,
        }
    }
}
