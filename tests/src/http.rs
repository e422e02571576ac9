//! A small HTTP/1.1 client that sends exactly what it is told: wrong hosts, foreign origins, raw paths.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use crate::NetNs;

/// Where to connect.
#[derive(Clone)]
pub enum Dial {
    /// A unix socket.
    Unix(PathBuf),
    /// A port on loopback, on the host or in a network.
    Tcp(u16, Option<Arc<NetNs>>),
}

impl Dial {
    /// A connection; its reads fail after thirty seconds of silence.
    pub fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let patience = Some(Duration::from_secs(30));
        match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(patience)?;
                Ok(Box::new(stream))
            }
            Self::Tcp(port, netns) => {
                let connect = || TcpStream::connect(("127.0.0.1", *port));
                let stream = netns.as_ref().map_or_else(connect, |netns| netns.inside(connect))?;
                stream.set_read_timeout(patience)?;
                Ok(Box::new(stream))
            }
        }
    }

    /// What a well-behaved client puts in `Host`.
    pub fn host(&self) -> String {
        match self {
            Self::Unix(_) => "docker".to_owned(),
            Self::Tcp(port, _) => format!("127.0.0.1:{port}"),
        }
    }
}

/// A connection.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The answer to it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
}

impl Request {
    /// `GET target`.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// `method target`, the target sent as it is.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// With a header. `Host` is added by itself unless given; an empty `Host` leaves it out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it on a connection of its own and reads the whole answer.
    pub fn send(&self, dial: &Dial) -> io::Result<Answer> {
        let mut stream = dial.connect()?;
        stream.write_all(&self.bytes(&dial.host()))?;
        let mut bytes = Vec::new();
        let end = stream.read_to_end(&mut bytes);
        // A server that refuses early may reset the connection behind its answer.
        match end {
            Err(error) if bytes.is_empty() => Err(error),
            _ => Answer::parse(&bytes, self.method == "HEAD"),
        }
    }

    /// What goes over the wire.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let named = |wanted: &str| self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if !named("host") {
            text += &format!("Host: {host}\r\n");
        }
        for (name, value) in &self.headers {
            if !(name.eq_ignore_ascii_case("host") && value.is_empty()) {
                text += &format!("{name}: {value}\r\n");
            }
        }
        // Clients say so when they send JSON, and are refused when they don't.
        if self.body.starts_with(b"{")
            && !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            text += "Content-Type: application/json\r\n";
        }
        if !self.body.is_empty() || self.method == "POST" {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        text += "Connection: close\r\n\r\n";
        let mut bytes = text.into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

impl Answer {
    fn parse(bytes: &[u8], head_only: bool) -> io::Result<Self> {
        let wrong =
            |why: &str| io::Error::new(io::ErrorKind::InvalidData, format!("not an HTTP answer: {why}"));
        let end =
            bytes.windows(4).position(|w| w == b"\r\n\r\n").ok_or_else(|| wrong("no end of headers"))?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let split =
            |line: &str| line.split_once(':').map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()));
        let mut answer = Self {
            status: status.ok_or_else(|| wrong("no status"))?,
            headers: lines.filter_map(split).collect(),
            body: Vec::new(),
        };
        let body = &bytes[end + 4..];
        if answer.header("transfer-encoding") == Some("chunked") && !head_only {
            answer.body = unchunk(body).ok_or_else(|| wrong("a cut chunk"))?;
        } else {
            answer.body = body.to_owned();
            let declared = answer.header("content-length").and_then(|n| n.parse::<usize>().ok());
            if !head_only && answer.status != 304 && declared.is_some_and(|n| n != body.len()) {
                return Err(wrong("a cut body"));
            }
        }
        Ok(answer)
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{} not JSON ({e}): {}", self.status, self.text()))
    }
}

fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..line]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        bytes = &bytes[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend(bytes.get(..size)?);
        bytes = bytes.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_and_chunked_answers() {
        let plain = Answer::parse(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX-A: b\r\n\r\nno", false)
            .expect("valid");
        assert_eq!((plain.status, plain.text().as_str(), plain.header("x-a")), (404, "no", Some("b")));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
        assert_eq!(Answer::parse(chunked, false).expect("valid").body, b"abcd");
        assert!(Answer::parse(&chunked[..chunked.len() - 8], false).is_err(), "a cut stream is an error");
        assert!(
            Answer::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nno", false).is_err(),
            "a cut body too"
        );
    }
}
