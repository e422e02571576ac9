//! The OCI runtime's `config.json` of a container. Decided here from values; nothing is read.

mod capabilities;
mod devices;
mod environment;
mod mounts;
mod resources;
mod rootless;
mod seccomp;
mod syscalls;
pub(crate) mod types;

use std::collections::BTreeMap;

use serde_json::Value;
use strata_api::engine::HostConfig;
use strata_oci::ContainerConfig;

pub(crate) use capabilities::{capabilities, parse_capabilities};
pub(crate) use devices::parse_rule;
pub(crate) use environment::{environment, replace_or_append};
pub(crate) use mounts::{EngineFile, check_tmpfs};
pub(crate) use resources::resources;
pub(crate) use rootless::{Ordinary, subordinate};

use crate::{
    Error,
    request::{ContainerMode, MountPlan, SeccompChoice, Security},
    user::Who,
};
use types::{Capabilities, ConsoleSize, Device, Linux, Namespace, Process, Rlimit, Root, Spec, User};

/// Where an init is mounted.
pub(crate) const INIT_PATH: &str = "/sbin/docker-init";

/// Paths that read as empty: dockerd's and podman's.
pub(crate) const MASKED_PATHS: [&str; 14] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
    "/sys/fs/selinux",
    "/sys/dev/block",
];

/// Paths that can't be written.
pub(crate) const READONLY_PATHS: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// What a spec is made from.
pub(crate) struct Input<'a> {
    /// The container's id.
    pub id: &'a str,
    /// What to run.
    pub config: &'a ContainerConfig,
    /// Limits, mounts, modes.
    pub host: &'a HostConfig,
    /// The command with its arguments.
    pub args: &'a [String],
    /// Variables that its links give it.
    pub links: &'a [String],
    /// Its host name.
    pub hostname: &'a str,
    /// The merged file system on the host.
    pub rootfs: String,
    /// Who it runs as.
    pub who: Who,
    /// Its mounts with their sources.
    pub mounts: &'a [MountPlan],
    /// Files that the engine writes.
    pub files: &'a [EngineFile],
    /// Its security options.
    pub security: &'a Security,
    /// A shared `/dev/shm` on the host.
    pub shm: Option<String>,
    /// An init on the host.
    pub init: Option<String>,
    /// Namespaces of others that it joins: kind and path.
    pub joined: Vec<(&'static str, String)>,
    /// Devices of the host.
    pub devices: Vec<Device>,
    /// Limits in the runtime's terms, with device rules besides the default ones.
    pub resources: types::Resources,
    /// The cgroup below which its own is.
    pub cgroup_parent: &'a str,
    /// The capabilities that the engine has itself, a bit for each.
    pub own_capabilities: u64,
    /// What limits the engine itself, if it can't raise its limits.
    pub bounds: Option<Bounds>,
    /// Who the engine is, if it isn't root.
    pub ordinary: Option<Ordinary>,
}

/// What limits an engine without `CAP_SYS_RESOURCE`: its containers can't have more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bounds {
    /// Its own `oom_score_adj`.
    pub oom_score_adj: i64,
    /// Its own hard limits, by the runtime's names.
    pub rlimits: BTreeMap<String, u64>,
}

impl Bounds {
    fn apply(&self, process: &mut Process) {
        process.oom_score_adj = process.oom_score_adj.map(|wanted| wanted.max(self.oom_score_adj));
        for limit in &mut process.rlimits {
            let most = self.rlimits.get(&limit.kind).copied().unwrap_or(u64::MAX);
            limit.hard = limit.hard.min(most);
            limit.soft = limit.soft.min(limit.hard);
        }
    }
}

/// Makes the spec.
pub(crate) fn build(input: Input<'_>) -> Result<Spec, Error> {
    let (config, host) = (input.config, input.host);
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    let granted =
        capabilities(&list(&host.cap_add), &list(&host.cap_drop), host.privileged, input.own_capabilities)?;
    let uts_of_host = host.uts_mode == "host";
    let mut args = Vec::new();
    if input.init.is_some() {
        args.extend([INIT_PATH.to_owned(), "--".into()]);
    }
    args.extend_from_slice(input.args);
    let mut process = Process {
        terminal: config.tty,
        console_size: console_size(host.console_size),
        user: user(&input.who),
        args,
        env: environment(config.env.as_deref().unwrap_or_default(), input.links, input.hostname, config.tty),
        cwd: if config.working_dir.is_empty() { "/".into() } else { config.working_dir.clone() },
        capabilities: granted_to(&granted),
        rlimits: rlimits(host)?,
        no_new_privileges: input.security.no_new_privileges,
        apparmor_profile: input.security.apparmor.clone(),
        oom_score_adj: Some(host.oom_score_adj),
    };
    if let Some(bounds) = &input.bounds {
        bounds.apply(&mut process);
    }
    let mut resources = input.resources;
    let own_rules = std::mem::take(&mut resources.devices);
    resources.devices =
        if host.privileged { devices::all_rules() } else { [devices::default_rules(), own_rules].concat() };
    let unmasked = host.privileged;
    let mut spec = Spec {
        oci_version: "1.0.2",
        process,
        root: Root { path: input.rootfs, readonly: host.readonly_rootfs },
        hostname: if uts_of_host { String::new() } else { input.hostname.to_owned() },
        mounts: mounts::mounts(host, input.mounts, input.files, input.shm.as_deref(), input.init.as_deref()),
        annotations: host.annotations.clone().unwrap_or_default(),
        linux: Linux {
            uid_mappings: Vec::new(),
            gid_mappings: Vec::new(),
            cgroups_path: cgroups_path(host, input.cgroup_parent, input.id),
            namespaces: namespaces(host, &input.joined),
            devices: input.devices,
            resources,
            sysctl: sysctls(config, host),
            seccomp: seccomp_for(&input.security.seccomp, host.privileged, &granted)?,
            rootfs_propagation: propagation(input.mounts),
            masked_paths: if unmasked { Vec::new() } else { list(&host.masked_paths) },
            readonly_paths: if unmasked { Vec::new() } else { list(&host.readonly_paths) },
        },
    };
    if let Some(ordinary) = &input.ordinary {
        ordinary.apply(&mut spec);
    }
    Ok(spec)
}

