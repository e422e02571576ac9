//! A container's log in docker's json-file format: one JSON object per line, `{"log":…,"stream":…,"time":…}`, in files
//! that are rotated: `x`, `x.1` (older), `x.2` and so on.

mod encode;
mod follow;
mod read;
mod tail;
mod write;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Time;

pub use follow::LogLines;
pub(crate) use write::LogWriter;

/// Where and how much is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOptions {
    /// The newest file, absolute; its directory exists. It is appended to.
    pub path: PathBuf,
    /// From how many bytes on a file is rotated; never, if none.
    pub max_size: Option<u64>,
    /// How many files there may be, the newest included; 0 counts as 1.
    pub max_files: u32,
}

impl LogOptions {
    /// A log that is never rotated, as is docker's default.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), max_size: None, max_files: 1 }
    }

    /// The files that there may be, newest first.
    fn files(&self) -> impl DoubleEndedIterator<Item = PathBuf> {
        (0..self.max_files.max(1)).map(|age| rotated(&self.path, age))
    }
}

/// The file that was rotated `age` times.
fn rotated(path: &Path, age: u32) -> PathBuf {
    if age == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    name.into()
}

/// Which stream of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output, and all that a terminal shows.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One record of a log: a line with its newline, or a part of one of more than 16 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was logged.
    pub time: Time,
    /// Where it was written to.
    pub stream: Stream,
    /// What was written.
    pub bytes: Bytes,
}

impl LogLine {
    /// The line behind its time, as `docker logs --timestamps` shows it.
    pub fn with_timestamp(&self) -> Bytes {
        let mut line = format!("{:.9} ", self.time.0).into_bytes();
        line.extend_from_slice(&self.bytes);
        line.into()
    }
}

/// What to read of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Go on as long as the process runs.
    pub follow: bool,
    /// Nothing older.
    pub since: Option<Timestamp>,
    /// Nothing newer; with `follow`, ends then.
    pub until: Option<Timestamp>,
    /// Only so many of the last records of both streams; all, if none.
    pub tail: Option<usize>,
    /// Lines of stdout.
    pub stdout: bool,
    /// Lines of stderr.
    pub stderr: bool,
}

impl Default for LogQuery {
    /// All that is there, of both streams.
    fn default() -> Self {
        Self { follow: false, since: None, until: None, tail: None, stdout: true, stderr: true }
    }
}

impl LogQuery {
    fn wants(&self, line: &LogLine) -> bool {
        let stream = match line.stream {
            Stream::Stdout => self.stdout,
            Stream::Stderr => self.stderr,
        };
        stream && self.since.is_none_or(|since| line.time.0 >= since)
    }

    fn is_past(&self, time: Timestamp) -> bool {
        self.until.is_some_and(|until| time > until)
    }
}

/// A log that can't be read.
#[derive(Debug, Error)]
#[error("cannot {action} the log {path}", path = .path.display())]
pub struct LogError {
    /// What was tried.
    action: &'static str,
    /// The file.
    path: PathBuf,
    /// The refusal.
    source: std::io::Error,
}

impl LogError {
    fn new(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { action, path, source }
    }
}
