//! What is kept of a container, in memory and in the catalog.

use std::{collections::BTreeMap, time::SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strata_api::engine::{EndpointSettings, HostConfig};
use strata_catalog::{ContainerRecord, Durability};
use strata_network::Endpoint;
use strata_oci::ContainerConfig;

use crate::{Error, Kind, health::Health, ids::short, links::Link, request::MountPlan, state::State};

/// A container, whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its id.
    pub id: String,
    /// Its name, without a slash.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// The id of its image; empty for none.
    pub image: String,
    /// What it runs, completed from the image.
    pub config: ContainerConfig,
    /// Limits, mounts, ports, with defaults.
    pub host: HostConfig,
    /// What it wants of each network, by the network's name.
    pub endpoints: BTreeMap<String, EndpointSettings>,
    /// Its mounts, their sources known.
    pub mounts: Vec<MountPlan>,
    /// The containers of the default network that it knows by further names.
    #[serde(default)]
    pub links: Vec<Link>,
    /// How it is.
    #[serde(default)]
    pub state: State,
    /// What probes say, if it has a healthcheck and was started.
    #[serde(default)]
    pub health: Option<Health>,
    /// Where it is on networks while it runs.
    #[serde(default)]
    pub attached: Vec<Endpoint>,
    /// Restarts by its policy since a client started it.
    #[serde(default)]
    pub restarts: u64,
    /// Whether a client stopped it last.
    #[serde(default)]
    pub stopped: bool,
}

impl Record {
    /// The command with its arguments.
    pub(crate) fn args(&self) -> Vec<String> {
        let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
        [list(&self.config.entrypoint), list(&self.config.cmd)].concat()
    }

    /// Its host name; made of its id unless given.
    pub(crate) fn hostname(&self) -> &str {
        if self.config.hostname.is_empty() { short(&self.id) } else { &self.config.hostname }
    }

    /// Its labels.
    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        self.config.labels.clone().unwrap_or_default()
    }

    /// What its record and files are to outlive. One that goes with its process goes with the machine.
    pub(crate) fn durability(&self) -> Durability {
        if self.host.auto_remove { Durability::Process } else { Durability::Machine }
    }

    /// As the catalog keeps it.
    pub(crate) fn to_catalog(&self) -> Result<ContainerRecord, Error> {
        let image = if self.image.is_empty() { None } else { self.image.parse().ok() };
        Ok(ContainerRecord {
            id: self.id.clone(),
            name: self.name.clone(),
            image,
            created: SystemTime::from(self.created),
            body: self.body()?,
        })
    }

    /// The text of its body.
    pub(crate) fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| {
            Error::new(Kind::Internal, format!("container {} can't be written: {error}", self.id))
        })
    }

    /// As the catalog kept it; its name is the catalog's.
    pub(crate) fn of_catalog(kept: &ContainerRecord) -> Result<Self, Error> {
        let mut record: Self = serde_json::from_str(&kept.body).map_err(|error| {
            Error::new(Kind::Internal, format!("the record of container {} can't be read: {error}", kept.id))
        })?;
        record.name.clone_from(&kept.name);
        Ok(record)
    }
}
