//! The two requests that `serve` makes to the server it started. One request per connection, HTTP/1.0, so that the
//! answer is whatever comes until the end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Waits until `GET /healthz` is answered with 200.
pub fn wait_until_ready(authority: &str, patience: Duration) -> Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        let answer = TcpStream::connect(authority)
            .map_err(Into::into)
            .and_then(|s| ask(s, "GET", "/healthz", authority));
        match answer {
            Ok((200, _)) => return Ok(()),
            Ok((status, _)) if Instant::now() > deadline => bail!("/healthz answers {status}"),
            Err(error) if Instant::now() > deadline => return Err(error.context("the server is not ready")),
            _ => sleep(Duration::from_millis(20)),
        }
    }
}

/// Pulls an image; its progress goes unseen, its failure doesn't.
pub fn pull(socket: &Path, name: &str) -> Result<()> {
    let stream =
        UnixStream::connect(socket).with_context(|| format!("cannot connect to {}", socket.display()))?;
    let query: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let (status, body) = ask(stream, "POST", &format!("/images/create?fromImage={query}"), "strata")?;
    let messages =
        body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    for message in messages {
        if let Some(error) = message["error"].as_str().or_else(|| message["message"].as_str()) {
            bail!("{error}");
        }
    }
    if status == 200 { Ok(()) } else { bail!("the engine answers {status}") }
}

fn ask(mut stream: impl Read + Write, method: &str, path: &str, host: &str) -> Result<(u16, Vec<u8>)> {
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .with_context(|| format!("odd answer {line:?}"))?;
    while line.trim_end() != "" {
        line.clear();
        answer.read_line(&mut line)?;
    }
    let mut body = Vec::new();
    answer.read_to_end(&mut body)?;
    Ok((status, body))
}
