//! What the forecast needs to know of the engine: which steps were done, and what names mean now.
//!
//! `GET /api/workshops/{id}/cache?base=REF…` is asked with the images that the text in the editor names (`FROM`,
//! `COPY --from`), which the server may never have seen. The forecast itself is made in the page from this, the text and the
//! context, at every pause in typing; the page asks again after a build, after an image event, and for another base.
//!
//! Records and their keys are those of `strata-dockerfile`, the only definition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_dockerfile::forecast::Record;
use strata_oci::{ContainerConfig, ImageId};

/// The engine's part in a forecast.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheState {
    /// What the names asked for mean now, by the names as they were given.
    pub bases: BTreeMap<String, BaseState>,
    /// What was done, newest first: everything that this workshop's builds did, and everything done on one of the bases.
    /// At most 5,000.
    pub records: Vec<Record>,
    /// Whether there were more than that: then a step without a record may be cached all the same.
    pub truncated: bool,
    /// The engine's own platform, `linux/amd64`: what the platform arguments are.
    pub platform: String,
}

/// What the name of an image means now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BaseState {
    /// It is here.
    Here {
        /// Its id.
        image: ImageId,
        /// What a container of it starts with: its environment is seen by expansion, its triggers run first.
        config: Box<ContainerConfig>,
        /// How many layers it has.
        layers: usize,
        /// Bytes of them.
        bytes: u64,
    },
    /// It isn't here: a build would pull it.
    Absent,
    /// It is no image's name.
    Invalid {
        /// Why.
        message: String,
    },
}
