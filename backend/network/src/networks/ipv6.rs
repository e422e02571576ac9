//! How much IPv6 an interface has.

use std::{fs, io};

use crate::NetworkError;

/// Where there are no IPv6 addresses there shall be no link-local ones either: both ends would answer on those. And
/// nobody takes the way out from a neighbour that calls itself a router; any container could.
pub fn set(interface: &str, wanted: bool) -> Result<(), NetworkError> {
    let settings = if wanted {
        [("disable_ipv6", "0"), ("accept_ra", "0")]
    } else {
        [("accept_ra", "0"), ("disable_ipv6", "1")]
    };
    for (setting, value) in settings {
        let path = format!("/proc/sys/net/ipv6/conf/{interface}/{setting}");
        match fs::write(&path, value) {
            // A kernel without IPv6.
            Err(error) if !wanted && error.kind() == io::ErrorKind::NotFound => {}
            other => {
                other.map_err(|source| NetworkError::Io { action: "write", path: path.into(), source })?;
            }
        }
    }
    Ok(())
}
