//! The command line. Every flag can be given as an environment variable too.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use super::{Mirror, Proxy};

/// Explore container images layer by layer.
#[derive(Debug, Parser)]
#[command(name = "strata", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `strata` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the page, the Docker Engine API and the registry until asked to end
    Serve(Box<ServeFlags>),
    /// Import an image from an OCI layout into the embedded registry, while no server runs on the data directory
    Seed(SeedFlags),
    /// Print the line of a registry account, of a password on standard input, for the file of --registry-accounts
    RegistryAccount(AccountFlags),
}

/// Flags of `strata serve`; what is not given comes from `strata.toml` or has a default.
#[derive(Debug, Default, Args)]
pub struct ServeFlags {
    /// Data directory [default: $XDG_DATA_HOME/strata, as root /var/lib/strata]
    #[arg(long, value_name = "DIR", env = "STRATA_DATA")]
    pub data: Option<PathBuf>,
    /// Unix socket of the Docker Engine API [default: $XDG_RUNTIME_DIR/strata.sock, as root /run/strata.sock]
    #[arg(long, value_name = "PATH", env = "STRATA_SOCKET")]
    pub socket: Option<PathBuf>,
    /// Address of the page and the registry, a loopback one; port 0 takes a free port [default: 127.0.0.1:7878]
    #[arg(long, value_name = "ADDR:PORT", env = "STRATA_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Settings file [default: $XDG_CONFIG_HOME/strata/strata.toml, as root /etc/strata/strata.toml]
    #[arg(long, value_name = "FILE", env = "STRATA_CONFIG")]
    pub config: Option<PathBuf>,
    /// Mirror to ask before a registry: URL (for docker.io) or REGISTRY=URL; may be repeated
    #[arg(long = "mirror", value_name = "[REGISTRY=]URL", env = "STRATA_MIRRORS", value_delimiter = ',')]
    pub mirrors: Option<Vec<Mirror>>,
    /// Registry to speak plain http with, besides loopback; may be repeated
    #[arg(
        long = "insecure-registry",
        value_name = "HOST[:PORT]",
        env = "STRATA_INSECURE_REGISTRIES",
        value_delimiter = ','
    )]
    pub insecure_registries: Option<Vec<String>>,
    /// Name under which the page may be opened, besides the listen address and localhost; may be repeated
    #[arg(
        long = "allowed-host",
        value_name = "HOST[:PORT]",
        env = "STRATA_ALLOWED_HOSTS",
        value_delimiter = ','
    )]
    pub allowed_hosts: Option<Vec<String>>,
    /// Layers that are taken in at once [default: 3]
    #[arg(long, value_name = "N", env = "STRATA_MAX_CONCURRENT_DOWNLOADS")]
    pub max_concurrent_downloads: Option<u16>,
    /// File with the accounts of the registry; without one everybody on this machine may use it
    #[arg(long, value_name = "FILE", env = "STRATA_REGISTRY_ACCOUNTS")]
    pub registry_accounts: Option<PathBuf>,
    /// Have the accounts' clients fetch short-lived tokens, instead of sending their password each time [default: false]
    #[arg(
        long = "registry-tokens",
        value_name = "YES",
        env = "STRATA_REGISTRY_TOKENS",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub registry_tokens: Option<bool>,
    /// Bytes that the registry may hold [default: no limit]
    #[arg(long, value_name = "BYTES", env = "STRATA_REGISTRY_QUOTA")]
    pub registry_quota: Option<u64>,
    /// Registry that ours hands on what it fetches from: PREFIX=REGISTRY, such as hub=docker.io; may be repeated
    #[arg(
        long = "registry-proxy",
        value_name = "PREFIX=REGISTRY",
        env = "STRATA_REGISTRY_PROXIES",
        value_delimiter = ','
    )]
    pub registry_proxies: Option<Vec<Proxy>>,
    /// OCI runtime that containers are run with, a name or a path: runc or crun [default: runc]
    #[arg(long, value_name = "PROGRAM", env = "STRATA_RUNTIME")]
    pub runtime: Option<PathBuf>,
    /// Let builds fetch from private networks and this machine: ADD of a URL, git and remote contexts [default: false]
    #[arg(
        long = "build-private-addresses",
        value_name = "YES",
        env = "STRATA_BUILD_PRIVATE_ADDRESSES",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub build_private_addresses: Option<bool>,
    /// What to log to standard error, by level and module: info, debug, strata_server=trace [default: info]
    #[arg(long, value_name = "FILTER", env = "STRATA_LOG")]
    pub log: Option<String>,
}

/// Flags of `strata registry-account`.
#[derive(Debug, Args)]
pub struct AccountFlags {
    /// Name of the account
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Flags of `strata seed`.
#[derive(Debug, Args)]
pub struct SeedFlags {
    /// Data directory [default: $XDG_DATA_HOME/strata, as root /var/lib/strata]
    #[arg(long, value_name = "DIR", env = "STRATA_DATA")]
    pub data: Option<PathBuf>,
    /// Directory with `oci-layout` and `index.json`
    #[arg(value_name = "LAYOUT_DIR")]
    pub layout: PathBuf,
    /// Repository and tag in the embedded registry
    #[arg(value_name = "NAME:TAG")]
    pub name: String,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_serve_flag_has_a_variable() {
        let serve = Cli::command();
        let serve = serve.find_subcommand("serve").expect("exists");
        for flag in serve.get_arguments().filter(|flag| !matches!(flag.get_id().as_str(), "help" | "version"))
        {
            let variable = flag.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(variable.starts_with("STRATA_"), "--{}", flag.get_id());
        }
    }
}
