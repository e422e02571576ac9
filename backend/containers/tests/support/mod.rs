//! A server's containers over the real runc and overlay, with a busybox image, that leaves nothing behind.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use strata_api::engine::{CreateRequest, ExecCreateRequest};
use strata_catalog::SqliteCatalog;
use strata_containers::{
    Attached, BaseImage, Condition, Containers, Error, Event, LogQuery, Options, Output, Stores, Streams,
};
use strata_network::Networks;
use strata_runtime::{ShimCommand, Supervisor, SupervisorOptions};
use strata_snapshots::Snapshots;
use tempfile::TempDir;

/// How long anything may take on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Set for a test that runs as an ordinary user: where its shim is.
pub const ORDINARY: &str = "STRATA_TEST_ORDINARY_SHIM";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The data directory of a server.
pub struct Place {
    directory: TempDir,
    cgroup: String,
}

/// A server's containers.
pub struct Bench {
    pub containers: Containers,
    pub networks: Networks,
    pub events: Arc<Mutex<Vec<Event>>>,
    pub layer: PathBuf,
    pub root: PathBuf,
    pub cgroup: String,
}

/// Runs a test; skips it, with a message, where containers can't be run.
pub fn with_bench<T, F: Future<Output = T>>(test: impl FnOnce(Bench) -> F) {
    let Some(place) = Place::new() else { return };
    place.serve(test);
}

impl Place {
    pub fn new() -> Option<Self> {
        let there = ["/usr/sbin/runc", "/bin/busybox"].iter().all(|path| Path::new(path).exists());
        let allowed = rustix::process::geteuid().is_root() || std::env::var_os(ORDINARY).is_some();
        if !allowed || !there {
            assert!(std::env::var_os("STRATA_TESTS_STRICT").is_none(), "needs root, runc and busybox");
            eprintln!("skipped: needs root, runc and busybox");
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let cgroup = format!("strata-containers-test-{}-{number}", std::process::id());
        let place = Self { directory: tempfile::tempdir().expect("a directory"), cgroup };
        let rootfs = place.layer();
        for directory in ["bin", "proc", "dev", "sys", "tmp", "etc", "data/sub"] {
            fs::create_dir_all(rootfs.join(directory)).expect("made");
        }
        fs::copy("/bin/busybox", rootfs.join("bin/busybox")).expect("copied");
        let applets = [
            "sh", "echo", "true", "false", "cat", "sleep", "id", "ls", "mkdir", "rm", "touch", "kill",
            "hostname", "env", "pwd", "wget", "httpd", "stty", "tty", "grep", "mount", "dd", "test", "seq",
            "chmod", "nc", "ping",
        ];
        for applet in applets {
            std::os::unix::fs::symlink("busybox", rootfs.join("bin").join(applet)).expect("linked");
        }
        fs::write(rootfs.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/srv:/bin/sh\n")
            .expect("written");
        fs::write(rootfs.join("etc/group"), "root:x:0:\nweb:x:33:\nlog:x:50:web\n").expect("written");
        fs::write(rootfs.join("etc/plain"), "not a program").expect("written");
        fs::write(rootfs.join("data/sub/file"), "from the image").expect("written");
        Some(place)
    }

    fn layer(&self) -> PathBuf {
        self.directory.path().join("layer")
    }

    /// A server from start to its sudden end: all its tasks are dropped.
    pub fn serve<T, F: Future<Output = T>>(&self, test: impl FnOnce(Bench) -> F) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let answer = runtime.block_on(async {
            let bench = self.open().await;
            tokio::time::timeout(PATIENCE, test(bench)).await.expect("in time")
        });
        runtime.shutdown_timeout(Duration::from_secs(5));
        answer
    }

    async fn open(&self) -> Bench {
        let root = self.directory.path().join("server");
        let catalog = SqliteCatalog::open(&root.join("catalog")).expect("opens");
        let supervisor = Supervisor::open(SupervisorOptions {
            directory: root.join("supervisor"),
            runtime_root: root.join("run"),
            runtime: "/usr/sbin/runc".into(),
            shim: ShimCommand {
                program: std::env::var_os(ORDINARY)
                    .map_or_else(|| env!("CARGO_BIN_EXE_strata-containers-shim").into(), PathBuf::from),
                arguments: vec!["shim".into()],
            },
        });
        let stores = Stores {
            catalog: Arc::new(catalog),
            snapshots: Snapshots::open(&root.join("snapshots")).expect("opens"),
            networks: Networks::open(&root.join("network")).expect("opens"),
            supervisor: supervisor.await.expect("opens"),
        };
        let networks = stores.networks.clone();
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let options = Options {
            root: root.clone(),
            cgroup_parent: format!("/{}", self.cgroup),
            init: None,
            events: Arc::new(move |event| heard.lock().expect("no panic").push(event)),
        };
        let containers = Containers::open(stores, options).await.expect("opens");
        Bench { containers, networks, events, layer: self.layer(), root, cgroup: self.cgroup.clone() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whatever a failed test has left: processes of our cgroups, then mounts below our directory, then bridges.
        for controller in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
            clear_cgroup(&controller.path().join(&self.cgroup));
        }
        clear_cgroup(&Path::new("/sys/fs/cgroup").join(&self.cgroup));
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let ours = self.directory.path().to_string_lossy().into_owned();
        for line in mounts.lines().rev() {
            let at = line.split(' ').nth(1).unwrap_or("");
            if at.starts_with(&ours) {
                let _ = rustix::mount::unmount(at, rustix::mount::UnmountFlags::DETACH);
            }
        }
        let networks = self.directory.path().join("server/network");
        let closed = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let networks = Networks::open(&networks).expect("opens");
                networks.restore(Vec::new()).await.expect("sweeps");
                networks.close().await.expect("closes");
            });
        });
        if closed.join().is_err() {
            eprintln!("bridges of a test may be left");
        }
    }
}

