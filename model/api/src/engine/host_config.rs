//! What a container takes from its host.

use std::collections::BTreeMap;

use super::{endpoints::PortMap, mounts::Mount, null::wire};

wire! {
    /// `HostConfig` of create and inspect.
    pub struct HostConfig {
        /// `source:target[:options]`.
        pub binds: Option<Vec<String>>,
        /// File where the CLI writes the id.
        #[serde(rename = "ContainerIDFile")]
        pub container_id_file: String,
        /// How logs are kept.
        pub log_config: LogConfig,
        /// `default`, `bridge`, `host`, `none`, `container:…`, or a network's name.
        pub network_mode: String,
        /// Published ports.
        pub port_bindings: Option<PortMap>,
        /// What happens when it ends.
        pub restart_policy: RestartPolicy,
        /// Remove it when it ends.
        pub auto_remove: bool,
        /// Driver of volumes that `binds` create.
        pub volume_driver: String,
        /// Containers whose mounts it gets, `name[:ro|rw]`.
        pub volumes_from: Option<Vec<String>>,
        /// Capabilities on top of the default ones.
        pub cap_add: Option<Vec<String>>,
        /// Default capabilities that it doesn't get.
        pub cap_drop: Option<Vec<String>>,
        /// `private`, `host`.
        pub cgroupns_mode: String,
        /// Name servers.
        pub dns: Option<Vec<String>>,
        /// Options of the resolver.
        pub dns_options: Option<Vec<String>>,
        /// Domains to search.
        pub dns_search: Option<Vec<String>>,
        /// `name:address`.
        pub extra_hosts: Option<Vec<String>>,
        /// Further groups of the process.
        pub group_add: Option<Vec<String>>,
        /// `none`, `private`, `shareable`, `host`, `container:…`.
        pub ipc_mode: String,
        /// Another container's cgroup; not supported by dockerd either.
        pub cgroup: String,
        /// `container:alias`.
        pub links: Option<Vec<String>>,
        /// Preference when memory runs out, -1000 to 1000.
        pub oom_score_adj: i64,
        /// Empty, `host`, `container:…`.
        pub pid_mode: String,
        /// All capabilities and devices.
        pub privileged: bool,
        /// Publish all exposed ports.
        pub publish_all_ports: bool,
        /// Mount the root file system read-only.
        pub readonly_rootfs: bool,
        /// `no-new-privileges`, `seccomp=…`, …
        pub security_opt: Option<Vec<String>>,
        /// Options of the storage driver.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub storage_opt: Option<BTreeMap<String, String>>,
        /// Path → options of a tmpfs.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tmpfs: Option<BTreeMap<String, String>>,
        /// Empty or `host`.
        #[serde(rename = "UTSMode")]
        pub uts_mode: String,
        /// Empty or `host`.
        pub userns_mode: String,
        /// Bytes of `/dev/shm`.
        pub shm_size: i64,
        /// Kernel parameters of its namespaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub sysctls: Option<BTreeMap<String, String>>,
        /// OCI runtime.
        #[serde(skip_serializing_if = "String::is_empty")]
        pub runtime: String,
        /// Height and width of the first terminal.
        pub console_size: [u16; 2],
        /// For Windows.
        pub isolation: String,
    }
    .. {
        /// Limits.
        pub resources: Resources,
        /// `--mount`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mounts: Option<Vec<Mount>>,
        /// Paths that read as empty; `null` for the default ones.
        pub masked_paths: Option<Vec<String>>,
        /// Paths that can't be written; `null` for the default ones.
        pub readonly_paths: Option<Vec<String>>,
        /// Run an init as process 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub init: Option<bool>,
        /// Annotations for the runtime.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub annotations: Option<BTreeMap<String, String>>,
    }
}

wire! {
    /// How logs are kept.
    pub struct LogConfig {
        /// `json-file`, `local`, `none`.
        #[serde(rename = "Type")]
        pub kind: String,
        /// `max-size`, `max-file`, …
        pub config: Option<BTreeMap<String, String>>,
    }
}

wire! {
    /// What happens when a container ends.
    pub struct RestartPolicy {
        /// Empty or `no`, `always`, `on-failure`, `unless-stopped`.
        pub name: String,
        /// For `on-failure`: how often; 0 for ever.
        pub maximum_retry_count: i64,
    }
}

