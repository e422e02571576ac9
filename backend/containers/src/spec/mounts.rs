//! What is mounted in a container: the kernel's file systems, and then what was asked for.

use strata_api::engine::HostConfig;

use super::types::Mount;
use crate::{
    Error, Kind,
    request::{MountKind, MountPlan},
};

/// A file that the engine writes and mounts: `/etc/hosts` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineFile {
    /// On the host.
    pub source: String,
    /// In the container.
    pub destination: &'static str,
}

/// All mounts in order. `shm` is the host path of a `/dev/shm` that others share, if it is shared.
pub(crate) fn mounts(
    host: &HostConfig,
    plans: &[MountPlan],
    files: &[EngineFile],
    shm: Option<&str>,
    init: Option<&str>,
) -> Vec<Mount> {
    let mut own: Vec<Mount> = Vec::new();
    for file in files {
        if !plans.iter().any(|plan| plan.destination == file.destination) {
            let options: &[&str] =
                if host.readonly_rootfs { &["rbind", "ro", "rprivate"] } else { &["rbind", "rprivate"] };
            own.push(bind(&file.source, file.destination, options));
        }
    }
    own.extend(plans.iter().map(planned));
    for (path, options) in host.tmpfs.iter().flatten() {
        own.push(tmpfs(path, options));
    }
    if let Some(shm) = shm
        && !own.iter().any(|mount| mount.destination == "/dev/shm")
    {
        own.push(bind(shm, "/dev/shm", &["rbind", "rprivate"]));
    }
    // Fewer parts first, so that nothing is hidden by what is mounted above it.
    own.sort_by_key(|mount| mount.destination.trim_end_matches('/').matches('/').count());
    let replaced = |destination: &str| own.iter().any(|mount| mount.destination == destination);
    let own_dev = replaced("/dev");
    let mut all: Vec<Mount> = kernel(host)
        .into_iter()
        .filter(|mount| !replaced(&mount.destination))
        .filter(|mount| !(own_dev && mount.destination.starts_with("/dev/")))
        .filter(|mount| !(mount.destination == "/dev/shm" && host.ipc_mode == "none"))
        .collect();
    if host.readonly_rootfs {
        let writable = ["/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"];
        for mount in all.iter_mut().filter(|mount| !writable.contains(&mount.destination.as_str())) {
            if !mount.options.iter().any(|option| option == "ro") {
                mount.options.push("ro".into());
            }
        }
    }
    all.extend(own);
    if let Some(init) = init {
        all.push(bind(init, super::INIT_PATH, &["bind", "ro"]));
    }
    all
}

