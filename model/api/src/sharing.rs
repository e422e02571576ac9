//! Which images share which layers, and what removing images would free.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /api/sharing` | [`SharingMap`] |
//! | `GET /api/removal?image=REF&image=REF` | [`Removal`] |

use serde::{Deserialize, Serialize};
use strata_oci::{DiffId, ImageId};

/// All images with their layers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SharingMap {
    /// Every layer that an image has, once.
    pub layers: Vec<MapLayer>,
    /// The images, newest first.
    pub images: Vec<MapImage>,
    /// Bytes of the files of all layers, each counted once: what `docker system df` says of images.
    pub total: u64,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapLayer {
    /// Digest of its uncompressed tar.
    pub diff_id: DiffId,
    /// Bytes of its files.
    pub unpacked: u64,
    /// The instruction that made it, as the newest image that has it tells.
    pub created_by: String,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapImage {
    /// Its id.
    pub id: ImageId,
    /// Its names as docker prints them; empty for a dangling image.
    pub names: Vec<String>,
    /// Its layers as places in [`SharingMap::layers`], bottom first.
    pub layers: Vec<usize>,
    /// Bytes of its layers' files.
    pub size: u64,
    /// Bytes of those that another image has too: `SHARED SIZE` of `docker system df -v`. The rest is its `UNIQUE SIZE`.
    pub shared: u64,
}

/// What removing images would do, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Bytes in all.
    pub frees: u64,
    /// Of these, layers' files.
    pub files: u64,
    /// Of these, stored blobs: compressed layers, manifests, configs.
    pub blobs: u64,
    /// The layers that go.
    pub layers: Vec<DiffId>,
    /// The images that go, with those that they were made from and that nobody else needs.
    pub images: Vec<ImageId>,
    /// How many of the given only lose a name, because their image has others.
    pub untagged: usize,
    /// What would be refused.
    pub refused: Vec<Refused>,
}

/// An image that would not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// As it was asked for.
    pub image: String,
    /// Why, in dockerd's words.
    pub reason: String,
}
