//! Debian's docker-registry.

use std::{fs, sync::Arc};

use crate::{
    Daemon, NetNs, Scratch,
    netns::{command_in, free_port, wait_for_port},
};

/// The user that a protected registry knows.
pub const USER: &str = "ada";
/// The user's password.
pub const PASSWORD: &str = "secret";
/// Both, as htpasswd writes them; the registry takes only bcrypt.
const HTPASSWD: &str = "ada:$2b$05$ibRWHgoS2moNch/sJsmJ5OHk8FidhQyiB0wbkYuwiCKf.EIECLRGa\n";

/// A running registry.
pub struct DockerRegistry {
    port: u16,
    // In this order: it has to end before its files go.
    daemon: Daemon,
    _scratch: Scratch,
}

impl DockerRegistry {
    /// Starts an empty one that everybody may pull from and push to.
    #[track_caller]
    pub fn start(netns: Option<&Arc<NetNs>>) -> Self {
        Self::configured(netns, "")
    }

    /// Starts one that asks for [`USER`] and [`PASSWORD`].
    #[track_caller]
    pub fn protected(netns: Option<&Arc<NetNs>>) -> Self {
        Self::configured(netns, "auth: {htpasswd: {realm: tests, path: HTPASSWD}}\n")
    }

    #[track_caller]
    fn configured(netns: Option<&Arc<NetNs>>, more: &str) -> Self {
        let scratch = Scratch::new("registry");
        let htpasswd = scratch.join("htpasswd");
        fs::write(&htpasswd, HTPASSWD).expect("the scratch directory is writable");
        let port = free_port(netns.map(|n| &**n));
        let config = format!(
            "version: 0.1\nlog: {{level: warn}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}, delete: {{enabled: true}}}}\n{}",
            scratch.join("data").display(),
            more.replace("HTPASSWD", &htpasswd.display().to_string()),
        );
        let path = scratch.join("config.yml");
        fs::write(&path, config).expect("the scratch directory is writable");
        let mut command = command_in(netns.map(|n| &**n), "docker-registry");
        let mut daemon = Daemon::start(command.arg("serve").arg(&path), &scratch.join("log"));
        wait_for_port(&mut daemon, netns.map(|n| &**n), port);
        Self { port, daemon, _scratch: scratch }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// Most memory that it has held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.daemon.peak_memory()
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT/name`.
    pub fn name(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }
}
