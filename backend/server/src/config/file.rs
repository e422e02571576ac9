//! `strata.toml`.
//!
//! ```toml
//! data = "/srv/strata"
//! socket = "/run/strata.sock"
//! listen = "127.0.0.1:7878"
//! insecure-registries = ["registry.lan:5000"]
//! allowed-hosts = ["strata.lan"]
//! max-concurrent-downloads = 3
//! runtime = "runc"
//! build-private-addresses = false
//! log = "info"
//! registry-accounts = "/etc/strata/registry-accounts"
//! registry-tokens = true
//! registry-quota = 100000000000
//!
//! [registry-proxies]
//! "hub" = "docker.io"
//!
//! [mirrors]
//! "docker.io" = ["https://mirror.example"]
//! ```

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use thiserror::Error;

/// What a settings file can say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct File {
    /// Data directory.
    pub data: Option<PathBuf>,
    /// Unix socket.
    pub socket: Option<PathBuf>,
    /// TCP address.
    pub listen: Option<SocketAddr>,
    /// Mirrors by registry domain.
    pub mirrors: Option<BTreeMap<String, Vec<String>>>,
    /// Registries without TLS.
    pub insecure_registries: Option<Vec<String>>,
    /// Further names of the page.
    pub allowed_hosts: Option<Vec<String>>,
    /// Layers at once.
    pub max_concurrent_downloads: Option<u16>,
    /// The OCI runtime that containers are run with.
    pub runtime: Option<PathBuf>,
    /// Whether builds may fetch from private networks and this machine.
    pub build_private_addresses: Option<bool>,
    /// Log filter.
    pub log: Option<String>,
    /// The registry's accounts.
    pub registry_accounts: Option<PathBuf>,
    /// Whether clients of the registry with accounts are told to fetch tokens.
    pub registry_tokens: Option<bool>,
    /// Bytes that the registry may hold.
    pub registry_quota: Option<u64>,
    /// Registries that ours hands on, by the prefix that they have here.
    pub registry_proxies: Option<BTreeMap<String, String>>,
}

/// Why a settings file can't be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// It can't be read.
    #[error("cannot read the settings file {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// It is not as it should be; the source names line, column and key.
    #[error("the settings file {} is wrong", .0.display())]
    Parse(PathBuf, #[source] toml::de::Error),
}

impl File {
    /// Reads `path`; a file that is not there says nothing if `may_be_missing`.
    pub fn read(path: &Path, may_be_missing: bool) -> Result<Self, FileError> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| FileError::Parse(path.into(), error)),
            Err(error) if may_be_missing && error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(FileError::Read(path.into(), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_line_of_the_example() {
        let source = include_str!("file.rs");
        let example: String = source
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| format!("{}\n", line.trim_start_matches("//!")))
            .collect();
        let file: File = toml::from_str(&example).expect("the documented example is valid");
        assert_eq!(file.listen, Some("127.0.0.1:7878".parse().expect("valid")));
        assert_eq!(file.max_concurrent_downloads, Some(3));
        assert_eq!(file.mirrors.expect("given")["docker.io"], ["https://mirror.example"]);
        assert!(file.data.is_some() && file.socket.is_some() && file.log.is_some());
        assert!(file.insecure_registries.is_some() && file.allowed_hosts.is_some());
    }

    #[test]
    fn a_wrong_key_is_named() {
        let error = toml::from_str::<File>("lisetn = \"127.0.0.1:1\"").expect_err("no such key");
        assert!(error.to_string().contains("lisetn"), "{error}");
    }
}
