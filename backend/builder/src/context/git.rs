//! Repositories as contexts.
//!
//! ```text
//! address := ( "https://" | "http://" | "git://" | "github.com/" | "git@" … ) … [ "#" ref [ ":" directory ] ]
//! ```
//!
//! git is told to speak nothing but the protocol of the address, to run no hooks and no helpers, to ask nobody, and to read no
//! configuration but ours; it follows no redirect, gets no submodules and runs with a time limit. Where it may connect to is
//! decided before it starts, from the addresses of the host, which it is then given.

use std::{fmt, fs, net::IpAddr, path::Path, process::Stdio, str::FromStr, time::Duration};

use thiserror::Error;
use tokio::process::Command;

/// How long fetching a repository may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How much of git's complaint is told.
const COMPLAINT: usize = 2_000;

/// Where a repository is, and what of it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitAddress {
    /// `https`, `http` or `git`.
    pub scheme: String,
    /// The host, a name or an address.
    pub host: String,
    /// The port, if it is not the scheme's.
    pub port: Option<u16>,
    /// The path, with its slash.
    pub path: String,
    /// Branch, tag or commit; the default branch if there is none.
    pub reference: Option<String>,
    /// The directory that is the context; the root if there is none.
    pub directory: Option<String>,
}

/// What may be fetched.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitPolicy {
    /// Whether unencrypted protocols may be spoken.
    pub plain: bool,
}

/// Why a repository was not fetched.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GitError {
    /// It is no address of a repository.
    #[error("{address} is not a repository that can be fetched: {why}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It leads where builds may not go.
    #[error("{host} has the address {address}, which a build may not fetch from")]
    Forbidden {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
    },
    /// The host has no address.
    #[error("lookup {host}: {why}")]
    Lookup {
        /// The host.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// git itself.
    #[error("unable to 'git {action}' to temporary context directory: {why}")]
    Git {
        /// `clone`, `checkout`, …
        action: &'static str,
        /// What it says.
        why: String,
    },
}

impl FromStr for GitAddress {
    type Err = GitError;

    fn from_str(text: &str) -> Result<Self, GitError> {
        let wrong = |why| GitError::Address { address: text.to_owned(), why };
        let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
        if url.starts_with("git@") || url.starts_with("ssh://") {
            return Err(wrong("ssh needs a key, which a build has not: use https://"));
        }
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None if url.starts_with("github.com/") => ("https".to_owned(), url),
            None => return Err(wrong("expected https://, http:// or git://")),
        };
        if !["https", "http", "git"].contains(&scheme.as_str()) {
            return Err(wrong("expected https://, http:// or git://"));
        }
        let (authority, path) =
            rest.split_once('/').ok_or_else(|| wrong("expected a path behind the host"))?;
        if authority.contains('@') {
            return Err(wrong("it must not have a user or password in it"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !authority.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| wrong("the port is no number"))?))
            }
            _ => (authority, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let letters =
            |text: &str, more: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
        if host.is_empty() || host.starts_with('-') || !letters(host, b".-:_") {
            return Err(wrong("the host is no name"));
        }
        if path.is_empty() || !letters(path, b"/._~%+-") {
            return Err(wrong("the path has something in it that addresses have not"));
        }
        let (reference, directory) = fragment.split_once(':').unwrap_or((fragment, ""));
        if reference.starts_with('-') || !letters(reference, b"/._-+") || reference.contains("..") {
            return Err(wrong("what is behind # is no branch, tag or commit"));
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            path: format!("/{path}"),
            reference: some(reference),
            directory: some(directory),
        })
    }
}

/// The address of the repository alone.
impl fmt::Display for GitAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{}://{host}", self.scheme)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))?;
        f.write_str(&self.path)
    }
}

impl GitAddress {
    /// Whether docker takes a text for a repository: by its scheme, or by `.git` at the end of an address.
    pub fn is_meant_by(text: &str) -> bool {
        let url = text.split('#').next().unwrap_or(text);
        let web = url.starts_with("http://") || url.starts_with("https://");
        (web && url.ends_with(".git"))
            || ["git://", "git@", "ssh://", "github.com/"].iter().any(|start| url.starts_with(start))
    }

    fn default_port(&self) -> u16 {
        match self.scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => 9418,
        }
    }
}

/// Fetches a repository into an empty directory; afterwards the files of the reference are there, without the repository's own.
///
/// `may_connect` decides about an address of the host; it is asked for each, and git gets only those that it allows.
pub async fn clone(
    address: &GitAddress,
    into: &Path,
    home: &Path,
    policy: GitPolicy,
    may_connect: impl Fn(IpAddr) -> bool,
) -> Result<(), GitError> {
    let text = address.to_string();
    if address.scheme != "https" && !policy.plain {
        return Err(GitError::Address { address: text, why: "only https:// is allowed here" });
    }
    let chosen = choose(address, may_connect).await?;
    let port = address.port.unwrap_or_else(|| address.default_port());
    let git = Git { home, address, resolve: format!("{}:{port}:{chosen}", address.host) };
    // An address in place of the name: the git protocol has no way to be told where a name leads.
    let url = if address.scheme == "git" {
        GitAddress { host: chosen.to_string(), ..address.clone() }.to_string()
    } else {
        text
    };
    git.run("init", into, &["init", "--quiet", "--template="]).await?;
    let reference = address.reference.as_deref().unwrap_or("HEAD");
    let quiet = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
    let fetch = async |more: &[&str]| git.run("fetch", into, &[&quiet, more].concat()).await;
    let wanted = match fetch(&["--depth=1", &url, reference]).await {
        Ok(()) => "FETCH_HEAD",
        // Plain files over http have no other way than all of it.
        Err(error) => match fetch(&[&url, reference]).await {
            Ok(()) => "FETCH_HEAD",
            // A server that doesn't give a commit by its id gives all of them.
            Err(_) if address.reference.is_some() => {
                fetch(&[&url, "+refs/*:refs/remotes/origin/*"]).await?;
                reference
            }
            Err(_) => return Err(error),
        },
    };
    git.run("checkout", into, &["checkout", "--quiet", "--force", "--detach", wanted, "--"]).await?;
    let own = into.join(".git");
    fs::remove_dir_all(&own).map_err(|error| GitError::Git {
        action: "checkout",
        why: format!("cannot remove {}: {error}", own.display()),
    })
}

