//! Docker's defaults for what a host config leaves open. They are kept and shown by inspect.

use strata_api::engine::HostConfig;

use crate::spec::{MASKED_PATHS, READONLY_PATHS};

/// Bytes of `/dev/shm`.
const SHM_SIZE: i64 = 64 << 20;

/// Fills the defaults in. `unified` says that the machine has cgroup v2.
pub(crate) fn adapt(host: &mut HostConfig, unified: bool, unconfined_paths: bool) {
    if host.resources.memory > 0 && host.resources.memory_swap == 0 {
        host.resources.memory_swap = host.resources.memory * 2;
    }
    if host.resources.pids_limit == Some(0) {
        host.resources.pids_limit = None;
    }
    if host.resources.memory_swappiness == Some(-1) {
        host.resources.memory_swappiness = None;
    }
    if host.shm_size == 0 {
        host.shm_size = SHM_SIZE;
    }
    let default = |field: &mut String, value: &str| {
        if field.is_empty() {
            value.clone_into(field);
        }
    };
    default(&mut host.ipc_mode, "private");
    default(&mut host.cgroupns_mode, if unified { "private" } else { "host" });
    default(&mut host.network_mode, "default");
    default(&mut host.runtime, "runc");
    default(&mut host.log_config.kind, "json-file");
    host.log_config.config.get_or_insert_default();
    host.resources.oom_kill_disable.get_or_insert(false);
    if unconfined_paths {
        host.masked_paths.get_or_insert_default();
        host.readonly_paths.get_or_insert_default();
    }
    if !host.privileged {
        let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        host.masked_paths.get_or_insert_with(|| owned(&MASKED_PATHS));
        host.readonly_paths.get_or_insert_with(|| owned(&READONLY_PATHS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_dockers_and_what_is_given_stays() {
        let mut host = HostConfig::default();
        host.resources.memory = 64 << 20;
        adapt(&mut host, false, false);
        assert_eq!(host.resources.memory_swap, 128 << 20);
        assert_eq!(
            (host.shm_size, host.ipc_mode.as_str(), host.cgroupns_mode.as_str()),
            (SHM_SIZE, "private", "host")
        );
        assert!(
            host.masked_paths.as_ref().is_some_and(|paths| paths.iter().any(|path| path == "/proc/kcore"))
        );
        let mut given = HostConfig { ipc_mode: "host".into(), privileged: true, ..HostConfig::default() };
        adapt(&mut given, true, false);
        assert_eq!((given.ipc_mode.as_str(), given.cgroupns_mode.as_str()), ("host", "private"));
        assert_eq!(given.masked_paths, None);
    }
}
