//! What this machine can do, and small things that only touch files.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::{
    request::Machine,
    spec::{Bounds, Ordinary, subordinate},
};

const CGROUPS: &str = "/sys/fs/cgroup";

/// Looks what the machine can do.
pub(crate) fn probe() -> Machine {
    let unified = Path::new(CGROUPS).join("cgroup.controllers").exists();
    let v1_swap = Path::new(CGROUPS).join("memory/memory.memsw.limit_in_bytes").exists();
    let cpus =
        std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(1));
    let nodes = fs::read_to_string("/sys/devices/system/node/online").unwrap_or_default();
    // `0`, or `0-3`.
    let last_node: Option<u32> = nodes.trim().rsplit('-').next().and_then(|last| last.parse().ok());
    let disk = |file: &str| unified || Path::new(CGROUPS).join("blkio").join(file).exists();
    Machine {
        cpus,
        swap_limit: unified || v1_swap,
        unified,
        limits: ordinary().is_none(),
        nodes: last_node.unwrap_or(0) + 1,
        disk_weight: disk("blkio.weight"),
        device_weight: disk("blkio.weight_device"),
    }
}

/// The capabilities that we may give on, a bit for each: those that the kernel knows and that weren't taken from us.
pub(crate) fn own_capabilities() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapBnd:"));
    line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

/// Who we are, if we aren't root.
pub(crate) fn ordinary() -> Option<Ordinary> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    if uid.is_root() {
        return None;
    }
    let (uid, gid) = (uid.as_raw(), gid.as_raw());
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let own = |line: &&str| line.split(':').nth(2) == Some(&uid.to_string());
    let name = passwd.lines().find(own).and_then(|line| line.split(':').next()).unwrap_or("");
    // Without the two programs that may map them, they are of no use.
    let mapped = program(&["newuidmap"]).is_some() && program(&["newgidmap"]).is_some();
    let range = |path: &str| {
        let file = fs::read_to_string(path).unwrap_or_default();
        subordinate(&file, name, uid).filter(|_| mapped)
    };
    let (sub_uids, sub_gids) = (range("/etc/subuid"), range("/etc/subgid"));
    Some(Ordinary { uid, gid, sub_uids, sub_gids })
}

/// Whether the kernel has AppArmor: the runtime refuses profiles where it hasn't.
pub(crate) fn has_apparmor() -> bool {
    fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.starts_with('Y'))
}

/// What limits us, if we can't raise our limits.
pub(crate) fn bounds() -> Option<Bounds> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    let effective = u64::from_str_radix(effective.trim(), 16).ok()?;
    if effective & (1 << SYS_RESOURCE) != 0 {
        return None;
    }
    let own = fs::read_to_string("/proc/self/oom_score_adj").unwrap_or_default();
    let oom_score_adj = own.trim().parse().unwrap_or(0);
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let rlimits = LIMITS.iter().filter_map(|(title, name)| {
        let line = limits.lines().find_map(|line| line.strip_prefix(title))?;
        // Soft, hard, unit; "unlimited" is no number and no bound.
        let hard = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(((*name).to_owned(), hard))
    });
    Some(Bounds { oom_score_adj, rlimits: rlimits.collect() })
}

/// The number of `CAP_SYS_RESOURCE`.
const SYS_RESOURCE: u32 = 24;

/// Limits as `/proc/self/limits` calls them and as the runtime does.
const LIMITS: [(&str, &str); 16] = [
    ("Max address space", "RLIMIT_AS"),
    ("Max core file size", "RLIMIT_CORE"),
    ("Max cpu time", "RLIMIT_CPU"),
    ("Max data size", "RLIMIT_DATA"),
    ("Max file size", "RLIMIT_FSIZE"),
    ("Max file locks", "RLIMIT_LOCKS"),
    ("Max locked memory", "RLIMIT_MEMLOCK"),
    ("Max msgqueue size", "RLIMIT_MSGQUEUE"),
    ("Max nice priority", "RLIMIT_NICE"),
    ("Max open files", "RLIMIT_NOFILE"),
    ("Max processes", "RLIMIT_NPROC"),
    ("Max resident set", "RLIMIT_RSS"),
    ("Max realtime priority", "RLIMIT_RTPRIO"),
    ("Max realtime timeout", "RLIMIT_RTTIME"),
    ("Max pending signals", "RLIMIT_SIGPENDING"),
    ("Max stack size", "RLIMIT_STACK"),
];

/// The host's name.
pub(crate) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Makes a directory, and those above it, into which only we look.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o711).create(path)
}

/// The first of these programs that is in `PATH`.
pub(crate) fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/sbin:/usr/bin:/sbin:/bin"));
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}
