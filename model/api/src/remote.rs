//! An image of a registry, looked into without being pulled.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /api/remote?ref=REF[&platform=PLATFORM]` | [`Told`](crate::registry::Told)`<`[`RemoteImage`]`>` |
//! | `GET /api/layers/{diff_id}/reading?from=FROM` | [`Reading`] on lines, until the layer's index is known; who leaves stops it |
//! | `GET /api/layers/{diff_id}/index?from=FROM` | as for a layer that is here; the layer is read first if it must be |
//! | `GET /api/layers/{diff_id}/file?path=PATH&from=FROM` | as for a layer that is here; the layer is read up to the file |
//!
//! `REF` is what `docker pull` takes. `FROM` is [`RemoteImage::from`], the image that has the layer: what is here already, or known,
//! isn't asked for there. Of a layer only the index is kept, and for a while.

use serde::{Deserialize, Serialize};
use strata_oci::{Digest, Platform};

use crate::explorer::ImageDetail;

/// An image of a registry, by its manifest and config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteImage {
    /// As of an image that is here. Of a layer that isn't known, `unpacked` and `entries` are 0.
    pub detail: ImageDetail,
    /// `host/repository@sha256:…` of its manifest.
    pub from: String,
    /// Whether the index of each layer is known, bottom first: for those nothing is fetched.
    pub known: Vec<bool>,
    /// The images that the reference stands for, if it is an index: one for each platform.
    pub platforms: Vec<Offer>,
    /// A name by which this very image is here.
    pub here: Option<String>,
}

/// An image of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What it is for.
    pub platform: Platform,
    /// Digest of its manifest.
    pub digest: Digest,
}

/// How far the reading of a layer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Others are before it.
    Waiting,
    /// So many bytes of its blob came.
    Running {
        /// Bytes.
        received: u64,
        /// Of so many.
        size: u64,
    },
    /// Its index is known.
    Done,
    /// It can't be read, for this reason.
    Failed(String),
}
