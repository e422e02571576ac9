//! What an ordinary user can't have.

use std::{env, path::PathBuf};

use rustix::thread::{CapabilitySet, capabilities};

use crate::NetworkError;

/// Whether this process may change the host's networks and packet filter.
pub fn is_administrator() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::NET_ADMIN))
}

/// Whether this process may make bridges.
///
/// # Errors
/// [`NetworkError::Rootless`] with what is missing and what to do instead.
pub fn check() -> Result<(), NetworkError> {
    if is_administrator() {
        return Ok(());
    }
    let pasta = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|dir| dir.join("pasta"))
        .find(|path: &PathBuf| path.exists());
    let pasta = match pasta {
        Some(path) => format!("{} is here, but is not used for containers yet", path.display()),
        None => "pasta (package passt) is not installed either".to_owned(),
    };
    Err(NetworkError::Rootless(format!(
        "networks of containers need the capability CAP_NET_ADMIN, which this server doesn't have ({pasta}): run it as root, or start the container with --network host or --network none"
    )))
}
