//! `docker info` and `docker version`: what this engine and its machine are.

use std::{collections::BTreeMap, fs};

use serde::Serialize;
use strata_catalog::Catalog as _;
use strata_oci::Platform;
use strata_runtime::RuntimeVersion;

use crate::{Engine, Error};

/// The body of `GET /info`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct Info {
    #[serde(rename = "ID")]
    pub id: String,
    pub containers: u64,
    pub containers_running: u64,
    pub containers_paused: u64,
    pub containers_stopped: u64,
    pub images: u64,
    pub driver: &'static str,
    pub driver_status: Vec<[String; 2]>,
    pub plugins: Plugins,
    pub memory_limit: bool,
    pub swap_limit: bool,
    pub cpu_cfs_period: bool,
    pub cpu_cfs_quota: bool,
    #[serde(rename = "CPUShares")]
    pub cpu_shares: bool,
    #[serde(rename = "CPUSet")]
    pub cpu_set: bool,
    pub pids_limit: bool,
    #[serde(rename = "IPv4Forwarding")]
    pub ipv4_forwarding: bool,
    pub bridge_nf_iptables: bool,
    pub bridge_nf_ip6tables: bool,
    pub debug: bool,
    #[serde(rename = "NFd")]
    pub nfd: u64,
    pub oom_kill_disable: bool,
    pub n_goroutines: u64,
    pub system_time: String,
    pub logging_driver: &'static str,
    pub cgroup_driver: &'static str,
    pub cgroup_version: &'static str,
    pub n_events_listener: u64,
    pub kernel_version: String,
    pub operating_system: String,
    #[serde(rename = "OSVersion")]
    pub os_version: String,
    #[serde(rename = "OSType")]
    pub os_type: &'static str,
    pub architecture: &'static str,
    pub index_server_address: &'static str,
    pub registry_config: RegistryConfig,
    #[serde(rename = "NCPU")]
    pub ncpu: usize,
    pub mem_total: u64,
    pub generic_resources: Option<()>,
    pub docker_root_dir: String,
    pub http_proxy: &'static str,
    pub https_proxy: &'static str,
    pub no_proxy: &'static str,
    pub name: String,
    pub labels: Vec<String>,
    pub experimental_build: bool,
    pub server_version: &'static str,
    pub runtimes: BTreeMap<String, Runtime>,
    pub default_runtime: String,
    pub swarm: Swarm,
    pub live_restore_enabled: bool,
    pub isolation: &'static str,
    pub init_binary: &'static str,
    pub containerd_commit: Commit,
    pub runc_commit: Commit,
    pub init_commit: Commit,
    pub security_options: Vec<String>,
    pub warnings: Vec<String>,
}

/// `Plugins` of [`Info`].
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct Plugins {
    pub volume: Vec<String>,
    pub network: Vec<String>,
    pub authorization: Option<Vec<String>>,
    pub log: Vec<String>,
}

/// `RegistryConfig` of [`Info`].
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct RegistryConfig {
    pub allow_nondistributable_artifacts_hostnames: Vec<String>,
    #[serde(rename = "InsecureRegistryCIDRs")]
    pub insecure_registry_cidrs: Vec<String>,
    pub index_configs: BTreeMap<String, IndexConfig>,
    pub mirrors: Vec<String>,
}

/// A registry in [`RegistryConfig`].
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct IndexConfig {
    pub name: String,
    pub mirrors: Vec<String>,
    pub secure: bool,
    pub official: bool,
}

/// A runtime in [`Info`].
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct Runtime {
    pub path: String,
}

/// `Swarm` of [`Info`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct Swarm {
    #[serde(rename = "NodeID")]
    pub node_id: &'static str,
    pub node_addr: &'static str,
    pub local_node_state: &'static str,
    pub control_available: bool,
    pub error: &'static str,
    pub remote_managers: Option<()>,
}

/// A tool's commit in [`Info`].
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct Commit {
    #[serde(rename = "ID")]
    pub id: String,
    #[serde(rename = "Expected")]
    pub expected: String,
}

/// The body of `GET /version`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct Version {
    pub platform: PlatformName,
    pub components: Vec<Component>,
    pub version: &'static str,
    pub api_version: &'static str,
    #[serde(rename = "MinAPIVersion")]
    pub min_api_version: &'static str,
    pub git_commit: &'static str,
    pub go_version: &'static str,
    pub os: &'static str,
    pub arch: String,
    pub kernel_version: String,
    pub build_time: &'static str,
}