wire! {
    /// Limits of a container.
    pub struct Resources {
        /// Weight among containers.
        pub cpu_shares: i64,
        /// Bytes of memory.
        pub memory: i64,
        /// Billionths of a CPU.
        pub nano_cpus: i64,
        /// Parent cgroup.
        pub cgroup_parent: String,
        /// Weight of its block IO, 10 to 1000.
        pub blkio_weight: u16,
        /// Weight per device.
        pub blkio_weight_device: Option<Vec<WeightDevice>>,
        /// Bytes read per second.
        pub blkio_device_read_bps: Option<Vec<ThrottleDevice>>,
        /// Bytes written per second.
        pub blkio_device_write_bps: Option<Vec<ThrottleDevice>>,
        /// Reads per second.
        #[serde(rename = "BlkioDeviceReadIOps")]
        pub blkio_device_read_iops: Option<Vec<ThrottleDevice>>,
        /// Writes per second.
        #[serde(rename = "BlkioDeviceWriteIOps")]
        pub blkio_device_write_iops: Option<Vec<ThrottleDevice>>,
        /// Period of the quota, microseconds.
        pub cpu_period: i64,
        /// Microseconds of CPU in a period.
        pub cpu_quota: i64,
        /// Period of real-time scheduling. Go doesn't mind how a field is written, so docker-py writes it in its own way.
        #[serde(alias = "CPURealtimePeriod")]
        pub cpu_realtime_period: i64,
        /// Real-time share of it.
        #[serde(alias = "CPURealtimeRuntime")]
        pub cpu_realtime_runtime: i64,
        /// CPUs it may use, `0-2,4`.
        pub cpuset_cpus: String,
        /// Memory nodes it may use.
        pub cpuset_mems: String,
        /// Devices of the host.
        pub devices: Option<Vec<DeviceMapping>>,
        /// Further device rules, `c 1:3 rwm`.
        pub device_cgroup_rules: Option<Vec<String>>,
        /// GPUs and the like.
        pub device_requests: Option<Vec<DeviceRequest>>,
        /// Bytes of kernel memory; kernels ignore it since 5.4.
        pub kernel_memory: i64,
        /// Bytes of kernel memory for TCP.
        #[serde(rename = "KernelMemoryTCP")]
        pub kernel_memory_tcp: i64,
        /// Bytes it is pushed down to under pressure.
        pub memory_reservation: i64,
        /// Bytes of memory and swap; -1 for no limit.
        pub memory_swap: i64,
        /// 0 to 100.
        pub memory_swappiness: Option<i64>,
        /// Don't kill it when its memory runs out.
        pub oom_kill_disable: Option<bool>,
        /// Processes; 0 or -1 for no limit.
        pub pids_limit: Option<i64>,
        /// Limits per process.
        pub ulimits: Option<Vec<Ulimit>>,
        /// For Windows.
        pub cpu_count: i64,
        /// For Windows.
        pub cpu_percent: i64,
        /// For Windows.
        #[serde(rename = "IOMaximumIOps")]
        pub io_maximum_iops: u64,
        /// For Windows.
        #[serde(rename = "IOMaximumBandwidth")]
        pub io_maximum_bandwidth: u64,
    }
}

wire! {
    /// A weight of a block device.
    pub struct WeightDevice {
        /// The device.
        pub path: String,
        /// Its weight.
        pub weight: u16,
    }
}

wire! {
    /// A rate of a block device.
    pub struct ThrottleDevice {
        /// The device.
        pub path: String,
        /// Per second.
        pub rate: u64,
    }
}

wire! {
    /// A device of the host.
    pub struct DeviceMapping {
        /// Where it is.
        pub path_on_host: String,
        /// Where it appears.
        pub path_in_container: String,
        /// `rwm` or a part of it.
        pub cgroup_permissions: String,
    }
}

wire! {
    /// Devices from a driver.
    pub struct DeviceRequest {
        /// `nvidia`, …
        pub driver: String,
        /// How many; -1 for all.
        pub count: i64,
        /// Which.
        #[serde(rename = "DeviceIDs")]
        pub device_ids: Option<Vec<String>>,
        /// What they must be able to do: any of these, all of each.
        pub capabilities: Option<Vec<Vec<String>>>,
        /// Options of the driver.
        pub options: Option<BTreeMap<String, String>>,
    }
}

wire! {
    /// A limit per process.
    pub struct Ulimit {
        /// `nofile`, …
        pub name: String,
        /// What can't be exceeded.
        pub hard: i64,
        /// What holds at the start.
        pub soft: i64,
    }
}
