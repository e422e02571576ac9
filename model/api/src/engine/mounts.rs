//! Mounts: as they are asked for, and as they came about.

use std::collections::BTreeMap;

use super::null::wire;

wire! {
    /// A mount of `HostConfig.Mounts` (`docker run --mount`).
    pub struct Mount {
        /// `bind`, `volume`, `tmpfs`.
        #[serde(rename = "Type", skip_serializing_if = "String::is_empty")]
        pub kind: String,
        /// Path on the host or name of a volume.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub source: String,
        /// Path in the container.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub target: String,
        /// Whether it can't be written.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub read_only: bool,
        /// A hint for other systems; has no effect.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub consistency: String,
        /// For binds.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub bind_options: Option<BindOptions>,
        /// For volumes.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub volume_options: Option<VolumeOptions>,
        /// For tmpfs.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tmpfs_options: Option<TmpfsOptions>,
    }
}

wire! {
    /// Options of a bind.
    pub struct BindOptions {
        /// `rprivate`, `rslave`, …
        #[serde(skip_serializing_if = "String::is_empty")]
        pub propagation: String,
        /// Leave out what is mounted below the source.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub non_recursive: bool,
        /// Make the source a directory if it is absent.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub create_mountpoint: bool,
    }
}

wire! {
    /// Options of a volume.
    pub struct VolumeOptions {
        /// Don't fill it from the image.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub no_copy: bool,
        /// Labels of a volume that this creates.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub labels: Option<BTreeMap<String, String>>,
        /// The directory of the volume that is mounted in place of the whole of it; since version 1.45.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub subpath: String,
        /// Driver of a volume that this creates.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub driver_config: Option<DriverConfig>,
    }
}

wire! {
    /// A volume driver with its options.
    pub struct DriverConfig {
        /// `local`.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub name: String,
        /// Its options.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub options: Option<BTreeMap<String, String>>,
    }
}

wire! {
    /// Options of a tmpfs.
    pub struct TmpfsOptions {
        /// Largest size in bytes.
        #[serde(skip_serializing_if = "is_zero")]
        pub size_bytes: i64,
        /// Mode of its root, as a number.
        #[serde(skip_serializing_if = "is_zero_mode")]
        pub mode: u32,
    }
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn is_zero_mode(mode: &u32) -> bool {
    *mode == 0
}

wire! {
    /// A mount of a container, as inspect and list show it.
    pub struct MountPoint {
        /// `bind`, `volume`, `tmpfs`.
        #[serde(rename = "Type", skip_serializing_if = "String::is_empty")]
        pub kind: String,
        /// Name of the volume.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub name: String,
        /// Path on the host.
        pub source: String,
        /// Path in the container.
        pub destination: String,
        /// Driver of the volume.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub driver: String,
        /// Options as they were given.
        pub mode: String,
        /// Whether it can be written.
        #[serde(rename = "RW")]
        pub writable: bool,
        /// How mounts propagate.
        pub propagation: String,
    }
}
