//! The few npm packages that the page's JavaScript is made of, in exact versions, and the bundler.
//!
//! They are fetched one by one, not by npm: none of them depends on another.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};

use super::tools::fetch;
use crate::{
    place,
    shell::{command, run, step},
};

/// A package of the npm registry.
struct Package {
    /// Where it lies below `node_modules`.
    name: &'static str,
    version: &'static str,
    integrity: &'static str,
}

const XTERM: Package = Package {
    name: "@xterm/xterm",
    version: "6.0.0",
    integrity: "sha512-TQwDdQGtwwDt+2cgKDLn0IRaSxYu1tSUjgKarSDkUM0ZNiSRXFpjxEsvc/Zgc5kq5omJ+V0a8/kIM2WD3sMOYg==",
};
const FIT: Package = Package {
    name: "@xterm/addon-fit",
    version: "0.11.0",
    integrity: "sha512-jYcgT6xtVYhnhgxh3QgYDnnNMYTcf8ElbxxFzX0IZo+vabQqSPAjC3c1wJrKB5E19VwQei89QCiZZP86DCPF7g==",
};
#[cfg(target_arch = "aarch64")]
const ESBUILD: Package = Package {
    name: "@esbuild/linux-arm64",
    version: "0.28.2",
    integrity: "sha512-pW4AC0P3it8c7do9MVM4p51FzHzdM/TZrerurgRcHJ2WTa1VQ1CIq18xncfpBJw4ojkiZZrKW2yIBWBP92j6Ug==",
};
#[cfg(not(target_arch = "aarch64"))]
const ESBUILD: Package = Package {
    name: "@esbuild/linux-x64",
    version: "0.28.2",
    integrity: "sha512-4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
};

/// Where the packages are: a directory per set of versions, so that checkouts that want others don't quarrel.
pub fn modules() -> PathBuf {
    let versions = [XTERM, FIT, ESBUILD].map(|package| package.version).join("-");
    place::tools().join("npm").join(versions).join("node_modules")
}

/// The bundler.
pub fn esbuild() -> PathBuf {
    modules().join(ESBUILD.name).join("bin/esbuild")
}

/// Fetches what is missing.
pub fn install() -> Result<()> {
    for package in [XTERM, FIT, ESBUILD] {
        let target = modules().join(package.name);
        if target.join("package.json").is_file() {
            continue;
        }
        step(&format!("fetching {} {} from npm", package.name, package.version));
        let place = target.parent().expect("packages have a scope");
        fs::create_dir_all(place).with_context(|| format!("cannot create {}", place.display()))?;
        let bare = package.name.rsplit('/').next().unwrap_or(package.name);
        let scratch = place.join(format!(".{bare}-{}", std::process::id()));
        fs::create_dir_all(&scratch)?;
        let tarball = scratch.join("package.tgz");
        let path = format!("{}/-/{bare}-{}.tgz", package.name, package.version);
        fetch(&path, package.integrity, &tarball)
            .with_context(|| format!("cannot fetch {} from the npm registry", package.name))?;
        run(command("tar")
            .args(["--no-same-owner", "--strip-components=1", "-xzf"])
            .arg(&tarball)
            .arg("-C")
            .arg(&scratch))?;
        fs::remove_file(tarball)?;
        // Another checkout may have been quicker.
        if fs::rename(&scratch, &target).is_err() && !target.join("package.json").is_file() {
            bail!("cannot move {} to {}", scratch.display(), target.display());
        }
        fs::remove_dir_all(&scratch).ok();
    }
    Ok(())
}
