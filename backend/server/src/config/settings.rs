//! The settings in force.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use anyhow::{Context, bail};

use super::{File, Home, ServeFlags};

const PORT: u16 = 7878;
const DOCKER_HUB: &str = "docker.io";

/// A mirror as the command line gives it: `URL` or `REGISTRY=URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The registry that it mirrors.
    pub registry: String,
    /// Where it is.
    pub url: String,
}

impl FromStr for Mirror {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (registry, url) = match text.split_once('=') {
            Some((registry, url)) if !registry.contains("://") => (registry, url),
            _ => (DOCKER_HUB, text),
        };
        check_mirror(url)?;
        Ok(Self { registry: registry.into(), url: url.into() })
    }
}

/// A registry that ours hands on, as the command line gives it: `PREFIX=REGISTRY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// What its repositories' names begin with here.
    pub prefix: String,
    /// Its domain.
    pub registry: String,
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((prefix, registry))
                if !prefix.is_empty() && !registry.is_empty() && !registry.contains('/') =>
            {
                Ok(Self { prefix: prefix.into(), registry: registry.into() })
            }
            _ => Err(format!("{text:?} is not PREFIX=REGISTRY, such as hub=docker.io")),
        }
    }
}

fn check_mirror(url: &str) -> Result<(), String> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(()),
        _ => Err(format!("{url:?} is not a mirror: expected http://HOST[:PORT] or https://HOST[:PORT]")),
    }
}

/// Everything `strata serve` needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Data directory.
    pub data: PathBuf,
    /// Unix socket.
    pub socket: PathBuf,
    /// TCP address, a loopback one.
    pub listen: SocketAddr,
    /// Mirrors by registry domain.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// Registries without TLS.
    pub insecure_registries: Vec<String>,
    /// Further names of the page.
    pub allowed_hosts: Vec<String>,
    /// Layers at once.
    pub max_concurrent_downloads: usize,
    /// The OCI runtime that containers are run with.
    pub runtime: PathBuf,
    /// Whether builds may fetch from private networks and this machine.
    pub build_private_addresses: bool,
    /// Log filter.
    pub log: String,
    /// File with the registry's accounts.
    pub registry_accounts: Option<PathBuf>,
    /// Whether clients of the registry with accounts are told to fetch tokens.
    pub registry_tokens: bool,
    /// Bytes that the registry may hold.
    pub registry_quota: Option<u64>,
    /// Registries that ours hands on, by the prefix that they have here.
    pub registry_proxies: BTreeMap<String, String>,
}

impl Settings {
    /// Reads the settings file and joins it with flags and defaults of this process.
    pub fn resolve(flags: ServeFlags) -> anyhow::Result<Self> {
        let home = Home::here();
        let file = match (&flags.config, home.config()) {
            (Some(path), _) => File::read(path, false)?,
            (None, Some(path)) => File::read(&path, true)?,
            (None, None) => File::default(),
        };
        Self::join(flags, file, &home)
    }

