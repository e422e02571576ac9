//! A supervisor over the real runc, with a busybox rootfs, that leaves nothing behind.
#![allow(dead_code, reason = "each test file uses another part")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use strata_runtime::{
    Attached, CreateProcess, ExecProcess, Exit, Id, LogOptions, LogQuery, Output, ProcessKey, ShimCommand,
    Stdin, Streams, Supervisor, SupervisorOptions,
};
use tempfile::TempDir;

/// How long anything may take on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// The supervisor's directory: longer than a socket's address may be.
pub const CONTAINERS: &str = concat!(
    "containers-in-a-directory-whose-name-alone-is-longer-than-the-address-of-a-socket-may-be-so-that-nobody-",
    "can-just-connect-to-a-path",
);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Directories, runtime state and cgroups of one test.
pub struct Place {
    pub directory: TempDir,
    pub cgroup: String,
}

/// One test's supervisor.
pub struct Bench {
    pub place: Place,
    pub supervisor: Supervisor,
}

/// None, with a message, where containers can't be run.
pub async fn bench() -> Option<Bench> {
    bench_with("/usr/sbin/runc").await
}

pub async fn bench_with(runtime: &str) -> Option<Bench> {
    let place = Place::new(runtime)?;
    let supervisor = place.open(runtime).await;
    Some(Bench { place, supervisor })
}

pub fn id(text: &str) -> Id {
    Id::parse(text).expect("tests name well")
}

pub fn key(text: &str) -> ProcessKey {
    id(text).into()
}

