//! `GET /containers/{id}/json`.

use std::collections::BTreeMap;

use strata_oci::ContainerConfig;

use super::{
    endpoints::{EndpointSettings, PortMap},
    host_config::HostConfig,
    images::GraphDriver,
    mounts::MountPoint,
    null::wire,
};

wire! {
    /// Everything about a container.
    pub struct ContainerInspect {
        /// Its id.
        pub id: String,
        /// RFC 3339 time.
        pub created: String,
        /// What is run.
        pub path: String,
        /// With what arguments.
        pub args: Vec<String>,
        /// How it is.
        pub state: ContainerState,
        /// The image's id.
        pub image: String,
        /// File behind `/etc/resolv.conf`.
        pub resolv_conf_path: String,
        /// File behind `/etc/hostname`.
        pub hostname_path: String,
        /// File behind `/etc/hosts`.
        pub hosts_path: String,
        /// Its log.
        pub log_path: String,
        /// Its name, with a slash before.
        pub name: String,
        /// Restarts by its policy.
        pub restart_count: u64,
        /// The storage driver.
        pub driver: String,
        /// `linux`.
        pub platform: String,
        /// SELinux label of its mounts.
        pub mount_label: String,
        /// SELinux label of its processes.
        pub process_label: String,
        /// AppArmor profile.
        pub app_armor_profile: String,
        /// Commands under way in it.
        #[serde(rename = "ExecIDs")]
        pub exec_ids: Option<Vec<String>>,
        /// Limits, mounts, ports.
        pub host_config: HostConfig,
        /// Where its layers are.
        pub graph_driver: GraphDriver,
        /// Bytes of its writable layer, if asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub size_rw: Option<u64>,
        /// The same with its image.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub size_root_fs: Option<u64>,
        /// Its mounts.
        pub mounts: Vec<MountPoint>,
        /// What it runs.
        pub config: ContainerConfig,
        /// Its networks.
        pub network_settings: NetworkSettings,
    }
}

wire! {
    /// How a container is.
    pub struct ContainerState {
        /// `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`.
        pub status: String,
        /// Whether it has a process; also while paused or restarting.
        pub running: bool,
        /// Whether its processes are frozen.
        pub paused: bool,
        /// Whether its policy is about to start it again.
        pub restarting: bool,
        /// Whether its memory ran out.
        #[serde(rename = "OOMKilled")]
        pub oom_killed: bool,
        /// Whether it could not be removed wholly.
        pub dead: bool,
        /// Its first process on the host; 0 if none.
        pub pid: i64,
        /// Of its last end.
        pub exit_code: i64,
        /// Why it could not be started.
        pub error: String,
        /// RFC 3339 time; year 1 if never.
        pub started_at: String,
        /// RFC 3339 time; year 1 if never.
        pub finished_at: String,
        /// What probes say.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub health: Option<Health>,
    }
}

wire! {
    /// What probes say.
    pub struct Health {
        /// `starting`, `healthy`, `unhealthy`.
        pub status: String,
        /// Failures in a row.
        pub failing_streak: u64,
        /// The last few, oldest first.
        pub log: Vec<HealthcheckResult>,
    }
}

wire! {
    /// One probe.
    pub struct HealthcheckResult {
        /// RFC 3339 time.
        pub start: String,
        /// RFC 3339 time.
        pub end: String,
        /// 0 is healthy, -1 a timeout.
        pub exit_code: i64,
        /// What it printed, shortened.
        pub output: String,
    }
}

wire! {
    /// Networks of a container; the fields outside `networks` are those of the default bridge.
    pub struct NetworkSettings {
        /// Unused.
        pub bridge: String,
        /// Id of its network namespace.
        #[serde(rename = "SandboxID")]
        pub sandbox_id: String,
        /// Unused.
        pub hairpin_mode: bool,
        /// Unused.
        #[serde(rename = "LinkLocalIPv6Address")]
        pub link_local_ipv6_address: String,
        /// Unused.
        #[serde(rename = "LinkLocalIPv6PrefixLen")]
        pub link_local_ipv6_prefix_len: u8,
        /// Published and exposed ports.
        pub ports: PortMap,
        /// File of its network namespace.
        pub sandbox_key: String,
        /// Unused.
        #[serde(rename = "SecondaryIPAddresses")]
        pub secondary_ip_addresses: Option<Vec<Address>>,
        /// Unused.
        #[serde(rename = "SecondaryIPv6Addresses")]
        pub secondary_ipv6_addresses: Option<Vec<Address>>,
        /// As in [`EndpointSettings`].
        #[serde(rename = "EndpointID")]
        pub endpoint_id: String,
        /// As in [`EndpointSettings`].
        pub gateway: String,
        /// As in [`EndpointSettings`].
        #[serde(rename = "GlobalIPv6Address")]
        pub global_ipv6_address: String,
        /// As in [`EndpointSettings`].
        #[serde(rename = "GlobalIPv6PrefixLen")]
        pub global_ipv6_prefix_len: u8,
        /// As in [`EndpointSettings`].
        #[serde(rename = "IPAddress")]
        pub ip_address: String,
        /// As in [`EndpointSettings`].
        #[serde(rename = "IPPrefixLen")]
        pub ip_prefix_len: u8,
        /// As in [`EndpointSettings`].
        #[serde(rename = "IPv6Gateway")]
        pub ipv6_gateway: String,
        /// As in [`EndpointSettings`].
        pub mac_address: String,
        /// By network name.
        pub networks: BTreeMap<String, EndpointSettings>,
    }
}

wire! {
    /// An address with the bits of its network.
    pub struct Address {
        /// The address.
        pub addr: String,
        /// Bits.
        pub prefix_len: u8,
    }
}
