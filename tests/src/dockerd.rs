//! Debian's dockerd, the engine to compare with.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Daemon, NetNs, Scratch};

/// A running dockerd with its own data, in a network of its own so that it can't touch the host's.
pub struct Dockerd {
    // Before the directory: it has to end before its files go.
    daemon: Daemon,
    scratch: Scratch,
    _netns: Arc<NetNs>,
}

impl Dockerd {
    /// Starts one in `netns`; it can reach only what is in there. Its containers have no network.
    #[track_caller]
    pub fn start(netns: &Arc<NetNs>) -> Self {
        Self::launch(netns, &["--iptables=false", "--bridge=none"], &[])
    }

    /// Starts one whose containers are on its bridge in `netns`, which no other dockerd may be in.
    #[track_caller]
    pub fn start_bridged(netns: &Arc<NetNs>) -> Self {
        Self::launch(netns, &[], &[])
    }

    /// Likewise, with these certificates trusted (a PEM file) in place of the system's.
    #[track_caller]
    pub fn start_trusting(netns: &Arc<NetNs>, certificates: &Path) -> Self {
        let certificates = certificates.display().to_string();
        Self::launch(netns, &[], &[("SSL_CERT_FILE", &certificates)])
    }

    /// Likewise, pulling Docker Hub's images from the registry at this URL.
    #[track_caller]
    pub fn start_mirrored(netns: &Arc<NetNs>, mirror: &str) -> Self {
        Self::launch(netns, &["--registry-mirror", mirror], &[])
    }

    #[track_caller]
    fn launch(netns: &Arc<NetNs>, network: &[&str], env: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new("dockerd");
        let mut command = netns.command("dockerd");
        command
            .arg("--data-root")
            .arg(scratch.join("data"))
            .arg("--exec-root")
            .arg(scratch.join("exec"))
            .arg("--pidfile")
            .arg(scratch.join("pid"))
            .arg("--host")
            .arg(format!("unix://{}", scratch.join("sock").display()))
            .args(network)
            .args(["--storage-driver=overlay2", "--log-level=warn"])
            // As on a fresh machine: no proxies, no login of who runs the tests.
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", scratch.path())
            .envs(env.iter().copied());
        let mut daemon = Daemon::start(&mut command, &scratch.join("log"));
        let socket = scratch.join("sock");
        daemon.wait_for(|_| {
            let ping = crate::http::Request::get("/_ping").send(&crate::http::Dial::Unix(socket.clone()));
            ping.ok().filter(|answer| answer.status == 200)
        });
        Self { daemon, scratch, _netns: netns.clone() }
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.scratch.join("sock")
    }

    /// Its process id; containerd is a child of it.
    pub fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.scratch.join("data")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.daemon.log()
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        self.daemon.terminate();
        // Normally dockerd has ended its containerd by now.
        let exec = self.scratch.join("exec");
        let pid = fs::read_to_string(exec.join("containerd/containerd.pid")).ok();
        let Some(pid) = pid.and_then(|text| text.trim().parse::<i32>().ok()) else { return };
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(&*exec.to_string_lossy())
            && let Some(pid) = Pid::from_raw(pid)
        {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
