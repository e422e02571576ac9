//! A running server with an image in its registry, and a client that sends exactly what it is told to.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use strata_forge::{Built, Image, Layer};

/// A reply, whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends one request over `stream` and reads the reply to its end.
pub fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Reply {
    let headers: String = headers.iter().map(|(key, value)| format!("{key}: {value}\r\n")).collect();
    write!(stream, "{method} {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").expect("sent");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("read to its end");
    parse(&reply)
}

fn parse(reply: &[u8]) -> Reply {
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&reply[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect();
    let mut reply = Reply { status: status.expect("a status"), headers, body: reply[end + 4..].to_vec() };
    if reply.header("transfer-encoding").is_some() {
        reply.body = dechunk(&reply.body);
    }
    reply
}

fn dechunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(line) = body.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&body[..line]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        whole.extend_from_slice(&body[line + 2..line + 2 + size]);
        body = &body[line + 2 + size + 2..];
    }
    whole
}

/// A server of its own: data, socket and port. Killed when dropped.
pub struct Server {
    child: Child,
    pub dir: tempfile::TempDir,
    pub url: String,
    pub port: u16,
}

impl Server {
    /// Starts one on an empty data directory.
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary directory"))
    }

    /// Starts one whose registry has the image as `demo:latest`.
    pub fn with_demo(image: &Image) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let layout = dir.path().join("layout");
        image.write_layout(&layout, "latest").expect("written");
        let seeded = command()
            .arg("seed")
            .arg("--data")
            .arg(dir.path().join("data"))
            .arg(&layout)
            .arg("demo:latest")
            .output();
        let seeded = seeded.expect("runs");
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        Self::start_in(dir)
    }

    pub fn start_in(dir: tempfile::TempDir) -> Self {
        let mut child =
            Self::command(dir.path()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("a URL").to_owned();
        let port = url.split([':', '/']).nth(4).and_then(|port| port.parse().ok()).expect("a port");
        Self { child, dir, url, port }
    }

    /// `strata serve` in `dir`, on a free port.
    pub fn command(dir: &Path) -> Command {
        let mut command = command();
        command.arg("serve").arg("--data").arg(dir.join("data")).arg("--socket").arg(dir.join("sock"));
        command.args(["--listen", "127.0.0.1:0"]);
        command
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("sock")
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn token(&self) -> String {
        let token = fs::read_to_string(self.dir.path().join("data/token")).expect("there");
        token.trim().to_owned()
    }

    /// Over TCP, with these headers alone.
    pub fn raw(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Reply {
        exchange(TcpStream::connect(("127.0.0.1", self.port)).expect("listens"), method, target, headers)
    }

    /// Over TCP, with the right Host and the token.
    pub fn tcp(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Reply {
        let (host, token) = (self.host(), self.token());
        let mut all = vec![("Host", host.as_str()), ("X-Strata-Token", token.as_str())];
        all.extend(headers);
        self.raw(method, target, &all)
    }

    /// Over the unix socket.
    pub fn unix(&self, method: &str, target: &str) -> Reply {
        exchange(UnixStream::connect(self.socket()).expect("listens"), method, target, &[("Host", "docker")])
    }

    /// Sends SIGTERM; how long it took to end, and whether it succeeded.
    pub fn terminate(&mut self) -> (Duration, bool) {
        let start = Instant::now();
        let sent = Command::new("kill").arg(self.pid().to_string()).status().expect("kill runs");
        assert!(sent.success());
        let status = self.child.wait().expect("ends");
        (start.elapsed(), status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, without settings of this machine.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strata"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STRATA_")) {
        command.env_remove(name);
    }
    command.env("STRATA_CONFIG", "/dev/null");
    command
}

/// Two layers with a file that spans several buffers, odd names, and a deletion.
pub fn demo() -> Image {
    let base = Layer::new()
        .dir("etc")
        .file("etc/motd", "hello")
        .file("big", big())
        .file(b"odd \xff+%".as_slice(), "odd");
    let top = Layer::new().whiteout("etc/motd").file("top", "top");
    Image::new()
        .layer("COPY base /", base)
        .layer("RUN rm /etc/motd", top)
        .row("CMD [\"sh\"]")
        .config(|config| config.cmd = Some(vec!["sh".into()]))
}

pub fn built() -> Built {
    demo().build()
}

/// 300,001 bytes, no two neighbours alike.
pub fn big() -> Vec<u8> {
    (0..300_001_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
