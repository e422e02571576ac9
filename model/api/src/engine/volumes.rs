//! Volumes.

use std::collections::BTreeMap;

use super::null::wire;

wire! {
    /// A volume.
    pub struct Volume {
        /// RFC 3339 time.
        pub created_at: String,
        /// `local`.
        pub driver: String,
        /// Labels; `null` if none were given.
        pub labels: Option<BTreeMap<String, String>>,
        /// Its directory on the host.
        pub mountpoint: String,
        /// Its name.
        pub name: String,
        /// Options of the driver; `null` if none were given.
        pub options: Option<BTreeMap<String, String>>,
        /// `local`.
        pub scope: String,
        /// How it is used, in `GET /system/df`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub usage_data: Option<VolumeUsage>,
    }
}

wire! {
    /// How a volume is used.
    pub struct VolumeUsage {
        /// Containers that mount it.
        pub ref_count: i64,
        /// Bytes.
        pub size: i64,
    }
}

wire! {
    /// `GET /volumes`.
    pub struct VolumeList {
        /// Sorted by name.
        pub volumes: Vec<Volume>,
        /// What could not be listed.
        pub warnings: Option<Vec<String>>,
    }
}

wire! {
    /// `POST /volumes/create`.
    pub struct VolumeCreate {
        /// Name; empty for a made-up one.
        pub name: String,
        /// `local` or empty.
        pub driver: String,
        /// Options of the driver.
        pub driver_opts: Option<BTreeMap<String, String>>,
        /// Labels.
        pub labels: Option<BTreeMap<String, String>>,
    }
}

wire! {
    /// `POST /volumes/prune`.
    pub struct VolumesPruned {
        /// Names of what was removed; `null` if nothing.
        pub volumes_deleted: Option<Vec<String>>,
        /// Bytes freed.
        pub space_reclaimed: u64,
    }
}