impl Place {
    fn new(runtime: &str) -> Option<Self> {
        let busybox = Path::new("/bin/busybox");
        if !rustix::process::geteuid().is_root() || !Path::new(runtime).exists() || !busybox.exists() {
            let why = format!("needs root, {runtime} and /bin/busybox");
            assert!(std::env::var_os("STRATA_TESTS_STRICT").is_none(), "{why}");
            eprintln!("skipped: {why}");
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let cgroup = format!("strata-runtime-test-{}-{number}", std::process::id());
        let place = Self { directory: tempfile::tempdir().expect("a directory"), cgroup };
        let rootfs = place.rootfs();
        for directory in ["bin", "proc", "dev", "sys", "tmp", "etc"] {
            fs::create_dir_all(rootfs.join(directory)).expect("made");
        }
        fs::copy(busybox, rootfs.join("bin/busybox")).expect("copied");
        for applet in
            ["sh", "echo", "true", "false", "cat", "sleep", "seq", "stty", "dd", "tty", "kill", "yes", "head"]
        {
            std::os::unix::fs::symlink("busybox", rootfs.join("bin").join(applet)).expect("linked");
        }
        fs::write(rootfs.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n").expect("written");
        Some(place)
    }

    pub fn rootfs(&self) -> PathBuf {
        self.directory.path().join("rootfs")
    }

    pub fn options(&self, runtime: &str) -> SupervisorOptions {
        SupervisorOptions {
            directory: self.directory.path().join(CONTAINERS),
            runtime_root: self.directory.path().join("run"),
            runtime: runtime.into(),
            shim: ShimCommand {
                program: env!("CARGO_BIN_EXE_strata-shim").into(),
                arguments: vec!["shim".into()],
            },
        }
    }

    pub async fn open(&self, runtime: &str) -> Supervisor {
        Supervisor::open(self.options(runtime)).await.expect("opened")
    }

    /// Writes a bundle for a command.
    pub fn bundle(&self, id: &str, args: &[&str], tty: bool, change: impl FnOnce(&mut Value)) -> PathBuf {
        let bundle = self.directory.path().join("bundles").join(id);
        fs::create_dir_all(&bundle).expect("made");
        let capabilities = json!(["CAP_KILL", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SYS_CHROOT"]);
        let mut spec = json!({
            "ociVersion": "1.0.2",
            "process": process(args, tty),
            "root": { "path": self.rootfs(), "readonly": false },
            "hostname": "test",
            "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] },
                { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
                  "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
            ],
            "linux": {
                "cgroupsPath": format!("/{}/{id}", self.cgroup),
                "namespaces": [{ "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }],
                "resources": { "devices": [{ "allow": true, "access": "rwm" }] },
            },
        });
        spec["process"]["capabilities"] =
            json!({ "bounding": capabilities, "effective": capabilities, "permitted": capabilities });
        change(&mut spec);
        fs::write(bundle.join("config.json"), spec.to_string()).expect("written");
        bundle
    }

    /// What the runtime, the kernel and the disk still have of this test.
    pub fn leftovers(&self) -> Vec<String> {
        let list = |path: PathBuf| {
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path().display().to_string())
        };
        let mut left: Vec<String> = list(self.directory.path().join(CONTAINERS)).collect();
        left.extend(list(self.directory.path().join("run")));
        for hierarchy in list("/sys/fs/cgroup".into()).collect::<Vec<_>>() {
            let ours = Path::new(&hierarchy).join(&self.cgroup);
            left.extend(list(ours).filter(|path| Path::new(path).is_dir()));
        }
        left.extend(self.processes());
        left
    }

    /// Shims, which work in this test's directory, and what is in its cgroups.
    pub fn processes(&self) -> Vec<String> {
        let directory = self.directory.path();
        let processes = fs::read_dir("/proc").expect("mounted").flatten();
        let ours = processes.filter_map(|process| {
            let shim = fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory));
            let cgroup = fs::read_to_string(process.path().join("cgroup")).unwrap_or_default();
            let ours = shim || cgroup.contains(&format!("/{}/", self.cgroup));
            ours.then(|| process.path().display().to_string())
        });
        ours.collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // For tests that failed: one that passed has removed its containers. Some may be in the middle of being made.
        let run = self.directory.path().join("run");
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < 3 && begun.elapsed() < Duration::from_secs(5) {
            let containers: Vec<_> = fs::read_dir(&run).into_iter().flatten().flatten().collect();
            let processes = self.processes();
            quiet = if containers.is_empty() && processes.is_empty() { quiet + 1 } else { 0 };
            for container in containers {
                let mut delete = Command::new("/usr/sbin/runc");
                delete.arg("--root").arg(&run).args(["delete", "--force"]).arg(container.file_name());
                let _ = delete.stdout(Stdio::null()).stderr(Stdio::null()).status();
            }
            for process in processes {
                let pid = process.rsplit('/').next().and_then(|pid| pid.parse().ok());
                let pid = pid.and_then(rustix::process::Pid::from_raw);
                pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
            }
            std::thread::sleep(Duration::from_millis(if quiet == 0 { 50 } else { 5 }));
        }
        for hierarchy in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
            let ours = hierarchy.path().join(&self.cgroup);
            for container in fs::read_dir(&ours).into_iter().flatten().flatten() {
                let _ = fs::remove_dir(container.path());
            }
            let _ = fs::remove_dir(ours);
        }
        let _ = fs::remove_dir(Path::new("/sys/fs/cgroup").join(&self.cgroup));
    }
}

/// A tmpfs of a few KiB.
pub struct Small(PathBuf);

impl Small {
    pub fn mount(at: PathBuf, options: &std::ffi::CStr) -> Self {
        fs::create_dir(&at).expect("made");
        rustix::mount::mount("strata-test", &at, "tmpfs", rustix::mount::MountFlags::empty(), options)
            .expect("mounted");
        Self(at)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn resize(&self, options: &std::ffi::CStr) {
        rustix::mount::mount_remount(&self.0, rustix::mount::MountFlags::empty(), options).expect("resized");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.0, rustix::mount::UnmountFlags::DETACH);
    }
}

/// The specification's `Process`.
pub fn process(args: &[&str], tty: bool) -> Value {
    json!({
        "terminal": tty,
        "user": { "uid": 0, "gid": 0 },
        "args": args,
        "env": ["PATH=/bin", "TERM=xterm"],
        "cwd": "/",
        "noNewPrivileges": true,
    })
}

/// How a test's container differs from one that runs a command with its output in pipes.
#[derive(Default)]
pub struct Kind {
    pub tty: bool,
    pub stdin: Stdin,
    pub log: Option<LogOptions>,
}

impl Bench {
    pub fn log(&self, name: &str) -> LogOptions {
        LogOptions::new(self.supervisor.log_path(&id(name)))
    }

    pub fn request(&self, name: &str, args: &[&str], kind: Kind) -> CreateProcess {
        let bundle = self.place.bundle(name, args, kind.tty, |_| ());
        let log = Some(kind.log.unwrap_or_else(|| self.log(name)));
        CreateProcess { id: id(name), bundle, tty: kind.tty, stdin: kind.stdin, log, durable: true }
    }

    pub async fn create(&self, name: &str, args: &[&str], kind: Kind) {
        self.supervisor.create(self.request(name, args, kind)).await.expect("created");
    }

    /// Creates, attaches, starts.
    pub async fn run(&self, name: &str, args: &[&str], kind: Kind) -> Attached {
        self.create(name, args, kind).await;
        let attached = self.supervisor.attach(&key(name), Streams::ALL).await.expect("attached");
        self.supervisor.start(&id(name)).await.expect("started");
        attached
    }

    pub fn exec_request(&self, name: &str, exec: &str, args: &[&str], tty: bool) -> ExecProcess {
        let process = process(args, tty);
        ExecProcess { container: id(name), exec: id(exec), process, tty, stdin: Stdin::Once }
    }

    pub async fn log_text(&self, name: &str, query: LogQuery) -> String {
        let mut lines = self.supervisor.logs(&id(name), &self.log(name), query).await.expect("a log");
        let mut text = Vec::new();
        while let Some(line) = patient(lines.next()).await.expect("readable") {
            text.extend_from_slice(&line.bytes);
        }
        String::from_utf8(text).expect("UTF-8")
    }

    /// Removes the containers and looks whether anything is left.
    pub async fn finish(self, names: &[&str]) {
        for name in names {
            self.supervisor.remove(&key(name)).await.expect("removed");
        }
        // The last shim is reaped in the background.
        let begun = Instant::now();
        while !self.place.leftovers().is_empty() && begun.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(self.place.leftovers(), Vec::<String>::new());
    }
}

/// Everything of both streams, and the exit.
pub async fn everything(attached: &mut Attached) -> (String, String, Exit) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        match patient(attached.output.next()).await {
            Some(Output::Stdout(bytes)) => stdout.extend_from_slice(&bytes),
            Some(Output::Stderr(bytes)) => stderr.extend_from_slice(&bytes),
            Some(Output::Exit(exit)) => {
                let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
                return (text(stdout), text(stderr), exit);
            }
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&stdout)),
        }
    }
}

/// Output until it contains a text.
pub async fn until(attached: &mut Attached, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        match patient(attached.output.next()).await {
            Some(Output::Stdout(bytes) | Output::Stderr(bytes)) => {
                seen.push_str(&String::from_utf8_lossy(&bytes))
            }
            other => panic!("{other:?} while waiting for {text:?} after {seen:?}"),
        }
    }
    seen
}

pub async fn patient<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}
