//! Images.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_oci::{ContainerConfig, DiffId, ImageId};

use super::{ContainerSummary, Volume};

/// A row of `GET /images/json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageSummary {
    /// Containers that use it; -1 if not counted.
    pub containers: i64,
    /// Unix seconds.
    pub created: i64,
    /// Its id.
    pub id: ImageId,
    /// Labels of its config.
    pub labels: Option<BTreeMap<String, String>>,
    /// Always empty: parents are only known of images that a classic builder made.
    pub parent_id: String,
    /// `name@sha256:…`.
    pub repo_digests: Vec<String>,
    /// `name:tag`.
    pub repo_tags: Vec<String>,
    /// Bytes that other images share; -1 if not asked for.
    pub shared_size: i64,
    /// Bytes of its unpacked layers.
    pub size: u64,
    /// The same, for clients before API 1.44.
    pub virtual_size: u64,
}

/// `GET /images/{name}/json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageInspect {
    /// Its id.
    pub id: ImageId,
    /// `name:tag`.
    pub repo_tags: Vec<String>,
    /// `name@sha256:…`.
    pub repo_digests: Vec<String>,
    /// Always empty, see [`ImageSummary::parent_id`].
    pub parent: String,
    /// Note of the last commit.
    pub comment: String,
    /// RFC 3339 time.
    pub created: String,
    /// Container that a commit was made from.
    pub container: String,
    /// Its config.
    pub container_config: ContainerConfig,
    /// Engine that made the image.
    pub docker_version: String,
    /// Who made it.
    pub author: String,
    /// What a container starts with.
    pub config: ContainerConfig,
    /// CPU architecture.
    pub architecture: String,
    /// CPU variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Operating system.
    pub os: String,
    /// Bytes of its unpacked layers.
    pub size: u64,
    /// The same, for clients before API 1.44.
    pub virtual_size: u64,
    /// Where its layers are on disk.
    pub graph_driver: GraphDriver,
    /// Its layers.
    #[serde(rename = "RootFS")]
    pub root_fs: RootFs,
    /// What is known of it beyond its config.
    pub metadata: Metadata,
}

/// Where layers are on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GraphDriver {
    /// `LowerDir`, `UpperDir`, … as overlay2 names them.
    pub data: BTreeMap<String, String>,
    /// `overlay2`.
    pub name: String,
}

/// `RootFS` of an inspected image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RootFs {
    /// `layers`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Diff ids, bottom first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<DiffId>,
}

/// `Metadata` of an inspected image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metadata {
    /// RFC 3339 time of the last `docker tag`; year 1 if there was none.
    pub last_tag_time: String,
}

/// A row of `GET /images/{name}/history`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HistoryItem {
    /// The image's id in the first row, `<missing>` in the others.
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    /// The instruction.
    pub created_by: String,
    /// Names, in the first row.
    pub tags: Option<Vec<String>>,
    /// Bytes of the row's layer.
    pub size: u64,
    /// A note.
    pub comment: String,
}

/// What `DELETE /images/{name}` did, one step each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removed {
    /// A name is gone.
    Untagged(String),
    /// An image (its id) or a layer (its chain id) is gone.
    Deleted(String),
}

/// `POST /images/prune`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PruneReport {
    /// What was removed; `null` if nothing.
    pub images_deleted: Option<Vec<Removed>>,
    /// Bytes freed.
    pub space_reclaimed: u64,
}

/// `GET /system/df`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DiskUsage {
    /// Bytes of all layers, each counted once.
    pub layers_size: u64,
    /// Images with `SharedSize` and `Containers` counted.
    pub images: Vec<ImageSummary>,
    /// Containers.
    pub containers: Vec<ContainerSummary>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Build cache.
    pub build_cache: Vec<serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removals_are_spelled_as_dockerd_spells_them() {
        let report =
            PruneReport { images_deleted: Some(vec![Removed::Untagged("a:b".into())]), space_reclaimed: 7 };
        let text = serde_json::to_string(&report).expect("serialises");
        assert_eq!(text, r#"{"ImagesDeleted":[{"Untagged":"a:b"}],"SpaceReclaimed":7}"#);
    }
}
