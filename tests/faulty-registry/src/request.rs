//! Requests: read, and remembered.

use std::{
    io::{self, BufRead, Read},
    time::Instant,
};

use percent_encoding::percent_decode_str;

const LINE_MAX: u64 = 64 << 10;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `GET`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// After the question mark; empty if there was none.
    pub query: String,
    /// In the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
    /// The body.
    pub bytes: Vec<u8>,
    /// When the head had been read.
    pub at: Instant,
    /// Numbers the connections, from 0.
    pub connection: usize,
}

impl Recorded {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        parameters(&self.query).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The first byte and, if given, the last of the range asked for.
    pub(crate) fn range(&self) -> Option<(u64, Option<u64>)> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()))
    }

    /// Reads the next request of a connection; `None` at its end, or if it does not speak HTTP.
    pub(crate) fn read(connection: usize, stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let line = read_line(stream)?;
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // The end, or a client that tries TLS first.
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Ok(None);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Vec::new();
        loop {
            let line = read_line(stream)?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let mut request = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: String::new(),
            bytes: Vec::new(),
            at: Instant::now(),
            connection,
        };
        let mut body = Vec::new();
        if request.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            read_chunks(stream, &mut body)?;
        } else {
            let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            stream.take(length).read_to_end(&mut body)?;
        }
        request.body = String::from_utf8_lossy(&body).into_owned();
        request.bytes = body;
        Ok(Some(request))
    }
}

/// A body of no known length, as dockerd uploads what it compresses on the way (RFC 9112, 7.1).
fn read_chunks(stream: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(stream)?;
        let size = line.split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        stream.take(size).read_to_end(body)?;
        // After the last chunk there may be trailers.
        while !read_line(stream)?.is_empty() {}
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    stream.take(LINE_MAX).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// The pairs of a query or form, decoded.
pub(crate) fn parameters(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}