/// `Platform` of [`Version`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct PlatformName {
    pub name: &'static str,
}

/// A component in [`Version`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "named and defined by the Docker Engine API")]
pub struct Component {
    pub name: &'static str,
    pub version: &'static str,
    pub details: BTreeMap<&'static str, String>,
}

/// The newest engine API version that is spoken.
pub const API_VERSION: &str = "1.47";
/// The oldest.
pub const MIN_API_VERSION: &str = "1.24";
const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");
/// What the "Go version" line of `docker version` says here.
const LANGUAGE: &str = "rust";
/// The commit that this was built from; set by `cargo xtask build`.
const COMMIT: &str = match option_env!("STRATA_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
/// That commit's time, RFC 3339.
const BUILD_TIME: &str = match option_env!("STRATA_BUILD_TIME") {
    Some(time) => time,
    None => "unknown",
};

impl Engine {
    /// What `docker version` shows of the server.
    pub fn version(&self) -> Version {
        let kernel = kernel();
        let details = BTreeMap::from([
            ("ApiVersion", API_VERSION.to_owned()),
            ("Arch", Platform::host().architecture),
            ("BuildTime", BUILD_TIME.to_owned()),
            ("Experimental", "false".to_owned()),
            ("GitCommit", COMMIT.to_owned()),
            ("GoVersion", LANGUAGE.to_owned()),
            ("KernelVersion", kernel.clone()),
            ("MinAPIVersion", MIN_API_VERSION.to_owned()),
            ("Os", "linux".to_owned()),
        ]);
        Version {
            platform: PlatformName { name: "Strata" },
            components: vec![Component { name: "Engine", version: OWN_VERSION, details }],
            version: OWN_VERSION,
            api_version: API_VERSION,
            min_api_version: MIN_API_VERSION,
            git_commit: COMMIT,
            go_version: LANGUAGE,
            os: "linux",
            arch: Platform::host().architecture,
            kernel_version: kernel,
            build_time: BUILD_TIME,
        }
    }

    /// What `docker info` shows of the server.
    pub async fn info(&self) -> Result<Info, Error> {
        let images = self.blocking(|inner| Ok(inner.catalog.images()?.len() as u64)).await?;
        let options = &self.inner().options;
        let running = self.running();
        let (running_count, paused, stopped) =
            running.as_ref().map_or((0, 0, 0), |running| running.containers.count());
        let runtime = running.as_ref().ok().map(|running| running.runtime.clone());
        let mut driver_status = vec![["Backing Filesystem".into(), filesystem(&options.data)]];
        let mut warnings = Vec::new();
        match &running {
            Ok(running) => driver_status.push(["Mounted as".into(), running.snapshots.driver().to_string()]),
            Err(error) => warnings.push(format!("WARNING: {error}")),
        }
        let runs = runtime.is_some();
        let limited = running.as_ref().is_ok_and(|running| running.containers.has_limits());
        if runs && !limited {
            let lacking =
                ["memory limit", "swap limit", "cpu cfs quota", "cpu cfs period", "cpu shares", "cpuset"];
            warnings.extend(lacking.iter().map(|what| format!("WARNING: No {what} support")));
        }
        let limits = |name: &str| runs && limited && limits(name);
        let official = IndexConfig {
            name: "docker.io".into(),
            mirrors: options.mirrors.get("docker.io").cloned().unwrap_or_default(),
            secure: true,
            official: true,
        };
        let insecure = options.insecure.iter().map(|name| {
            (name.clone(), IndexConfig { name: name.clone(), secure: false, ..IndexConfig::default() })
        });
        Ok(Info {
            id: self.inner().id.clone(),
            containers: (running_count + paused + stopped) as u64,
            containers_running: running_count as u64,
            containers_paused: paused as u64,
            containers_stopped: stopped as u64,
            images,
            driver: "overlay2",
            driver_status,
            plugins: Plugins {
                volume: vec!["local".into()],
                network: ["bridge", "host", "null"].map(Into::into).into(),
                authorization: None,
                log: ["json-file", "none"].map(Into::into).into(),
            },
            memory_limit: limits("memory"),
            swap_limit: limits("memory"),
            cpu_cfs_period: limits("cpu"),
            cpu_cfs_quota: limits("cpu"),
            cpu_shares: limits("cpu"),
            cpu_set: limits("cpuset"),
            pids_limit: limits("pids"),
            ipv4_forwarding: read("/proc/sys/net/ipv4/ip_forward") == "1",
            bridge_nf_iptables: read("/proc/sys/net/bridge/bridge-nf-call-iptables") == "1",
            bridge_nf_ip6tables: read("/proc/sys/net/bridge/bridge-nf-call-ip6tables") == "1",
            debug: false,
            nfd: fs::read_dir("/proc/self/fd").map_or(0, |dir| dir.count() as u64),
            oom_kill_disable: fs::exists("/sys/fs/cgroup/memory/memory.oom_control").unwrap_or(false),
            n_goroutines: fs::read_dir("/proc/self/task").map_or(0, |dir| dir.count() as u64),
            system_time: jiff::Timestamp::now().to_string(),
            logging_driver: "json-file",
            cgroup_driver: if limited { "cgroupfs" } else { "none" },
            cgroup_version: if fs::exists("/sys/fs/cgroup/cgroup.controllers").unwrap_or(false) {
                "2"
            } else {
                "1"
            },
            n_events_listener: 0,
            kernel_version: kernel(),
            operating_system: operating_system("PRETTY_NAME").unwrap_or_else(|| "Linux".into()),
            os_version: operating_system("VERSION_ID").unwrap_or_default(),
            os_type: "linux",
            architecture: std::env::consts::ARCH,
            index_server_address: "https://index.docker.io/v1/",
            registry_config: RegistryConfig {
                insecure_registry_cidrs: vec!["127.0.0.0/8".into()],
                index_configs: std::iter::once(("docker.io".to_owned(), official)).chain(insecure).collect(),
                mirrors: options.mirrors.get("docker.io").cloned().unwrap_or_default(),
                ..RegistryConfig::default()
            },
            ncpu: std::thread::available_parallelism().map_or(1, usize::from),
            mem_total: memory(),
            generic_resources: None,
            docker_root_dir: options.data.display().to_string(),
            http_proxy: "",
            https_proxy: "",
            no_proxy: "",
            name: read("/proc/sys/kernel/hostname"),
            labels: Vec::new(),
            experimental_build: false,
            server_version: OWN_VERSION,
            runtimes: runtime
                .iter()
                .map(|runtime| (name(runtime), Runtime { path: name(runtime) }))
                .collect(),
            default_runtime: runtime.as_ref().map(name).unwrap_or_default(),
            swarm: Swarm {
                node_id: "",
                node_addr: "",
                local_node_state: "inactive",
                control_available: false,
                error: "",
                remote_managers: None,
            },
            live_restore_enabled: false,
            isolation: "",
            init_binary: "",
            containerd_commit: Commit::default(),
            runc_commit: runtime.as_ref().map(commit).unwrap_or_default(),
            init_commit: Commit::default(),
            security_options: match (runs, limited) {
                (false, _) => Vec::new(),
                (true, true) => vec!["name=seccomp,profile=default".into()],
                (true, false) => vec!["name=seccomp,profile=default".into(), "name=rootless".into()],
            },
            warnings,
        })
    }
}

fn name(runtime: &RuntimeVersion) -> String {
    runtime.kind.name().to_owned()
}

fn commit(runtime: &RuntimeVersion) -> Commit {
    let id = runtime.commit.clone().unwrap_or_else(|| runtime.version.clone());
    Commit { expected: id.clone(), id }
}

/// Whether a cgroup controller is there, of version 1 or 2.
fn limits(controller: &str) -> bool {
    const ROOT: &str = "/sys/fs/cgroup";
    let unified = read(&format!("{ROOT}/cgroup.controllers"));
    unified.split(' ').any(|name| name == controller)
        || fs::exists(format!("{ROOT}/{controller}/cgroup.procs")).unwrap_or(false)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn kernel() -> String {
    read("/proc/sys/kernel/osrelease")
}

fn memory() -> u64 {
    let meminfo = read("/proc/meminfo");
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn operating_system(key: &str) -> Option<String> {
    let release = read("/etc/os-release");
    let value = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

/// The type of the file system that `path` is on: the mount with the longest prefix.
fn filesystem(path: &std::path::Path) -> String {
    let mounts = read("/proc/mounts");
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let holding = mounts.filter(|(at, _)| path.starts_with(at)).max_by_key(|(at, _)| at.len());
    holding.map_or("unknown", |(_, kind)| kind).to_owned()
}
