//! Which capabilities a process has.

use crate::Error;

/// All that the kernel knows, by number.
const ALL: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// What a container gets unless it asks for more or less: dockerd's set without `MKNOD` and `AUDIT_WRITE`. podman also
/// leaves out `NET_RAW`, but then the ping of busybox fails, with which people try a network.
const DEFAULT: [&str; 12] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// Names with `CAP_` and in capitals, `ALL` left as it is.
pub(crate) fn parse_capabilities(names: &[String]) -> Result<Vec<String>, Error> {
    let normal = |name: &String| {
        let upper = name.to_ascii_uppercase();
        if upper == "ALL" {
            return Ok(upper);
        }
        let full = if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") };
        if ALL.contains(&full.as_str()) {
            return Ok(full);
        }
        Err(Error::invalid(format!("unknown capability: \"{full}\"")))
    };
    names.iter().map(normal).collect()
}

/// The capabilities that follow from what is added to and dropped from the default ones.
///
/// `own` has a bit for each that the engine has itself: the runtime can't give more.
pub(crate) fn capabilities(
    add: &[String],
    drop: &[String],
    privileged: bool,
    own: u64,
) -> Result<Vec<String>, Error> {
    let (add, drop) = (parse_capabilities(add)?, parse_capabilities(drop)?);
    let has = |list: &[String], name: &str| list.iter().any(|given| given == name);
    let (all_added, all_dropped) = (has(&add, "ALL"), has(&drop, "ALL"));
    let wanted = |name: &&&'static str| {
        if privileged {
            return true;
        }
        if all_added {
            return !has(&drop, name);
        }
        has(&add, name) || (!all_dropped && DEFAULT.contains(*name) && !has(&drop, name))
    };
    let ours = ALL.iter().enumerate().filter(|(number, _)| own & (1 << number) != 0).map(|(_, name)| name);
    Ok(ours.filter(wanted).map(|name| (*name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tweak(add: &[&str], drop: &[&str], privileged: bool) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        capabilities(&owned(add), &owned(drop), privileged, u64::MAX).expect("known names")
    }

    #[test]
    fn the_default_set_is_tweaked_as_docker_does() {
        assert_eq!(tweak(&[], &[], false).len(), 12);
        assert_eq!(tweak(&[], &[], true).len(), 41);
        assert_eq!(tweak(&["ALL"], &[], false).len(), 41);
        assert_eq!(tweak(&["all"], &["chown"], false).len(), 40);
        assert!(tweak(&[], &["ALL"], false).is_empty());
        assert_eq!(tweak(&["net_admin"], &["ALL"], false), ["CAP_NET_ADMIN"]);
        let more = tweak(&["NET_ADMIN"], &["CAP_KILL"], false);
        assert!(more.contains(&"CAP_NET_ADMIN".into()) && !more.contains(&"CAP_KILL".into()));
        assert_eq!(capabilities(&[], &[], true, 0b101).expect("known"), ["CAP_CHOWN", "CAP_DAC_READ_SEARCH"]);
        assert!(capabilities(&["x".into()], &[], false, u64::MAX).is_err());
    }
}
