//! Options of the `local` driver: a volume that is something mounted.
//!
//! ```text
//! type   the file system, as `mount -t` has it; with a bind it doesn't matter
//! device what is mounted
//! o      options, as `mount -o` has them: those of mounts in general, the rest for the file system
//! size   a quota, which needs a file system with project quotas
//! ```

use std::{collections::BTreeMap, net::ToSocketAddrs as _};

use rustix::mount::{MountFlags, MountPropagationFlags};

use crate::Error;

const KNOWN: [&str; 4] = ["type", "o", "device", "size"];
/// Options that need others.
const TOGETHER: [(&str, &[&str]); 3] =
    [("device", &["type"]), ("type", &["device"]), ("o", &["device", "type"])];

/// What a volume is mounted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    /// The file system.
    pub kind: String,
    /// What is mounted.
    pub source: String,
    /// How.
    pub flags: MountFlags,
    /// Whether mounts go on into or out of it.
    pub propagation: MountPropagationFlags,
    /// What the file system itself is told.
    pub data: String,
}

/// Reads a volume's options; `None` for one that is a plain directory.
pub(crate) fn parse(options: &BTreeMap<String, String>) -> Result<Option<Device>, Error> {
    if let Some(unknown) = options.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Error::invalid(format!("invalid option: {unknown:?}")));
    }
    for (_, others) in TOGETHER.iter().filter(|(option, _)| options.contains_key(*option)) {
        if let Some(missing) = others.iter().find(|other| !options.contains_key(**other)) {
            return Err(Error::invalid(format!("missing required option: {missing:?}")));
        }
    }
    if let Some(size) = options.get("size") {
        let bytes =
            crate::sizes::parse(size).ok_or_else(|| Error::invalid(format!("invalid size: '{size}'")))?;
        if bytes > 0 {
            return Err(Error::invalid("quota size requested but no quota support"));
        }
    }
    let text = |key: &str| options.get(key).cloned().unwrap_or_default();
    let (kind, source) = (text("type"), text("device"));
    if kind.is_empty() && source.is_empty() {
        return Ok(None);
    }
    let mut device = Device {
        kind,
        source,
        flags: MountFlags::empty(),
        propagation: MountPropagationFlags::empty(),
        data: String::new(),
    };
    for option in text("o").split(',').filter(|option| !option.is_empty()) {
        device.add(option);
    }
    Ok(Some(device))
}

/// Whether a volume with these options can only be memory of its own: nothing of the host is seen through it.
pub fn is_memory(options: &BTreeMap<String, String>) -> bool {
    match parse(options) {
        Ok(None) => true,
        Ok(Some(device)) => {
            device.kind == "tmpfs"
                && !device.flags.intersects(MountFlags::BIND | MountFlags::REC)
                && device.propagation.is_empty()
        }
        // The maker of the volume says why it can't be.
        Err(_) => true,
    }
}

impl Device {
    fn add(&mut self, option: &str) {
        let (set, clear) = match option {
            "defaults" => return,
            "ro" => (MountFlags::RDONLY, MountFlags::empty()),
            "rw" => (MountFlags::empty(), MountFlags::RDONLY),
            "nosuid" => (MountFlags::NOSUID, MountFlags::empty()),
            "suid" => (MountFlags::empty(), MountFlags::NOSUID),
            "nodev" => (MountFlags::NODEV, MountFlags::empty()),
            "dev" => (MountFlags::empty(), MountFlags::NODEV),
            "noexec" => (MountFlags::NOEXEC, MountFlags::empty()),
            "exec" => (MountFlags::empty(), MountFlags::NOEXEC),
            "sync" => (MountFlags::SYNCHRONOUS, MountFlags::empty()),
            "async" => (MountFlags::empty(), MountFlags::SYNCHRONOUS),
            "dirsync" => (MountFlags::DIRSYNC, MountFlags::empty()),
            "mand" => (MountFlags::PERMIT_MANDATORY_FILE_LOCKING, MountFlags::empty()),
            "nomand" => (MountFlags::empty(), MountFlags::PERMIT_MANDATORY_FILE_LOCKING),
            "noatime" => (MountFlags::NOATIME, MountFlags::empty()),
            "atime" => (MountFlags::empty(), MountFlags::NOATIME),
            "nodiratime" => (MountFlags::NODIRATIME, MountFlags::empty()),
            "diratime" => (MountFlags::empty(), MountFlags::NODIRATIME),
            "relatime" => (MountFlags::RELATIME, MountFlags::empty()),
            "norelatime" => (MountFlags::empty(), MountFlags::RELATIME),
            "strictatime" => (MountFlags::STRICTATIME, MountFlags::empty()),
            "nostrictatime" => (MountFlags::empty(), MountFlags::STRICTATIME),
            "bind" => (MountFlags::BIND, MountFlags::empty()),
            "rbind" => (MountFlags::BIND | MountFlags::REC, MountFlags::empty()),
            other => return self.tell(other),
        };
        self.flags |= set;
        self.flags -= clear;
    }

