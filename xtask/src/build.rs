//! The page, the server, and the two in one binary.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use strata_oci::{Algorithm, Hasher};

use crate::{
    place,
    setup::npm,
    shell::{cargo, command, output, run, step},
};

/// Builds the page if it changed, then the server around it; gives the binary.
pub fn build() -> Result<PathBuf> {
    page()?;
    step("building the server (release)");
    let mut build = cargo();
    build.args(["build", "--release", "--package", "strata-server"]);
    for (name, format) in [("STRATA_COMMIT", "%h"), ("STRATA_BUILD_TIME", "%cI")] {
        // Not in a checkout without git: then the version says so.
        build.envs(
            output(command("git").args(["log", "-1"]).arg(format!("--format={format}")))
                .map(|text| (name, text)),
        );
    }
    run(&mut build)?;
    let strata = place::strata();
    ensure!(strata.is_file(), "cargo built no {}", strata.display());
    Ok(strata)
}

/// What the page is made of.
const INPUTS: [&str; 10] = [
    "frontend",
    "static",
    "model",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
    // What it is built with.
    "xtask/src/setup/tools.rs",
    "xtask/src/setup/npm.rs",
];

/// Builds the page for release into `dist/`, unless what lies there was built from the same inputs.
///
/// It is built twice: whole, which becomes `whole.html`, and without the workshop and the registries, which is half as large and
/// becomes `index.html`. What both are made of is named by its hash.
pub fn page() -> Result<()> {
    let dist = place::dist();
    // Beside what it vouches for: another checkout may share the target directory.
    let stamp = dist.join(".stamp");
    let inputs = digest_of_inputs()?;
    if dist.join("index.html").is_file() && fs::read_to_string(&stamp).is_ok_and(|old| old == inputs) {
        return Ok(());
    }
    step("building the page (trunk, release)");
    fs::remove_file(&stamp).ok();
    // trunk builds offline, so that it fetches no tools behind our back; crates have to be there.
    run(cargo().args(["fetch", "--locked"]))?;
    let whole = place::target().join("page-whole");
    trunk(&["--dist", &whole.display().to_string()])?;
    trunk(&["--no-default-features"])?;
    adopt(&whole, &dist)?;
    fs::write(stamp, inputs)?;
    Ok(())
}

fn trunk(options: &[&str]) -> Result<()> {
    // trunk takes NO_COLOR for a flag that must be true or false.
    run(command("trunk")
        .args(["build", "--release"])
        .args(options)
        .env_remove("NO_COLOR")
        .env("STRATA_ESBUILD", npm::esbuild())
        .env("STRATA_NODE_MODULES", npm::modules()))
}

/// Puts the whole page beside the smaller one.
fn adopt(whole: &Path, dist: &Path) -> Result<()> {
    for entry in fs::read_dir(whole).with_context(|| format!("cannot read {}", whole.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().replace("index.html", "whole.html");
        fs::copy(entry.path(), dist.join(&name)).with_context(|| format!("cannot copy to dist/{name}"))?;
    }
    Ok(())
}

fn digest_of_inputs() -> Result<String> {
    let mut files = Vec::new();
    for input in INPUTS {
        let path = place::root().join(input);
        if path.exists() {
            collect(&path, &mut files)?;
        }
    }
    files.sort();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        hasher.update(format!("{}\0{}\0", file.display(), bytes.len()).as_bytes());
        hasher.update(&bytes);
    }
    Ok(hasher.finish().to_string())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.into());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        if entry.file_name() != "node_modules" {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}
