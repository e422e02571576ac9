//! What the forecast needs to know of the engine: which steps were done, and what names mean now.
//!
//! `GET /api/workshops/{id}/cache?base=REF…` is asked with the images that the text in the editor names (`FROM`,
//! `COPY --from`), which the server may never have seen. The forecast itself is made in the page from this, the text and the
//! context, at every pause in typing; the page asks again after a build, after an image event, and for another base.
//!
//! Keys are those of `strata-dockerfile`, the only definition; here they are opaque.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_oci::{ContainerConfig, ImageId};

/// The engine's part in a forecast.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheState {
    /// What the names asked for mean now, by the names as they were given.
    pub bases: BTreeMap<String, BaseState>,
    /// What was done, newest first: everything that this workshop's builds did, and everything done on one of the bases.
    /// At most 5,000.
    pub records: Vec<StepRecord>,
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

/// A step that was done once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its key.
    pub key: String,
    /// The image that it was done on; `None` on `scratch`.
    pub parent: Option<ImageId>,
    /// Number of the step in the build that did it, from 1; with `workshop` it finds the newest record "of the same step".
    pub step: usize,
    /// The workshop whose build did it; `None` for a `docker build`.
    pub workshop: Option<String>,
    /// The instruction as its history row has it.
    pub instruction: String,
    /// Build arguments that it saw, sorted.
    pub args: Vec<(String, String)>,
    /// For `COPY` and `ADD`: what was copied, sorted; `None` for other steps, and where there were too many to keep.
    pub files: Option<Vec<CopiedFile>>,
    /// The image that came out.
    pub image: ImageId,
    /// Whether that image is still here: only then is the step cached.
    pub alive: bool,
    /// Bytes that its layer added.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// Unix milliseconds when it was done.
    pub at: i64,
}

/// A file that a step copied, as its key saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    /// The path in the context, percent-encoded.
    pub path: String,
    /// What of it counts, as `strata-dockerfile` digests it: type, mode, owner, size, content; no times.
    pub digest: String,
}