    /// An option that is no flag: a propagation, or one of the file system.
    fn tell(&mut self, option: &str) {
        let (recursive, name) = match option.strip_prefix('r') {
            Some(name @ ("private" | "shared" | "slave" | "unbindable")) => (true, name),
            _ => (false, option),
        };
        let propagation = match name {
            "private" => MountPropagationFlags::PRIVATE,
            "shared" => MountPropagationFlags::SHARED,
            "slave" => MountPropagationFlags::DOWNSTREAM,
            "unbindable" => MountPropagationFlags::UNBINDABLE,
            _ => {
                if !self.data.is_empty() {
                    self.data.push(',');
                }
                self.data += option;
                return;
            }
        };
        self.propagation = propagation;
        if recursive {
            self.propagation |= MountPropagationFlags::REC;
        }
    }

    /// With the name of a server in `addr=` looked up: the kernel knows addresses only.
    pub(crate) fn resolved(&self) -> Result<Self, Error> {
        let mut device = self.clone();
        if !matches!(self.kind.as_str(), "nfs" | "cifs") {
            return Ok(device);
        }
        let mut parts: Vec<String> = self.data.split(',').map(ToOwned::to_owned).collect();
        for name in parts.iter_mut().filter_map(|part| part.starts_with("addr=").then_some(part)) {
            let host = name["addr=".len()..].to_owned();
            let found = (host.as_str(), 0).to_socket_addrs().ok().and_then(|mut found| found.next());
            let found = found.ok_or_else(|| {
                Error::invalid(format!(
                    "error resolving passed in network volume address: {host}: no such host"
                ))
            })?;
            *name = format!("addr={}", found.ip());
        }
        device.data = parts.join(",");
        Ok(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<Device>, String> {
        let options = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        parse(&options).map_err(|error| error.message)
    }

    #[test]
    fn options_are_sorted_into_flags_and_data() {
        let memory =
            read(&[("type", "tmpfs"), ("device", "tmpfs"), ("o", "size=1m,uid=7,nosuid,noexec,exec")]);
        let memory = memory.expect("right").expect("a device");
        assert_eq!((memory.data.as_str(), memory.flags), ("size=1m,uid=7", MountFlags::NOSUID));
        let bind = read(&[("type", "none"), ("device", "/srv"), ("o", "rbind,ro,rshared")]).expect("right");
        let bind = bind.expect("a device");
        assert_eq!(bind.flags, MountFlags::BIND | MountFlags::REC | MountFlags::RDONLY);
        assert_eq!(bind.propagation, MountPropagationFlags::SHARED | MountPropagationFlags::REC);
        assert_eq!((bind.data.as_str(), bind.source.as_str()), ("", "/srv"));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("size", "0")]), Ok(None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (wrong, part) in [
            (&[("nosuch", "1")][..], "invalid option: \"nosuch\""),
            (&[("type", "tmpfs")], "missing required option: \"device\""),
            (&[("device", "/x")], "missing required option: \"type\""),
            (&[("o", "ro")], "missing required option"),
            (&[("size", "x")], "invalid size: 'x'"),
            (&[("size", "1m")], "no quota support"),
        ] {
            assert!(read(wrong).expect_err("refused").contains(part), "{part}");
        }
    }

    #[test]
    fn only_memory_shows_nothing_of_the_host() {
        let is = |pairs: &[(&str, &str)]| {
            is_memory(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
        };
        assert!(is(&[]) && is(&[("type", "tmpfs"), ("device", "x"), ("o", "size=1m")]));
        for o in ["bind", "rbind", "size=1,bind", "shared"] {
            assert!(!is(&[("type", "tmpfs"), ("device", "/"), ("o", o)]), "{o}");
        }
        assert!(!is(&[("type", "none"), ("device", "/"), ("o", "bind")]));
        assert!(!is(&[("type", "ext4"), ("device", "/dev/vda")]));
        assert!(!is(&[("type", "overlay"), ("device", "x"), ("o", "lowerdir=/:/etc")]));
    }

    #[test]
    fn names_of_servers_become_addresses() {
        let share = read(&[("type", "nfs"), ("device", ":/x"), ("o", "addr=localhost,rw")]).expect("right");
        let share = share.expect("a device").resolved().expect("known");
        assert!(["addr=127.0.0.1", "addr=::1"].contains(&share.data.as_str()), "{}", share.data);
    }
}
