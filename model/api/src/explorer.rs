//! What the page asks for under `/api`.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /api/images` | `Vec<ImageCard>`, newest first |
//! | `GET /api/image?ref=REF` | [`ImageDetail`] |
//! | `GET /api/layers/{diff_id}/index` | a `LayerIndex` in its binary encoding, immutable |
//! | `GET /api/layers/{diff_id}/file?path=PATH` | the bytes of a file, with `Range` |
//! | `GET /api/blame?ref=REF&path=PATH` | `Vec<BlameRow>`, bottom layer first |
//! | `GET /api/waste?ref=REF` | [`Waste`] |
//!
//! `REF` is anything docker takes for an image: a name, a pinned name, an id or a unique prefix of one. `PATH` is
//! encoded with [`crate::path::encode`], without a leading slash. Layers are numbered from 0 at the bottom; the page
//! shows them from 1. Layers of images that aren't here: see [`crate::remote`].

use serde::{Deserialize, Serialize};
use strata_oci::{ContainerConfig, DiffId, Digest, ImageId, Platform};

/// An image in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageCard {
    /// Its id.
    pub id: ImageId,
    /// Its names as docker prints them, `demo:latest`; empty for a dangling image.
    pub names: Vec<String>,
    /// RFC 3339 time of creation, if the config has one.
    pub created: Option<String>,
    /// What it runs on.
    pub platform: Platform,
    /// Bytes of its layers as unpacked files.
    pub unpacked: u64,
    /// Bytes of its layers as stored blobs.
    pub stored: u64,
    /// The diff ids of its layers, bottom first.
    pub layers: Vec<DiffId>,
}

/// An image, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageDetail {
    /// What a list shows of it.
    pub card: ImageCard,
    /// `name@sha256:…`, by which it can be pulled again.
    pub repo_digests: Vec<String>,
    /// Its history joined with its layers, oldest first.
    pub rows: Vec<HistoryRow>,
    /// The local image that it was built on, if one is.
    pub base: Option<Base>,
    /// What a container of it starts with.
    pub config: ContainerConfig,
}

/// A local image whose layers are the bottom of another's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its name or short id.
    pub name: String,
    /// How many layers it provides.
    pub layers: usize,
}

/// A row of an image's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// RFC 3339 time.
    pub created: Option<String>,
    /// The instruction, as the config has it; empty if the config has none for this layer.
    pub created_by: String,
    /// A note.
    pub comment: String,
    /// The layer that it made, if it made one.
    pub layer: Option<LayerCard>,
}

/// A layer in a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerCard {
    /// Its place in the stack, 0 at the bottom.
    pub position: usize,
    /// Digest of its uncompressed tar.
    pub diff_id: DiffId,
    /// Digest of its blob, if it has one.
    pub digest: Option<Digest>,
    /// Media type of its blob; empty without one.
    pub media_type: String,
    /// Bytes of its blob.
    pub stored: u64,
    /// Bytes of its files.
    pub unpacked: u64,
    /// How many entries it has.
    pub entries: u64,
    /// Names of the other local images that have it.
    pub shared_with: Vec<String>,
}

/// What a layer did to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Was not below.
    Added,
    /// Was below with other content or of another kind.
    Modified,
    /// Was below with the same content; mode, owner, time or extended attributes differ.
    Metadata,
    /// Was below exactly the same, and is shipped again.
    Same,
    /// Was below and is hidden from here on.
    Deleted,
}

/// One layer's part in the story of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlameRow {
    /// The layer's place in the stack, 0 at the bottom.
    pub position: usize,
    /// The layer.
    pub diff_id: DiffId,
    /// What it did.
    pub change: Change,
    /// The instruction that made the layer.
    pub created_by: String,
    /// Size of the path's content in this layer.
    pub size: u64,
}

/// What an image ships in vain, by dive's definitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waste {
    /// 1.0 if every path is shipped once.
    pub efficiency: f64,
    /// Bytes of all paths that are shipped more than once.
    pub wasted: u64,
    /// `wasted` as a part of everything above the lowest layer.
    pub wasted_of_user: f64,
    /// The paths, most bytes first.
    pub paths: Vec<WastedPath>,
}

/// A path that is shipped more than once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WastedPath {
    /// The path, percent-encoded.
    pub path: String,
    /// Bytes over all layers.
    pub bytes: u64,
    /// The layers that have it, 0 at the bottom, with the bytes each ships.
    pub layers: Vec<(usize, u64)>,
}