fn clear_cgroup(path: &Path) {
    if !path.exists() {
        return;
    }
    for below in fs::read_dir(path).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
        clear_cgroup(&below.path());
    }
    let begun = Instant::now();
    while fs::remove_dir(path).is_err() && begun.elapsed() < Duration::from_secs(5) {
        for pid in fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default().lines() {
            let _ = Command::new("kill").args(["-9", pid]).status();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Bench {
    pub fn image(&self) -> BaseImage {
        let config = serde_json::from_str(r#"{"Env":["PATH=/bin"],"Cmd":["sh"]}"#).expect("valid");
        BaseImage { config: Some(config), layers: vec![self.layer.clone()], ..BaseImage::default() }
    }

    /// Creates a container of a request in JSON, without a network unless it says so.
    pub async fn create(&self, name: &str, json: &str) -> Result<String, Error> {
        let mut request: CreateRequest = serde_json::from_str(json).expect("valid JSON");
        if request.host_config.network_mode.is_empty() {
            request.host_config.network_mode = "none".into();
        }
        self.containers.create(name, request, self.image()).await.map(|created| created.id)
    }

    /// Runs a container to its end: exit code, stdout and stderr.
    pub async fn run(&self, name: &str, json: &str) -> (i64, String, String) {
        let id = self.create(name, json).await.expect("creates");
        self.finish(&id).await
    }

    /// Starts what was created and waits for its end.
    pub async fn finish(&self, id: &str) -> (i64, String, String) {
        let attachment = self.containers.attach(id, Streams::ALL).await.expect("attaches");
        let wait = self.containers.wait(id, Condition::NextExit).expect("waits");
        self.containers.start(id).await.expect("starts");
        let (_, out, err) = collect(attachment.ready().await.expect("attached")).await;
        (wait.done().await.status_code, out, err)
    }

    pub async fn exec(&self, name: &str, command: &[&str]) -> Result<(u8, String, String), Error> {
        let cmd = command.iter().map(|word| (*word).to_owned()).collect();
        let request = ExecCreateRequest {
            cmd: Some(cmd),
            attach_stdout: true,
            attach_stderr: true,
            ..ExecCreateRequest::default()
        };
        let id = self.containers.create_exec(name, request).await?;
        let attached = self.containers.start_exec(&id, true, None).await?;
        Ok(collect(attached.expect("attached")).await)
    }

    pub async fn logs(&self, name: &str) -> String {
        let query = LogQuery { stdout: true, stderr: true, ..LogQuery::default() };
        let mut log = self.containers.logs(name, query).await.expect("reads");
        let mut text = String::new();
        while let Some(line) = log.lines.next().await.expect("reads") {
            text += &String::from_utf8_lossy(&line.bytes);
        }
        text
    }

    pub async fn status(&self, name: &str) -> String {
        self.containers.inspect(name, false).await.expect("there").state.status
    }

    /// Waits until something holds.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, test: impl Fn() -> F) {
        let begun = Instant::now();
        while !test().await {
            assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What happened to containers, in order.
    pub fn actions(&self) -> Vec<String> {
        let events = self.events.lock().expect("no panic");
        let of_containers = events.iter().filter(|event| event.kind.as_str() == "container");
        of_containers.map(|event| event.action.clone()).collect()
    }

    /// Cgroups that are left.
    pub fn cgroups(&self) -> Vec<PathBuf> {
        let root = Path::new("/sys/fs/cgroup");
        let controllers = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
        let all = controllers.chain([root.to_owned()]).map(|path| path.join(&self.cgroup));
        all.filter(|path| path.exists()).collect()
    }

    /// Mounts, directories and processes that are left.
    pub fn traces(&self) -> Vec<String> {
        let root = self.root.display().to_string();
        let mounts = fs::read_to_string("/proc/self/mounts").expect("reads");
        let mut left: Vec<String> =
            mounts.lines().filter(|line| line.contains(&root)).map(Into::into).collect();
        for folder in ["containers", "supervisor", "snapshots", "run"] {
            for entry in fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten() {
                if entry.file_name() != "tmp" {
                    left.push(entry.path().display().to_string());
                }
            }
        }
        left
    }
}

/// Everything that a process writes, and its exit code.
pub async fn collect(mut attached: Attached) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(item) = attached.output.next().await {
        match item {
            Output::Stdout(bytes) => out.extend_from_slice(&bytes),
            Output::Stderr(bytes) => err.extend_from_slice(&bytes),
            Output::Overrun => panic!("too slow"),
            Output::Exit(exit) => {
                let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
                return (exit.code, text(out), text(err));
            }
        }
    }
    panic!("no exit")
}
