//! Debian packages.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use super::For;
use crate::{
    demo::busybox_binary,
    shell::{command, find, is_root, output, run, step},
};

/// A package and how to see that its part is there, by whatever way it came.
struct Package {
    name: &'static str,
    there: fn() -> bool,
}

macro_rules! package {
    ($name:literal, $program:literal) => {
        Package { name: $name, there: || find($program).is_some() }
    };
}

const BUILD: &[Package] = &[
    package!("gcc", "cc"),
    package!("nodejs", "node"),
    Package { name: "busybox-static", there: || busybox_binary().is_ok() },
    // What runs containers; an ordinary user explores without.
    Package { name: "runc", there: || !is_root() || find("runc").is_some() },
    Package { name: "iptables", there: || !is_root() || find("iptables").is_some() },
    // Repositories as contexts of builds.
    package!("git", "git"),
    Package { name: "ca-certificates", there: || Path::new("/etc/ssl/certs/ca-certificates.crt").exists() },
];

const TEST: &[Package] = &[
    package!("docker.io", "dockerd"),
    package!("docker.io", "docker"),
    package!("podman", "podman"),
    package!("skopeo", "skopeo"),
    package!("buildah", "buildah"),
    package!("umoci", "umoci"),
    package!("docker-registry", "docker-registry"),
    package!("chromium", "chromium"),
    package!("chromium-driver", "chromedriver"),
    Package { name: "fonts-noto-cjk", there: || Path::new("/usr/share/fonts/opentype/noto").exists() },
    package!("iproute2", "ip"),
    package!("util-linux", "unshare"),
    package!("mount", "losetup"),
    package!("mmdebstrap", "mmdebstrap"),
    package!("zstd", "zstd"),
    package!("bzip2", "bzip2"),
    package!("xz-utils", "xz"),
    package!("curl", "curl"),
    package!("attr", "setfattr"),
    package!("uidmap", "newuidmap"),
    package!("e2fsprogs", "mkfs.ext4"),
    package!("python3", "python3"),
    Package {
        name: "python3-pip",
        there: || output(command("python3").args(["-m", "pip", "--version"])).is_some(),
    },
];

/// Installs the packages that are missing, or says which command would.
pub fn install(purpose: For) -> Result<()> {
    let wanted = BUILD.iter().chain(if purpose == For::Test { TEST } else { &[] });
    let mut missing: Vec<_> =
        wanted.filter(|package| !(package.there)()).map(|package| package.name).collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if find("apt-get").is_none() {
        bail!("missing, by their Debian names: {list}. Install them with this system's package manager");
    }
    let Some(prefix) = root_prefix() else {
        bail!(
            "some Debian packages are missing; as root, run\n\n    apt-get update && apt-get install -y --no-install-recommends {list}\n"
        );
    };
    step(&format!("installing Debian packages: {list}"));
    let _quiet = NoServices::begin(prefix.is_empty())?;
    let apt = |arguments: &[&str]| {
        let mut words =
            prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]);
        let mut apt = command(words.next().expect("not empty"));
        run(apt.args(words).args(["-o", "Dpkg::Use-Pty=0"]).args(arguments))
    };
    apt(&["update"])?;
    apt(&[&["install", "--no-install-recommends"], missing.as_slice()].concat())?;
    let left: Vec<_> =
        BUILD.iter().chain(TEST).filter(|p| missing.contains(&p.name) && !(p.there)()).collect();
    match left.first() {
        None => Ok(()),
        Some(package) => {
            bail!("package {} is installed, but what it should bring is not there", package.name)
        }
    }
}

/// The words before a command that needs root: none for root, sudo where it asks no password.
fn root_prefix() -> Option<Vec<&'static str>> {
    if is_root() {
        return Some(Vec::new());
    }
    output(command("sudo").args(["-n", "true"])).map(|_| vec!["sudo", "-n"])
}

/// While it lives, packages start no services: the tests start their own daemons, in their own places.
struct NoServices(bool);

const POLICY: &str = "/usr/sbin/policy-rc.d";

impl NoServices {
    fn begin(root: bool) -> Result<Self> {
        if !root || Path::new(POLICY).exists() {
            return Ok(Self(false));
        }
        fs::write(POLICY, "#!/bin/sh\nexit 101\n").with_context(|| format!("cannot write {POLICY}"))?;
        run(command("chmod").args(["755", POLICY]))?;
        Ok(Self(true))
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.0 {
            let _ = fs::remove_file(POLICY);
        }
    }
}
