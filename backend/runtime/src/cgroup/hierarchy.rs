//! Where cgroups are: version 1 has a tree for each controller, version 2 one for all, a hybrid both.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::Id;

/// The name under which the tree of version 2 is kept.
const UNIFIED: &str = "";

/// Mount points by controller; [`UNIFIED`] is version 2's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hierarchies(BTreeMap<String, Mounted>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mounted {
    /// What of the tree is mounted: `/` unless we are in a container ourselves.
    root: PathBuf,
    at: PathBuf,
}

/// A process's directories by controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cgroups(BTreeMap<String, PathBuf>);

impl Hierarchies {
    /// Reads our mount table.
    pub fn probe() -> io::Result<Self> {
        Ok(Self::parse(&fs::read_to_string("/proc/self/mountinfo")?))
    }

    fn parse(mountinfo: &str) -> Self {
        let mut mounts = BTreeMap::new();
        for line in mountinfo.lines() {
            let Some((place, kind)) = line.split_once(" - ") else { continue };
            let mut place = place.split(' ').skip(3);
            let (Some(root), Some(at)) = (place.next(), place.next()) else { continue };
            let mounted = Mounted { root: root.into(), at: at.into() };
            let mut kind = kind.split(' ');
            match (kind.next(), kind.next(), kind.next()) {
                (Some("cgroup2"), ..) => drop(mounts.entry(UNIFIED.to_owned()).or_insert(mounted)),
                (Some("cgroup"), _, Some(options)) => {
                    let controllers =
                        options.split(',').filter(|option| !matches!(*option, "rw" | "ro" | "xattr"));
                    for controller in controllers {
                        mounts.entry(controller.to_owned()).or_insert_with(|| mounted.clone());
                    }
                }
                _ => (),
            }
        }
        Self(mounts)
    }

    /// Whether controllers are on both sides: trees of version 1, and some in the tree of version 2.
    pub fn is_hybrid(&self) -> bool {
        let unified = self.0.get(UNIFIED).map(|mounted| mounted.at.join("cgroup.controllers"));
        let controllers = unified.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        self.0.len() > 1 && !controllers.trim().is_empty()
    }

    /// The directories of a living process.
    pub fn of(&self, pid: i32) -> io::Result<Cgroups> {
        Ok(self.resolve(&fs::read_to_string(format!("/proc/{pid}/cgroup"))?))
    }

    /// From the text of `/proc/<pid>/cgroup`: lines of `number:controllers:path`.
    pub(super) fn resolve(&self, membership: &str) -> Cgroups {
        let mut found = BTreeMap::new();
        for line in membership.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
            for controller in controllers.split(',') {
                let Some(mounted) = self.0.get(controller) else { continue };
                let below = Path::new(path).strip_prefix(&mounted.root).unwrap_or(Path::new(path));
                let below = below.strip_prefix("/").unwrap_or(below);
                found.insert(controller.to_owned(), mounted.at.join(below));
            }
        }
        Cgroups(found)
    }
}

impl Cgroups {
    /// Only a tree of version 2.
    #[cfg(test)]
    pub fn unified_at(directory: &Path) -> Self {
        Self(BTreeMap::from([(UNIFIED.to_owned(), directory.to_owned())]))
    }

    /// The directory of a version 1 controller.
    pub fn v1(&self, controller: &str) -> Option<&Path> {
        self.0.get(controller).map(PathBuf::as_path)
    }

    /// One of the directories, rather of version 1: of version 2 it may be refused.
    pub(super) fn any(&self) -> Option<&Path> {
        self.0.values().next_back().map(PathBuf::as_path)
    }

    /// The directories that bear a container's name: that it alone is in, wherever the runtime made it one.
    pub fn of_container(&self, id: &Id) -> Vec<&Path> {
        let named = |directory: &&Path| directory.file_name().is_some_and(|name| name == id.as_str());
        let mut found: Vec<_> = self.0.values().map(PathBuf::as_path).filter(named).collect();
        found.dedup();
        found
    }

    /// The directory in the tree of version 2.
    pub fn unified(&self) -> Option<&Path> {
        self.0.get(UNIFIED).map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Hierarchies;

    const HYBRID: &str = "\
30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";

    #[test]
    fn finds_a_hybrid_layout() {
        let cgroups =
            Hierarchies::parse(HYBRID).resolve("3:memory:/strata/x\n2:cpu,cpuacct:/strata/x\n0::/\n");
        assert_eq!(cgroups.v1("memory"), Some(Path::new("/sys/fs/cgroup/memory/strata/x")));
        assert_eq!(cgroups.v1("cpuacct"), Some(Path::new("/sys/fs/cgroup/cpu,cpuacct/strata/x")));
        assert_eq!(cgroups.v1("pids"), None);
        assert_eq!(cgroups.unified(), Some(Path::new("/sys/fs/cgroup/unified/")));
    }

    #[test]
    fn sees_through_a_partial_mount() {
        let nested = "34 30 0:30 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
        let cgroups = Hierarchies::parse(nested).resolve("0::/docker/abc/strata/x\n");
        assert_eq!(cgroups.unified(), Some(Path::new("/sys/fs/cgroup/strata/x")));
    }

    #[test]
    fn a_container_owns_what_bears_its_name() {
        let cgroups = Hierarchies::parse(HYBRID)
            .resolve("3:memory:/strata/x\n2:cpu,cpuacct:/strata/x\n1:name=systemd:/y\n0::/\n");
        let own = ["/sys/fs/cgroup/cpu,cpuacct/strata/x", "/sys/fs/cgroup/memory/strata/x"];
        let id = crate::Id::parse("x").expect("an id");
        assert_eq!(cgroups.of_container(&id), own.map(Path::new));
        assert_eq!(cgroups.any(), Some(Path::new("/sys/fs/cgroup/systemd/y")));
    }
}
