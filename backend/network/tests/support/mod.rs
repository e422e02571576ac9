//! A host of its own for each test: a network namespace with an interface to a world outside, and containers that
//! are network namespaces too. What tests do to links and rules stays in there, and goes with it.

#![allow(dead_code, unused_imports, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test's way to fail")]

mod talk;

use std::{
    fs::{self, File},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use strata_network::{Container, Networks};

pub use talk::{connect, query, serve_names, serve_tcp, serve_udp, udp};

/// The host's address in the world, and the world's.
pub const HOST: &str = "192.0.2.2";
pub const WORLD: &str = "192.0.2.1";

/// A network namespace, kept by a process that sleeps.
pub struct Space {
    child: Child,
}

impl Space {
    pub fn new() -> Self {
        let child = Command::new("unshare")
            .args(["--net", "sleep", "600"])
            .stdin(Stdio::null())
            .spawn()
            .expect("unshare of util-linux");
        let space = Self { child };
        let own = fs::read_link("/proc/thread-self/ns/net").unwrap();
        let outside = fs::read_link("/proc/self/ns/net").unwrap();
        // It is of interest only once it has left our own.
        while fs::read_link(space.path()).is_ok_and(|link| link == own || link == outside) {
            thread::sleep(Duration::from_millis(1));
        }
        space
    }

    pub fn path(&self) -> PathBuf {
        format!("/proc/{}/ns/net", self.child.id()).into()
    }

    /// Runs something inside.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        within(&self.path(), work)
    }

    /// Runs a program inside, which must succeed.
    pub fn run(&self, line: &str) -> String {
        self.within(|| run(line))
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn within<T: Send>(path: &Path, work: impl FnOnce() -> T + Send) -> T {
    let namespace = File::open(path).unwrap();
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Whether a program is here.
pub fn has(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(program).exists())
}

/// Runs a program where the thread is, which must succeed.
pub fn run(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A container that does nothing but be there.
pub struct Box {
    pub space: Space,
    pub container: Container,
}

pub fn container(name: &str) -> Box {
    let space = Space::new();
    let id = format!("{:0<64}", name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
    let container = Container::new(id, name, space.path());
    Box { space, container }
}

/// What a test has.
pub struct Machine {
    pub world: Space,
    pub dir: tempfile::TempDir,
    before: Vec<String>,
}

/// Runs a test on a host of its own. All threads of the runtime are there.
pub fn on_a_host<F: Future<Output = ()>>(test: impl FnOnce(Machine) -> F + Send) {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("STRATA_TESTS_STRICT").is_none(), "these tests need root");
        eprintln!("skipped: needs root");
        return;
    }
    let host = Space::new();
    host.within(|| {
        let world = Space::new();
        let pid = world.child.id();
        run("ip link set lo up");
        run(&format!("ip link add eth0 type veth peer name eth0 netns {pid}"));
        run("ip link set eth0 mtu 1400 up");
        run(&format!("ip address add {HOST}/24 dev eth0"));
        world.run("ip link set lo up");
        world.run("ip link set eth0 up");
        world.run(&format!("ip address add {WORLD}/24 dev eth0"));
        run(&format!("ip route add default via {WORLD}"));
        // Another engine is here, and has made forwarding the exception.
        if has("iptables") {
            run("iptables -P FORWARD DROP");
            run("iptables -N DOCKER-USER");
            run("iptables -A FORWARD -j DOCKER-USER");
            run("iptables -A DOCKER-USER -j RETURN");
        }
        let machine = Machine { world, dir: tempfile::tempdir().unwrap(), before: snapshot() };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test(machine));
    });
}

impl Machine {
    /// A server that has just started, with nothing to restore.
    pub async fn server(&self) -> Networks {
        let networks = Networks::open(self.dir.path()).unwrap();
        let problems = networks.restore(Vec::new()).await.unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        networks
    }

    /// Nothing on the host is other than it was.
    pub fn assert_untouched(&self) {
        assert_eq!(snapshot(), self.before);
    }
}

/// Links, addresses, routes and rules.
pub fn snapshot() -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in run("ip -o link").lines().chain(run("ip -o -4 address").lines()) {
        let words: Vec<&str> = line.split_whitespace().take(4).collect();
        lines.push(words.join(" ").split(" <").next().unwrap().to_owned());
    }
    lines.extend(run("ip route").lines().map(str::to_owned));
    if has("nft") {
        lines
            .extend(run("nft list tables").lines().filter(|line| line.contains("strata")).map(str::to_owned));
    }
    for program in ["iptables-save", "ip6tables-save"].into_iter().filter(|program| has(program)) {
        let rules = run(program);
        let rules = rules.lines().filter(|line| {
            line.starts_with("-A")
                || line.contains(" DROP [")
                || line.starts_with(':') && line.contains(" - [")
        });
        lines.extend(rules.map(|line| line.split(" [").next().unwrap().to_owned()));
    }
    lines
}
