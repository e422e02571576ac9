//! Where things are.

use std::{env, path::PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the workspace").into()
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The cache of tools, shared by all checkouts: `$STRATA_TOOLS`, or `strata/tools` in the user's cache directory.
pub fn tools() -> PathBuf {
    if let Some(dir) = env::var_os("STRATA_TOOLS").filter(|dir| !dir.is_empty()) {
        return root().join(dir);
    }
    let cache = env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    cache.or_else(home).unwrap_or_else(target).join("strata/tools")
}

/// Binaryen's part of that cache.
pub fn binaryen() -> PathBuf {
    tools().join("binaryen")
}

/// The page as the server embeds it.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The server that `build` makes.
pub fn strata() -> PathBuf {
    target().join("release/strata")
}
