//! `GET /containers/{id}/logs`.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use strata_engine::{
    Engine, Error,
    containers::{LogLine, LogQuery, LogRequest, Stream},
};
use tokio::io::AsyncWriteExt as _;

use super::frames::{Framing, Of};
use crate::{
    Shutdown,
    docker::{Failure, moment},
    http::{Body, Call, Output, Query, Response},
};

/// What of a log is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Go on as long as it runs.
    pub follow: bool,
    /// Lines of standard output.
    pub stdout: bool,
    /// Lines of standard error.
    pub stderr: bool,
    /// With the time before each line.
    pub timestamps: bool,
    /// With what the logging driver was told to add before each line.
    pub details: bool,
    /// Nothing older, in Unix nanoseconds.
    pub since: Option<i64>,
    /// Nothing newer, in Unix nanoseconds.
    pub until: Option<i64>,
    /// Only so many of the last lines.
    pub tail: Option<usize>,
}

impl Wanted {
    /// All that was written so far.
    pub fn until_now() -> Self {
        Self { stdout: true, stderr: true, ..Self::default() }
    }

    fn parse(query: &Query) -> Result<Self, Failure> {
        let time = |key: &str| match query.text(key).filter(|text| text != "0") {
            None => Ok(None),
            Some(text) => moment(&text).map(Some).ok_or_else(|| {
                Failure::invalid(format!(
                    "invalid value for {key:?}: {text:?}: expected Unix seconds or a time"
                ))
            }),
        };
        Ok(Self {
            follow: query.flag("follow"),
            stdout: query.flag("stdout"),
            stderr: query.flag("stderr"),
            timestamps: query.flag("timestamps"),
            details: query.flag("details"),
            since: time("since")?,
            until: time("until")?,
            // dockerd takes whatever isn't a number for `all`.
            tail: query.text("tail").and_then(|text| text.parse().ok()),
        })
    }

    /// The same for the containers.
    pub fn query(&self) -> LogQuery {
        let time = |nanos: i64| jiff::Timestamp::from_nanosecond(i128::from(nanos)).ok();
        LogQuery {
            follow: self.follow,
            since: self.since.and_then(time),
            until: self.until.and_then(time),
            tail: self.tail,
            stdout: self.stdout,
            stderr: self.stderr,
        }
    }
}

/// `GET /containers/{id}/logs`: `follow`, `stdout`, `stderr`, `since`, `until`, `timestamps`, `details`, `tail`.
pub async fn logs((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let wanted = Wanted::parse(&call.query())?;
    let log = engine.containers()?.logs(call.param("id"), wanted.query()).await.map_err(Error::from)?;
    let framing = Framing::of(log.tty);
    let details = wanted.details.then(|| Bytes::from(log.details + " "));
    let lines =
        stream::unfold((log.lines, shutdown, details), move |(mut lines, shutdown, details)| async move {
            let line = tokio::select! {
                line = lines.next() => line,
                () = shutdown.begun() => Ok(None),
            };
            match line {
                Ok(line) => line.map(|line| {
                    (Ok(pack(line, framing, &wanted, details.as_ref())), (lines, shutdown, details))
                }),
                Err(error) => Some((Err(error), (lines, shutdown, details))),
            }
        });
    let mut response = Response::new(Body::from_stream(lines));
    let media_type = HeaderValue::from_static(framing.media_type(call.version));
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// Sends a log to a client that is attached.
pub async fn send(mut log: LogRequest, framing: Framing, output: &mut Output) {
    while let Ok(Some(line)) = log.lines.next().await {
        if output.write_all(&pack(line, framing, &Wanted::default(), None)).await.is_err() {
            return;
        }
    }
}

fn pack(mut line: LogLine, framing: Framing, wanted: &Wanted, details: Option<&Bytes>) -> Bytes {
    let of = match line.stream {
        Stream::Stdout => Of::Stdout,
        Stream::Stderr => Of::Stderr,
    };
    if let Some(details) = details {
        line.bytes = [details, &line.bytes[..]].concat().into();
    }
    framing.pack(of, if wanted.timestamps { line.with_timestamp() } else { line.bytes })
}
