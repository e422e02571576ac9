//! Responses, and how faults bend them.

use std::{
    io::{self, Write},
    sync::Arc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::Fault;

/// Bytes written at once, so that a cut falls where it should and slow is slow.
const STEP: usize = 16 << 10;

/// A response to be.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    content: Arc<[u8]>,
    /// Of `content`, what is sent.
    range: std::ops::Range<usize>,
    length_error: i64,
    chunked: bool,
    endless: bool,
    raw: Option<Vec<u8>>,
    stall: Option<(u64, Duration)>,
    pace: Option<u64>,
    cut: Option<(u64, Ending)>,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Keep,
    Close,
    Reset,
}

impl Response {
    pub(crate) fn new(status: u16, content_type: &str, content: impl Into<Arc<[u8]>>) -> Self {
        let content = content.into();
        Self {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            range: 0..content.len(),
            content,
            length_error: 0,
            chunked: false,
            endless: false,
            raw: None,
            stall: None,
            pace: None,
            cut: None,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string().into_bytes())
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({"errors": [{"code": code, "message": message}]}))
    }

    /// Sets a header in place of the one that is there.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.unset(name);
        self.headers.push((name.to_owned(), value.into()));
    }

    fn unset(&mut self, name: &str) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// Narrows the answer to a range.
    pub(crate) fn narrow(mut self, first: u64, last: Option<u64>) -> Self {
        let total = self.content.len() as u64;
        if first >= total {
            let mut refusal = Self::error(416, "RANGE_INVALID", "range not satisfiable");
            refusal.set("Content-Range", format!("bytes */{total}"));
            return refusal;
        }
        let last = last.unwrap_or(u64::MAX).min(total - 1);
        self.status = 206;
        self.set("Content-Range", format!("bytes {first}-{last}/{total}"));
        self.range = first as usize..last as usize + 1;
        self
    }

    /// Does to the answer what the fault says.
    pub(crate) fn bend(&mut self, fault: &Fault) {
        match fault.clone() {
            Fault::Reset { after } => self.cut = Some((after, Ending::Reset)),
            Fault::Close { after } => self.cut = Some((after, Ending::Close)),
            Fault::Stall { after, pause } => self.stall = Some((after, pause)),
            Fault::Slow { bytes_per_second } => self.pace = Some(bytes_per_second.max(1)),
            Fault::Length(error) => self.length_error = error,
            Fault::Chunked => self.chunked = true,
            Fault::Corrupt { at } => {
                let mut content = self.content.to_vec();
                if let Some(byte) = content.get_mut(at as usize) {
                    *byte ^= 1;
                }
                self.content = content.into();
            }
            Fault::Append(more) => {
                let whole = [&self.content[self.range.clone()], &more].concat();
                self.range = 0..whole.len();
                self.content = whole.into();
            }
            Fault::Status { code, headers, body } => {
                *self = Self::new(code, "text/plain", body);
                headers.iter().for_each(|(name, value)| self.set(name, value));
            }
            // Handled before the range is looked at.
            Fault::IgnoreRange => {}
            Fault::Header { name, value } => self.set(&name, value),
            Fault::NoHeader(name) => self.unset(&name),
            Fault::Endless => self.endless = true,
            Fault::HeaderBomb { count, size } => {
                self.headers.extend((0..count).map(|n| (format!("X-Bomb-{n}"), "b".repeat(size))));
            }
            Fault::Garbage(bytes) => self.raw = Some(bytes),
        }
    }

    /// Sends it; what becomes of the connection afterwards.
    pub(crate) fn send(&self, head_only: bool, stream: &mut impl Write) -> io::Result<Ending> {
        if let Some(raw) = &self.raw {
            stream.write_all(raw)?;
            stream.flush()?;
            return Ok(Ending::Close);
        }
        stream.write_all(self.head().as_bytes())?;
        if head_only {
            stream.flush()?;
            return Ok(Ending::Keep);
        }
        if self.endless {
            loop {
                self.write(stream, &[b' '; STEP])?;
            }
        }
        let body = &self.content[self.range.clone()];
        let end = self.cut.map_or(body.len(), |(after, _)| body.len().min(after as usize));
        let mut sent = 0;
        while sent < end {
            let mut step = STEP.min(end - sent);
            if let Some((after, pause)) = self.stall {
                let after = after as usize;
                if sent == after {
                    stream.flush()?;
                    thread::sleep(pause);
                } else if sent < after {
                    step = step.min(after - sent);
                }
            }
            if let Some(pace) = self.pace {
                step = step.min((pace / 10).max(1) as usize);
                stream.flush()?;
                thread::sleep(Duration::from_secs_f64(step as f64 / pace as f64));
            }
            self.write(stream, &body[sent..sent + step])?;
            sent += step;
        }
        if self.chunked && self.cut.is_none() {
            stream.write_all(b"0\r\n\r\n")?;
        }
        stream.flush()?;
        let ending = if self.length_error == 0 { Ending::Keep } else { Ending::Close };
        Ok(self.cut.map_or(ending, |(_, ending)| ending))
    }

    fn write(&self, stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        if !(self.chunked || self.endless) {
            return stream.write_all(bytes);
        }
        stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes())?;
        stream.write_all(bytes)?;
        stream.write_all(b"\r\n")
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Told\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.chunked || self.endless {
            head += "Transfer-Encoding: chunked\r\n";
        } else {
            let length = self.range.len() as i64 + self.length_error;
            head += &format!("Content-Length: {}\r\n", length.max(0));
        }
        head + "\r\n"
    }
}