/// An address of the host that may be connected to.
async fn choose(address: &GitAddress, may_connect: impl Fn(IpAddr) -> bool) -> Result<IpAddr, GitError> {
    let host = address.host.clone();
    let found = match tokio::net::lookup_host((address.host.as_str(), 0)).await {
        Ok(found) => found.map(|address| address.ip()).collect::<Vec<IpAddr>>(),
        Err(error) => return Err(GitError::Lookup { host, why: error.to_string() }),
    };
    match (found.iter().find(|ip| may_connect(**ip)), found.first()) {
        (Some(ip), _) => Ok(*ip),
        (None, Some(ip)) => Err(GitError::Forbidden { host, address: *ip }),
        (None, None) => Err(GitError::Lookup { host, why: "no such host".into() }),
    }
}

struct Git<'a> {
    home: &'a Path,
    address: &'a GitAddress,
    /// `host:port:address`, as curl takes it.
    resolve: String,
}

impl Git<'_> {
    async fn run(&self, action: &'static str, folder: &Path, arguments: &[&str]) -> Result<(), GitError> {
        let fail = |why: String| GitError::Git { action, why };
        let settings = [
            "protocol.allow=never".to_owned(),
            format!("protocol.{}.allow=always", self.address.scheme),
            format!("http.curloptResolve={}", self.resolve),
            "http.followRedirects=false".to_owned(),
            "core.hooksPath=/dev/null".to_owned(),
            "core.fsmonitor=false".to_owned(),
            "core.symlinks=true".to_owned(),
            "core.protectNTFS=false".to_owned(),
            "credential.helper=".to_owned(),
            "submodule.recurse=false".to_owned(),
            "filter.lfs.smudge=".to_owned(),
            "filter.lfs.required=false".to_owned(),
            "gc.auto=0".to_owned(),
            "advice.detachedHead=false".to_owned(),
            "safe.directory=*".to_owned(),
        ];
        let mut command = Command::new("git");
        command
            .env_clear()
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for (name, value) in [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", "/bin/false"),
            ("GIT_ALLOW_PROTOCOL", self.address.scheme.as_str()),
            ("GIT_LFS_SKIP_SMUDGE", "1"),
            ("LC_ALL", "C"),
        ] {
            command.env(name, value);
        }
        // Hosts with a certificate of their own are trusted where the machine is told so.
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"] {
            std::env::var_os(name).into_iter().for_each(|value| {
                command.env(name, value);
            });
        }
        command.env("HOME", self.home).env("XDG_CONFIG_HOME", self.home);
        for setting in &settings {
            command.arg("-c").arg(setting);
        }
        command.args(arguments).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output.map_err(|_| fail(format!("it took more than {} seconds", PATIENCE.as_secs())))?;
        let output = output.map_err(|error| fail(format!("git cannot be started: {error}")))?;
        if output.status.success() {
            return Ok(());
        }
        let mut why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        why.truncate(why.floor_char_boundary(COMPLAINT));
        Err(fail(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_hostile_ones_refused() {
        let read = |text: &str| text.parse::<GitAddress>();
        let address = read("https://host:8443/team/app.git#v1:docker/web").expect("all parts");
        assert_eq!(address.to_string(), "https://host:8443/team/app.git");
        assert_eq!(
            (address.reference.as_deref(), address.directory.as_deref()),
            (Some("v1"), Some("docker/web"))
        );
        let address = read("git://github.com/x/y.git").expect("no parts");
        assert_eq!((address.port, address.reference, address.directory), (None, None, None));
        assert_eq!(read("github.com/x/y").expect("short").to_string(), "https://github.com/x/y");
        for wrong in [
            "ext::sh -c touch% /tmp/x",
            "file:///etc",
            "ssh://host/x",
            "git@github.com:x/y.git",
            "https://user:pass@host/x.git",
            "https://-oProxyCommand=x/y.git",
            "https://host/x.git#--upload-pack=sh",
            "https://host/x y.git",
            "https://host",
            "https://ho st/x.git",
        ] {
            read(wrong).expect_err(wrong);
        }
    }

    #[test]
    fn what_docker_takes_for_a_repository() {
        for yes in ["git://h/x", "https://h/x.git", "https://h/x.git#a", "github.com/x/y", "git@h:x"] {
            assert!(GitAddress::is_meant_by(yes), "{yes}");
        }
        for no in ["https://h/x.tar.gz", "http://h/Dockerfile", "-"] {
            assert!(!GitAddress::is_meant_by(no), "{no}");
        }
    }
}