fn kernel(host: &HostConfig) -> Vec<Mount> {
    let read_only = if host.privileged { "rw" } else { "ro" };
    let mount = |destination: &str, kind: &str, source: &str, options: &[&str]| Mount {
        destination: destination.into(),
        kind: kind.into(),
        source: source.into(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    };
    let shm = format!("size={}", host.shm_size);
    vec![
        mount("/proc", "proc", "proc", &["nosuid", "noexec", "nodev"]),
        mount("/dev", "tmpfs", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount(
            "/dev/pts",
            "devpts",
            "devpts",
            &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        ),
        mount("/sys", "sysfs", "sysfs", &["nosuid", "noexec", "nodev", read_only]),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", &[read_only, "nosuid", "noexec", "nodev"]),
        mount("/dev/mqueue", "mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
        mount("/dev/shm", "tmpfs", "shm", &["nosuid", "noexec", "nodev", "mode=1777", &shm]),
    ]
}

fn planned(plan: &MountPlan) -> Mount {
    if plan.kind == MountKind::Tmpfs {
        return tmpfs(&plan.destination, &plan.options);
    }
    let mut options = vec![if plan.non_recursive { "bind" } else { "rbind" }.to_owned()];
    if !plan.writable {
        options.push("ro".into());
    }
    options.push(if plan.propagation.is_empty() { "rprivate".into() } else { plan.propagation.clone() });
    Mount { destination: plan.destination.clone(), kind: "bind".into(), source: plan.source.clone(), options }
}

/// Refuses options that a tmpfs doesn't have.
pub(crate) fn check_tmpfs(options: &str) -> Result<(), Error> {
    const FLAGS: [&str; 23] = [
        "",
        "defaults",
        "ro",
        "rw",
        "suid",
        "nosuid",
        "dev",
        "nodev",
        "exec",
        "noexec",
        "sync",
        "async",
        "dirsync",
        "remount",
        "mand",
        "nomand",
        "atime",
        "noatime",
        "diratime",
        "nodiratime",
        "relatime",
        "norelatime",
        "strictatime",
    ];
    const VALUES: [&str; 7] = ["mode", "uid", "gid", "size", "nr_inodes", "nr_blocks", "mpol"];
    for option in options.split(',') {
        let parts: Vec<&str> = option.splitn(2, '=').collect();
        let known = match parts[..] {
            [name, _] => VALUES.contains(&name),
            [name] => FLAGS.contains(&name),
            _ => false,
        };
        if !known {
            let words: Vec<String> = parts.iter().map(|part| format!("{part:?}")).collect();
            return Err(Error::new(Kind::Internal, format!("invalid tmpfs option [{}]", words.join(" "))));
        }
    }
    Ok(())
}

/// A tmpfs; of options that contradict each other the last one holds.
fn tmpfs(destination: &str, given: &str) -> Mount {
    let opposite = |option: &str| match option {
        "exec" => Some("noexec"),
        "noexec" => Some("exec"),
        "suid" => Some("nosuid"),
        "nosuid" => Some("suid"),
        "dev" => Some("nodev"),
        "nodev" => Some("dev"),
        "rw" => Some("ro"),
        "ro" => Some("rw"),
        _ => None,
    };
    let mut options: Vec<String> =
        ["noexec", "nosuid", "nodev", "rprivate"].iter().map(|option| (*option).to_owned()).collect();
    for option in given.split(',').filter(|option| !option.is_empty()) {
        let key = |text: &str| text.split_once('=').map(|(key, _)| key.to_owned());
        options.retain(|known| {
            known != option
                && Some(known.as_str()) != opposite(option)
                && (key(option).is_none() || key(known) != key(option))
        });
        options.push(option.to_owned());
    }
    Mount { destination: destination.into(), kind: "tmpfs".into(), source: "tmpfs".into(), options }
}

fn bind(source: &str, destination: &str, options: &[&str]) -> Mount {
    Mount {
        destination: destination.into(),
        kind: "bind".into(),
        source: source.into(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> HostConfig {
        serde_json::from_str(text).expect("valid")
    }

    fn plan(source: &str, destination: &str) -> MountPlan {
        MountPlan {
            source: source.into(),
            destination: destination.into(),
            writable: true,
            propagation: "rprivate".into(),
            ..MountPlan::default()
        }
    }

    fn at<'a>(all: &'a [Mount], destination: &str) -> &'a Mount {
        all.iter().find(|mount| mount.destination == destination).expect(destination)
    }

    #[test]
    fn the_kernels_file_systems_are_dockers() {
        let all = mounts(&host(r#"{"ShmSize":67108864}"#), &[], &[], None, None);
        let where_: Vec<&str> = all.iter().map(|mount| mount.destination.as_str()).collect();
        assert_eq!(
            where_,
            ["/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm"]
        );
        assert!(at(&all, "/dev/shm").options.contains(&"size=67108864".into()));
        assert!(at(&all, "/sys").options.contains(&"ro".into()));
        let privileged = mounts(&host(r#"{"Privileged":true}"#), &[], &[], None, None);
        assert!(!at(&privileged, "/sys").options.contains(&"ro".into()));
        let none = mounts(&host(r#"{"IpcMode":"none"}"#), &[], &[], None, None);
        assert!(!none.iter().any(|mount| mount.destination == "/dev/shm"));
    }

    #[test]
    fn own_mounts_replace_and_follow_in_depth() {
        let plans = [plan("/a", "/x/y/z"), plan("/b", "/x"), plan("/h", "/etc/hosts"), plan("/d", "/dev")];
        let files = [
            EngineFile { source: "/s/hosts".into(), destination: "/etc/hosts" },
            EngineFile { source: "/s/name".into(), destination: "/etc/hostname" },
        ];
        let all = mounts(&host("{}"), &plans, &files, None, None);
        assert!(!all.iter().any(|mount| mount.destination.starts_with("/dev/")));
        assert_eq!(at(&all, "/etc/hosts").source, "/h");
        assert_eq!(at(&all, "/etc/hostname").source, "/s/name");
        let index = |destination: &str| all.iter().position(|mount| mount.destination == destination);
        assert!(index("/x") < index("/x/y/z"));
        assert_eq!(at(&all, "/x").options, ["rbind", "rprivate"]);
    }

    #[test]
    fn a_read_only_root_leaves_proc_and_dev_writable() {
        let all = mounts(&host(r#"{"ReadonlyRootfs":true}"#), &[plan("/b", "/x")], &[], None, None);
        assert!(at(&all, "/sys/fs/cgroup").options.contains(&"ro".into()));
        for path in ["/proc", "/dev", "/dev/shm", "/x"] {
            assert!(!at(&all, path).options.contains(&"ro".into()), "{path}");
        }
    }

    #[test]
    fn options_that_a_tmpfs_has_not_are_refused() {
        assert!(check_tmpfs("").is_ok() && check_tmpfs("size=1m,mode=700,exec").is_ok());
        assert_eq!(check_tmpfs("foo=1").expect_err("unknown").message, r#"invalid tmpfs option ["foo" "1"]"#);
        assert_eq!(check_tmpfs("rw,foo").expect_err("unknown").message, r#"invalid tmpfs option ["foo"]"#);
    }

    #[test]
    fn of_tmpfs_options_the_last_holds() {
        assert_eq!(tmpfs("/t", "").options, ["noexec", "nosuid", "nodev", "rprivate"]);
        assert_eq!(
            tmpfs("/t", "exec,size=1k,size=2k").options,
            ["nosuid", "nodev", "rprivate", "exec", "size=2k"]
        );
    }
}
