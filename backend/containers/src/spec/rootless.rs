//! What is different where the engine is an ordinary user's: a user namespace, and nothing that only root may do.

use super::types::{IdMapping, Linux, Mount, Namespace, Resources, Spec};

/// Who the engine runs as, and the ids that it may give out besides its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ordinary {
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Subordinate users, the first and how many, as `/etc/subuid` has them.
    pub sub_uids: Option<(u32, u32)>,
    /// Subordinate groups.
    pub sub_gids: Option<(u32, u32)>,
}

impl Ordinary {
    /// Makes a spec one that an ordinary user can run. Limits are left out: without a delegated cgroup there are none.
    pub(crate) fn apply(&self, spec: &mut Spec) {
        let linux = &mut spec.linux;
        linux.namespaces.push(Namespace { kind: "user", path: String::new() });
        linux.uid_mappings = mappings(self.uid, self.sub_uids);
        linux.gid_mappings = mappings(self.gid, self.sub_gids);
        linux.cgroups_path.clear();
        linux.resources = Resources::default();
        drop_forbidden_sysctls(linux);
        if self.sub_gids.is_none() {
            // The kernel lets nobody set groups where only one is mapped.
            spec.process.user.additional_gids.clear();
        }
        spec.mounts.retain(|mount| !mount.destination.starts_with("/sys/") && mount.destination != "/sys");
        for mount in &mut spec.mounts {
            self.keep_mapped_options(mount);
        }
        let after_proc =
            spec.mounts.iter().position(|mount| mount.destination == "/proc").map_or(0, |at| at + 1);
        spec.mounts.insert(after_proc, host_sys());
    }

    /// Owners that aren't mapped can't be asked for.
    fn keep_mapped_options(&self, mount: &mut Mount) {
        mount.options.retain(|option| {
            (self.sub_gids.is_some() || !option.starts_with("gid="))
                && (self.sub_uids.is_some() || !option.starts_with("uid="))
        });
    }
}

fn mappings(own: u32, sub: Option<(u32, u32)>) -> Vec<IdMapping> {
    let mut all = vec![IdMapping { container_id: 0, host_id: own, size: 1 }];
    all.extend(sub.map(|(first, size)| IdMapping { container_id: 1, host_id: first, size }));
    all
}

/// Those of the kernel as a whole belong to root.
fn drop_forbidden_sysctls(linux: &mut Linux) {
    linux.sysctl.retain(|name, _| name.starts_with("net."));
    // Its range is of ids that may not be mapped.
    linux.sysctl.remove("net.ipv4.ping_group_range");
}

/// A new sysfs needs a network namespace of one's own; the host's, read-only, always works.
fn host_sys() -> Mount {
    Mount {
        destination: "/sys".into(),
        kind: "none".into(),
        source: "/sys".into(),
        options: ["rbind", "nosuid", "noexec", "nodev", "ro"].map(str::to_owned).to_vec(),
    }
}

/// The range of a user in `/etc/subuid` or `/etc/subgid`, by name or number.
pub(crate) fn subordinate(file: &str, name: &str, id: u32) -> Option<(u32, u32)> {
    file.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (owner == name || owner.parse() == Ok(id)).then_some((first, count)).filter(|(_, count)| *count > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::subordinate;

    #[test]
    fn ranges_are_found_by_name_or_number() {
        let file = "root:1:2\nme:100000:65536\n1001:200000:10\nbad line\nnone:5:0\n";
        assert_eq!(subordinate(file, "me", 1000), Some((100_000, 65536)));
        assert_eq!(subordinate(file, "other", 1001), Some((200_000, 10)));
        assert_eq!(subordinate(file, "none", 7), None);
        assert_eq!(subordinate(file, "nobody", 65534), None);
    }
}
