//! Strata itself.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::Arc,
};

use crate::{
    Daemon, NetNs, Scratch,
    http::{Answer, Dial, Request},
    netns::{command_in, free_port},
};

/// How to start it; the default is as root on the host, with data in a scratch directory.
#[derive(Clone, Default)]
pub struct Options {
    /// The network to run in.
    pub netns: Option<Arc<NetNs>>,
    /// The user to run as.
    pub uid: Option<u32>,
    /// The data directory, if not one of its own.
    pub data: Option<PathBuf>,
    /// Environment on top of a bare one.
    pub env: Vec<(String, String)>,
}

/// A running server.
pub struct Strata {
    daemon: Daemon,
    options: Options,
    data: PathBuf,
    port: u16,
    token: String,
    url: String,
    starts: usize,
    scratch: Scratch,
}

impl Strata {
    /// The binary: `STRATA_BIN`, else the newer of the release and the debug build.
    #[track_caller]
    pub fn binary() -> PathBuf {
        if let Some(path) = env::var_os("STRATA_BIN") {
            return path.into();
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let built = ["release/strata", "debug/strata"].map(|name| target.join(name));
        let age = |path: &PathBuf| fs::metadata(path).and_then(|m| m.modified()).ok();
        let newest = built.into_iter().filter(|p| p.is_file()).max_by_key(age);
        newest.expect("strata is built (`cargo build`), or STRATA_BIN says where it is")
    }

    /// Starts one with empty data.
    #[track_caller]
    pub fn start() -> Self {
        Self::with(Options::default())
    }

    /// Starts one in `netns` with empty data.
    #[track_caller]
    pub fn start_in(netns: &Arc<NetNs>) -> Self {
        Self::with(Options { netns: Some(netns.clone()), ..Options::default() })
    }

    /// Starts one and waits until it is ready.
    #[track_caller]
    pub fn with(options: Options) -> Self {
        let scratch = Scratch::new("strata");
        let data = options.data.clone().unwrap_or_else(|| scratch.join("data"));
        if let Some(uid) = options.uid {
            std::os::unix::fs::chown(scratch.path(), Some(uid), Some(uid))
                .expect("root may give a directory away");
            // Where root builds may be closed to others.
            fs::copy(Self::binary(), scratch.join("strata")).expect("the binary can be read");
        }
        let port = free_port(options.netns.as_deref());
        let daemon = launch(&options, &scratch, &data, port, 0);
        let mut strata = Self {
            daemon,
            options,
            data,
            port,
            token: String::new(),
            url: String::new(),
            starts: 1,
            scratch,
        };
        strata.wait();
        strata
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Asks it to end; returns how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.daemon.terminate()
    }

    /// Starts it again on the same data, socket and port, after [`Strata::kill`] or [`Strata::stop`].
    #[track_caller]
    pub fn restart(&mut self) {
        assert!(self.daemon.poll().is_some(), "strata still runs");
        self.daemon = launch(&self.options, &self.scratch, &self.data, self.port, self.starts);
        self.starts += 1;
        self.wait();
    }

    /// Waits until it is ready, and reads its URL and token.
    #[track_caller]
    fn wait(&mut self) {
        let dial = self.tcp();
        self.url = self.daemon.wait_for(|log| {
            let from = log.find("http://")?;
            let line = log[from..].lines().next()?;
            let whole = log[from..].len() > line.len();
            whole.then(|| line.split_whitespace().next().unwrap_or_default().to_owned())
        });
        // The token in the URL is a ticket that works once, for a browser; scripts use the one in the data directory.
        let token = fs::read_to_string(self.data.join("token")).expect("the server keeps its token there");
        self.token = token.trim().to_owned();
        self.daemon
            .wait_for(|_| Request::get("/healthz").send(&dial).ok().filter(|answer| answer.status == 200));
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its unix socket.
    pub fn socket(&self) -> PathBuf {
        self.scratch.join("sock")
    }

    /// Its TCP port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL that it printed, with a ticket that works once.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of its page without a ticket, `http://127.0.0.1:PORT`.
    pub fn home(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The token that scripts send.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// To its unix socket.
    pub fn unix(&self) -> Dial {
        Dial::Unix(self.socket())
    }

    /// To its TCP port.
    pub fn tcp(&self) -> Dial {
        Dial::Tcp(self.port, self.options.netns.clone())
    }

    /// `request` over TCP as a script of the owner sends it, with the token.
    #[track_caller]
    pub fn ask(&self, request: Request) -> Answer {
        let request = request.header("Authorization", &format!("Bearer {}", self.token));
        request.send(&self.tcp()).unwrap_or_else(|e| panic!("{request:?}: {e}\n{}", self.log()))
    }

    /// `GET target` over TCP with the token.
    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.ask(Request::get(target))
    }

    /// Most memory that it has held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.daemon.peak_memory()
    }

    /// Memory that it holds, in bytes.
    pub fn resident_memory(&self) -> u64 {
        self.daemon.resident_memory()
    }
}

impl Drop for Strata {
    /// Containers outlive their server, and so would what a failed test has left.
    fn drop(&mut self) {
        let Ok(list) = Request::get("/containers/json?all=1").send(&self.unix()) else { return };
        for container in list.json().as_array().into_iter().flatten() {
            let id = container["Id"].as_str().unwrap_or_default();
            let _ = Request::new("DELETE", &format!("/containers/{id}?force=1&v=1")).send(&self.unix());
        }
        // Asked to end, it also takes down its networks.
        self.daemon.terminate();
    }
}

#[track_caller]
fn launch(options: &Options, scratch: &Scratch, data: &Path, port: u16, starts: usize) -> Daemon {
    let mut command = match options.uid {
        None => command_in(options.netns.as_deref(), &Strata::binary().to_string_lossy()),
        Some(uid) => {
            let mut command: Command = command_in(options.netns.as_deref(), "setpriv");
            command.args([format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".into()]);
            command.arg("--no-new-privs").arg(scratch.join("strata"));
            command
        }
    };
    command
        .arg("serve")
        .arg("--data")
        .arg(data)
        .arg("--socket")
        .arg(scratch.join("sock"))
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", scratch.path())
        .env("RUST_BACKTRACE", "1")
        .envs(options.env.iter().cloned());
    // A log for each start: the line with the URL of an earlier one must not be taken for this one's.
    Daemon::start(&mut command, &scratch.join(format!("log-{starts}")))
}
