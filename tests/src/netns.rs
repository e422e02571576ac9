//! A network namespace with only a loopback.

use std::{
    fs::File,
    net::{IpAddr, TcpListener},
    os::fd::AsFd,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{Scratch, daemon::Daemon};

/// A network of its own.
///
/// It lives as long as a process in it, here a `cat` that ends when its stdin closes: nothing is left to remove, whatever
/// ends the tests. Programs enter it by `nsenter`, which leaves mounts alone; `ip netns exec` would hide the cgroups
/// that dockerd looks for.
pub struct NetNs {
    hosts: Option<Scratch>,
    holder: Child,
    leash: Option<ChildStdin>,
    file: File,
}

impl NetNs {
    /// Makes one with its loopback up.
    #[track_caller]
    pub fn new() -> Arc<Self> {
        Self::make("true", None)
    }

    /// Makes one with its loopback up, in which `names` are at `address`, a further one of the loopback's.
    ///
    /// Programs see that in an `/etc/hosts` of their own, in a mount namespace that is theirs too.
    #[track_caller]
    pub fn with_hosts(address: IpAddr, names: &[&str]) -> Arc<Self> {
        let scratch = Scratch::new("hosts");
        let text = format!("127.0.0.1 localhost\n{address} {}\n", names.join(" "));
        std::fs::write(scratch.join("hosts"), text).expect("the scratch directory is writable");
        Self::make(&format!("ip addr add {address}/32 dev lo"), Some(scratch))
    }

    #[track_caller]
    fn make(further: &str, hosts: Option<Scratch>) -> Arc<Self> {
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", &format!("ip link set lo up && {further} && echo up && exec cat")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare is installed");
        let leash = holder.stdin.take();
        let mut word = [0; 3];
        let mut stdout = holder.stdout.take().expect("stdout is piped");
        std::io::Read::read_exact(&mut stdout, &mut word).expect("a network namespace can be made by root");
        let file = File::open(format!("/proc/{}/ns/net", holder.id())).expect("the holder is in it");
        Arc::new(Self { hosts, holder, leash, file })
    }

    /// A command that runs `program` in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg("--");
        if let Some(hosts) = &self.hosts {
            command.args(["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\""]);
            command.arg(hosts.join("hosts"));
        }
        command.arg(program);
        command
    }

    /// Runs `act` on a thread inside it; sockets made there stay there.
    pub fn inside<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                move_into_link_name_space(self.file.as_fd(), Some(LinkNameSpaceType::Network))
                    .expect("root may enter a network namespace");
                act()
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for NetNs {
    fn drop(&mut self) {
        drop(self.leash.take());
        // It ends by itself now; only its exit status is left to collect.
        let _ = self.holder.wait();
    }
}

/// A command that runs `program` in `netns`, or on the host.
pub fn command_in(netns: Option<&NetNs>, program: &str) -> Command {
    netns.map_or_else(|| Command::new(program), |netns| netns.command(program))
}

/// A loopback port that is free at this moment.
pub fn free_port(netns: Option<&NetNs>) -> u16 {
    let ask = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        listener.local_addr().expect("it is bound").port()
    };
    netns.map_or_else(ask, |netns| netns.inside(ask))
}

/// Waits until something listens on `port`.
#[track_caller]
pub fn wait_for_port(daemon: &mut Daemon, netns: Option<&NetNs>, port: u16) {
    let connects = || std::net::TcpStream::connect(("127.0.0.1", port)).ok();
    daemon.wait_for(|_| netns.map_or_else(connects, |netns| netns.inside(connects)));
}