/// The process of an exec: that of the container, with what the request changes.
pub(crate) fn granted_to(granted: &[String]) -> Capabilities {
    Capabilities { bounding: granted.to_vec(), effective: granted.to_vec(), permitted: granted.to_vec() }
}

pub(crate) fn user(who: &Who) -> User {
    User { uid: who.uid, gid: who.gid, additional_gids: who.groups.clone() }
}

/// Height and width of a terminal, if they are given.
pub(crate) fn console_size([height, width]: [u16; 2]) -> Option<ConsoleSize> {
    (height > 0 && width > 0).then_some(ConsoleSize { height, width })
}

fn seccomp_for(choice: &SeccompChoice, privileged: bool, granted: &[String]) -> Result<Option<Value>, Error> {
    match choice {
        SeccompChoice::Unconfined => Ok(None),
        SeccompChoice::Default if privileged => Ok(None),
        SeccompChoice::Default => Ok(Some(seccomp::default_profile(granted))),
        SeccompChoice::Profile(text) => seccomp::profile(text, granted).map(Some),
    }
}

/// The cgroup of a container. A parent of a client's choosing stays below the root.
pub(crate) fn cgroups_path(host: &HostConfig, parent: &str, id: &str) -> String {
    let given = host.resources.cgroup_parent.as_str();
    let parent = if given.is_empty() { parent } else { given };
    let parts = parent.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let clean: Vec<&str> = parts.collect();
    format!("/{}/{id}", clean.join("/"))
}

fn namespaces(host: &HostConfig, joined: &[(&'static str, String)]) -> Vec<Namespace> {
    let own = |kind: &'static str| Namespace { kind, path: String::new() };
    let is_host = |mode: &str| ContainerMode::of(mode) == ContainerMode::Host;
    let mut all = vec![own("mount")];
    let modes = [
        ("network", is_host(&host.network_mode)),
        ("uts", host.uts_mode == "host"),
        ("pid", is_host(&host.pid_mode)),
        ("ipc", is_host(&host.ipc_mode)),
        ("cgroup", host.cgroupns_mode != "private"),
    ];
    for (kind, shared) in modes {
        match joined.iter().find(|(other, _)| *other == kind) {
            Some((_, path)) => all.push(Namespace { kind, path: path.clone() }),
            None if !shared => all.push(own(kind)),
            None => {}
        }
    }
    all
}

fn sysctls(config: &ContainerConfig, host: &HostConfig) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    if matches!(ContainerMode::of(&host.network_mode), ContainerMode::Other(_)) {
        // Ping without NET_RAW, and ports below 1024 without NET_BIND_SERVICE.
        all.insert("net.ipv4.ping_group_range".to_owned(), "0 2147483647".to_owned());
        all.insert("net.ipv4.ip_unprivileged_port_start".to_owned(), "0".to_owned());
    }
    if !config.domainname.is_empty() && host.uts_mode != "host" {
        all.insert("kernel.domainname".to_owned(), config.domainname.clone());
    }
    all.extend(host.sysctls.clone().unwrap_or_default());
    all
}

pub(crate) fn rlimits(host: &HostConfig) -> Result<Vec<Rlimit>, Error> {
    const KNOWN: [&str; 16] = [
        "as",
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];
    let limit = |limit: &strata_api::engine::Ulimit| {
        let name = limit.name.to_ascii_lowercase();
        if !KNOWN.contains(&name.as_str()) {
            return Err(Error::invalid(format!("invalid ulimit type: {}", limit.name)));
        }
        // -1 is no limit, and is what a largest unsigned number means to the kernel.
        let (hard, soft) = (limit.hard.cast_unsigned(), limit.soft.cast_unsigned());
        Ok(Rlimit { kind: format!("RLIMIT_{}", name.to_ascii_uppercase()), hard, soft: soft.min(hard) })
    };
    host.resources.ulimits.iter().flatten().map(limit).collect()
}

/// A shared or slave mount needs a root that lets it through.
fn propagation(mounts: &[MountPlan]) -> String {
    let any = |suffix: &str| mounts.iter().any(|mount| mount.propagation.ends_with(suffix));
    match (any("shared"), any("slave")) {
        (true, _) => "shared".into(),
        (false, true) => "rslave".into(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