    /// The flag (or its variable), else the file, else the default.
    fn join(flags: ServeFlags, file: File, home: &Home) -> anyhow::Result<Self> {
        let data = match flags.data.or(file.data) {
            Some(data) => data,
            None => home.data()?,
        };
        let data =
            std::path::absolute(&data).with_context(|| format!("the data directory {}", data.display()))?;
        let listen = flags.listen.or(file.listen).unwrap_or_else(|| (Ipv4Addr::LOCALHOST, PORT).into());
        if !listen.ip().is_loopback() {
            bail!(
                "{listen} can be reached from other machines, and for that the page needs TLS and a password, which \
                 this version doesn't have: listen on 127.0.0.1 or [::1], and use ssh -L to come from elsewhere"
            );
        }
        let mirrors = flags.mirrors.map(by_registry).or(file.mirrors).unwrap_or_default();
        for url in mirrors.values().flatten() {
            check_mirror(url).map_err(anyhow::Error::msg)?;
        }
        let accounts = flags.registry_accounts.or(file.registry_accounts);
        let tokens = flags.registry_tokens.or(file.registry_tokens).unwrap_or_default();
        if tokens && accounts.is_none() {
            bail!(
                "registry-tokens is for a registry with accounts: say with registry-accounts where they are"
            );
        }
        let downloads = flags.max_concurrent_downloads.or(file.max_concurrent_downloads).unwrap_or(3);
        Ok(Self {
            socket: flags.socket.or(file.socket).unwrap_or_else(|| home.socket(&data)),
            listen,
            mirrors,
            insecure_registries: flags.insecure_registries.or(file.insecure_registries).unwrap_or_default(),
            allowed_hosts: flags.allowed_hosts.or(file.allowed_hosts).unwrap_or_default(),
            max_concurrent_downloads: usize::from(downloads.max(1)),
            runtime: flags.runtime.or(file.runtime).unwrap_or_else(|| "runc".into()),
            build_private_addresses: flags
                .build_private_addresses
                .or(file.build_private_addresses)
                .unwrap_or_default(),
            log: flags.log.or(file.log).unwrap_or_else(|| "info".into()),
            registry_accounts: accounts,
            registry_tokens: tokens,
            registry_quota: flags.registry_quota.or(file.registry_quota),
            registry_proxies: flags
                .registry_proxies
                .map(|all| all.into_iter().map(|proxy| (proxy.prefix, proxy.registry)).collect())
                .or(file.registry_proxies)
                .unwrap_or_default(),
            data,
        })
    }
}

fn by_registry(mirrors: Vec<Mirror>) -> BTreeMap<String, Vec<String>> {
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mirror in mirrors {
        map.entry(mirror.registry).or_default().push(mirror.url);
    }
    map
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn home() -> Home {
        Home { root: true, ..Home::default() }
    }

    #[test]
    fn flag_before_file_before_default() {
        let none = Settings::join(ServeFlags::default(), File::default(), &home()).expect("defaults");
        assert_eq!(none.listen.to_string(), "127.0.0.1:7878");
        assert_eq!(none.socket, Path::new("/run/strata.sock"));
        assert_eq!((none.log.as_str(), none.max_concurrent_downloads), ("info", 3));
        assert_eq!(none.runtime, Path::new("runc"));

        let file = File {
            listen: Some("127.0.0.1:1".parse().expect("valid")),
            socket: Some("/f.sock".into()),
            ..File::default()
        };
        let flags = ServeFlags { listen: Some("[::1]:2".parse().expect("valid")), ..ServeFlags::default() };
        let both = Settings::join(flags, file, &home()).expect("valid");
        assert_eq!(both.listen.to_string(), "[::1]:2");
        assert_eq!(both.socket, Path::new("/f.sock"));
    }

    #[test]
    fn a_public_address_is_refused_with_the_reason() {
        for address in ["0.0.0.0:7878", "[::]:7878", "192.168.1.7:7878"] {
            let flags = ServeFlags { listen: Some(address.parse().expect("valid")), ..ServeFlags::default() };
            let error = Settings::join(flags, File::default(), &home()).expect_err(address).to_string();
            assert!(error.contains("TLS") && error.contains(address), "{error}");
        }
    }

    #[test]
    fn mirrors_name_their_registry_or_are_docker_hubs() {
        let mirror = |text: &str| text.parse::<Mirror>();
        assert_eq!(mirror("http://m:5000").expect("valid").registry, "docker.io");
        assert_eq!(mirror("quay.io=https://m").expect("valid").registry, "quay.io");
        assert_eq!(mirror("https://m/?a=b").expect("valid").registry, "docker.io");
        for bad in ["", "m:5000", "ftp://m", "quay.io=m", "http:///x"] {
            assert!(mirror(bad).is_err(), "{bad}");
        }
    }
}
