//! A log as a stream of records.

use std::{collections::VecDeque, io, path::Path, time::Duration};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::{
    sync::{mpsc, watch},
    task,
    time::{Instant, sleep_until},
};

use super::{LogError, LogLine, LogOptions, LogQuery, read::LogReader};
use crate::{Exit, sys::Readable};

/// Batches that are read ahead of a slow client.
const AHEAD: usize = 2;

/// The records of a log that a query asked for, oldest first.
#[derive(Debug)]
pub struct LogLines {
    batches: mpsc::Receiver<Result<Vec<LogLine>, LogError>>,
    ready: VecDeque<LogLine>,
}

/// What reads on while the client takes.
struct Follower {
    options: LogOptions,
    query: LogQuery,
    out: mpsc::Sender<Result<Vec<LogLine>, LogError>>,
    reader: Option<LogReader>,
}

impl LogLines {
    /// The next record; none at the end. May be dropped and called again.
    ///
    /// # Errors
    /// When the log can't be read; it ends then.
    pub async fn next(&mut self) -> Result<Option<LogLine>, LogError> {
        while self.ready.is_empty() {
            match self.batches.recv().await {
                None => return Ok(None),
                Some(batch) => self.ready.extend(batch?),
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Opens a log. It is followed until `running` says that the process ended; not at all if none.
    pub(crate) async fn open(
        options: LogOptions,
        query: LogQuery,
        running: Option<watch::Receiver<Option<Exit>>>,
    ) -> Result<Self, LogError> {
        let failed = LogError::new("open", &options.path);
        // Before the first read: what is written after it must wake us.
        let changes = match &running {
            Some(_) => Some(changes(&options.path).map_err(LogError::new("watch", &options.path))?),
            None => None,
        };
        let (tail, follow, of) = (query.tail, running.is_some(), options.clone());
        let reader = task::spawn_blocking(move || LogReader::open(of, tail, follow)).await;
        let reader = reader.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(failed)?;
        let (out, batches) = mpsc::channel(AHEAD);
        let follower = Follower { options, query, out, reader: Some(reader) };
        tokio::spawn(follower.run(running.zip(changes)));
        Ok(Self { batches, ready: VecDeque::new() })
    }
}

impl Follower {
    async fn run(mut self, follow: Option<(watch::Receiver<Option<Exit>>, Readable)>) {
        let Some((mut running, changes)) = follow else {
            self.read_on().await;
            return;
        };
        let deadline = self.query.until.map(|until| {
            let left = until.duration_since(jiff::Timestamp::now());
            Instant::now() + Duration::try_from(left).unwrap_or_default()
        });
        loop {
            // Asked first: everything is in the log when the end is told, so one more look finds the last line.
            let ended = running.has_changed().is_err() || running.borrow_and_update().is_some();
            let past = deadline.is_some_and(|deadline| deadline <= Instant::now());
            if !self.read_on().await || ended || past {
                return;
            }
            tokio::select! {
                _ = running.changed() => (),
                () = self.out.closed() => return,
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => (),
                changed = changes.drain() => if changed.is_err() {
                    return;
                },
            }
        }
    }

    /// Reads what is there. Whether more is wanted.
    async fn read_on(&mut self) -> bool {
        loop {
            let Some(mut reader) = self.reader.take() else { return false };
            let read = task::spawn_blocking(move || (reader.next(), reader)).await;
            let batch = match read {
                Ok((Ok(batch), reader)) => {
                    self.reader = Some(reader);
                    batch
                }
                Ok((Err(error), _)) => return self.fail(error).await,
                Err(error) => return self.fail(io::Error::other(error)).await,
            };
            let Some(mut lines) = batch else { return true };
            let end = lines.iter().position(|line| self.query.is_past(line.time.0));
            lines.truncate(end.unwrap_or(lines.len()));
            lines.retain(|line| self.query.wants(line));
            if !lines.is_empty() && self.out.send(Ok(lines)).await.is_err() || end.is_some() {
                return false;
            }
        }
    }

    async fn fail(&self, error: io::Error) -> bool {
        let _ = self.out.send(Err(LogError::new("read", &self.options.path)(error))).await;
        false
    }
}

/// Becomes readable when a file beside the log, or the log, is written or renamed.
fn changes(path: &Path) -> io::Result<Readable> {
    let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let events = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
    inotify::add_watch(&inotify, directory, events)?;
    Readable::new(inotify)
}
