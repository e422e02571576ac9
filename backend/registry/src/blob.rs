//! A blob's bytes, over as many connections as it takes.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream, stream::BoxStream};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_RANGE, RANGE},
};
use strata_oci::{Descriptor, Digest, Repository, VerifyError};

use crate::{
    Client, Error, Request,
    exchange::{Answer, content_length},
    origin::Origin,
    pace::Pace,
    peer::Peer,
    range::ContentRange,
    refusal::Subject,
    session::Ask,
    wording::{Mishap, mishap},
};

/// The bytes of a blob, in order, each exactly once; a cut or stalled transfer is resumed where it broke off.
///
/// Ends after exactly the descriptor's size, counted from the blob's first byte, or with an error. The digest is the consumer's to check, as the
/// bytes pass: see [`strata_oci::Verifier`]. Drop it to cancel.
pub struct Blob {
    chunks: BoxStream<'static, Result<Bytes, Error>>,
}

impl Blob {
    pub(crate) fn new(client: Client, repository: Repository, descriptor: &Descriptor, from: u64) -> Self {
        let mut peers = VecDeque::from(client.peers(&repository));
        let peer = peers.pop_front().expect("the registry itself is always among the peers");
        let transfer = Transfer {
            pace: client.pace(&peer),
            stall: client.shared.timeouts.stall,
            client,
            repository,
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            peer,
            peers,
            received: from.min(descriptor.size),
            whole: false,
            body: None,
        };
        let chunks = stream::try_unfold(transfer, async |mut transfer: Transfer| {
            Ok(transfer.next().await?.map(|chunk| (chunk, transfer)))
        });
        Self { chunks: chunks.boxed() }
    }

    /// The next bytes; `None` after the last.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.chunks.next().await.transpose()
    }
}

impl Stream for Blob {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.as_mut().poll_next(context)
    }
}

struct Transfer {
    client: Client,
    repository: Repository,
    digest: Digest,
    size: u64,
    /// Who is asked now, and who next if it fails.
    peer: Peer,
    peers: VecDeque<Peer>,
    pace: Pace,
    stall: Duration,
    /// Bytes handed out, or never wanted.
    received: u64,
    /// Whether ranges are no use with this peer.
    whole: bool,
    body: Option<Body>,
}

/// A response that bytes are coming from.
struct Body {
    answer: Answer,
    /// Bytes at its start that were already handed out.
    skip: u64,
    /// Whether its end is known only when it comes.
    unsized_: bool,
}

/// Why a response's head will not do.
enum Unfit {
    /// It never will.
    Error(Error),
    /// Without a range it may.
    Range(String),
}

impl Transfer {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if self.received == self.size {
                return self.end().await;
            }
            let outcome = match self.body.take() {
                Some(body) => self.read(body).await,
                None => self.open().await,
            };
            match outcome {
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) => {}
                Err(error) => self.move_on(error)?,
            }
        }
    }

    /// Passes to the next peer, or fails with `error` if there is none.
    fn move_on(&mut self, error: Error) -> Result<(), Error> {
        let Some(next) = self.peers.pop_front() else { return Err(error) };
        self.client.pass_over(&self.peer, &error);
        self.pace = self.client.pace(&next);
        self.peer = next;
        self.whole = false;
        Ok(())
    }

    /// Asks for what is missing; `None` if there is something to read now.
    async fn open(&mut self) -> Result<Option<Bytes>, Error> {
        let path = format!("{}/blobs/{}", self.repository.path(), self.digest);
        let mut headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        let from = if self.whole { 0 } else { self.received };
        if from > 0 {
            let range =
                HeaderValue::try_from(format!("bytes={from}-")).expect("digits may stand in a header");
            headers.insert(RANGE, range);
        }
        let ask = Ask { headers, from, ..Ask::get(Subject::Blob(&self.repository, &self.digest), path) };
        let answer = match self.client.ask(&self.peer, &ask, &mut self.pace).await {
            // A registry that was there a moment ago may be starting again.
            Err(error @ Error::Unreachable { .. }) if self.received > 0 => return self.wait(error).await,
            // What is there is shorter than what we have: a range is no way to find out more.
            Err(Error::Status { status: 416, .. }) if from > 0 => {
                self.whole = true;
                return Ok(None);
            }
            outcome => outcome?,
        };
        let request = answer.request.clone();
        match self.judge(answer, from) {
            Ok(body) => self.body = Some(body),
            Err(Unfit::Error(error)) => return Err(error),
            Err(Unfit::Range(cause)) if from > 0 => {
                self.whole = true;
                tracing::debug!(%request, cause, "asking for the whole blob");
            }
            Err(Unfit::Range(cause)) => return Err(Error::Protocol { request, cause }),
        }
        Ok(None)
    }

    /// Whether a response is what was asked for, by its head.
    fn judge(&self, answer: Answer, from: u64) -> Result<Body, Unfit> {
        let headers = answer.response.headers();
        let length = content_length(headers);
        let start = match answer.response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let range = headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
                let range = range.and_then(ContentRange::parse);
                let fits = |r: &ContentRange| {
                    from > 0
                        && r.first == from
                        && r.last < self.size
                        && r.total.is_none_or(|total| total == self.size)
                };
                let range = range
                    .filter(fits)
                    .ok_or_else(|| Unfit::Range("the answer is not the range asked for".into()))?;
                if length.is_some_and(|length| length != range.last - range.first + 1) {
                    return Err(Unfit::Range("the length of the answer is not that of its range".into()));
                }
                from
            }
            // No range was asked for, or the server does not know them.
            _ => {
                if let Some(actual) = length.filter(|length| *length != self.size) {
                    let cause =
                        VerifyError::Size { digest: self.digest.clone(), actual, expected: self.size };
                    return Err(Unfit::Error(Error::Mismatch { request: answer.request, cause }));
                }
                0
            }
        };
        Ok(Body { skip: self.received - start, unsized_: length.is_none(), answer })
    }

    /// Reads on; `None` if nothing new came.
    async fn read(&mut self, mut body: Body) -> Result<Option<Bytes>, Error> {
        let failed = match tokio::time::timeout(self.stall, body.answer.response.chunk()).await {
            Ok(Ok(Some(chunk))) => return self.take(chunk, body),
            Ok(Ok(None)) => Mishap { text: "unexpected EOF".into(), passing: true },
            Ok(Err(error)) => mishap(&error, Origin::of(body.answer.response.url()).as_ref()),
            Err(_) => Mishap { text: format!("no data for {} s", self.stall.as_secs_f32()), passing: true },
        };
        let error = Error::Unreachable { request: body.answer.request.clone(), cause: failed.text };
        body.answer.track.fail(&error);
        drop(body);
        if failed.passing { self.wait(error).await } else { Err(error) }
    }

    fn take(&mut self, mut chunk: Bytes, mut body: Body) -> Result<Option<Bytes>, Error> {
        let skipped = body.skip.min(chunk.len() as u64);
        body.skip -= skipped;
        // At most the chunk's length, which is a usize.
        let chunk = chunk.split_off(skipped as usize);
        let length = chunk.len() as u64;
        body.answer.track.received(length);
        if length > self.size - self.received {
            return Err(self.too_much(body.answer.request, length));
        }
        self.body = Some(body);
        self.received += length;
        self.pace.progress(length);
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    fn too_much(&self, request: Request, more: u64) -> Error {
        let actual = self.received + more;
        let cause = VerifyError::Size { digest: self.digest.clone(), actual, expected: self.size };
        Error::Mismatch { request, cause }
    }

    /// Waits before the next try, or gives up with `error`.
    async fn wait(&mut self, error: Error) -> Result<Option<Bytes>, Error> {
        let Some(wait) = self.pace.again(None) else { return Err(error) };
        tracing::debug!(%error, received = self.received, ?wait, "resuming");
        tokio::time::sleep(wait).await;
        Ok(None)
    }

    /// All is there: makes sure that the server thinks so too.
    async fn end(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(mut body) = self.body.take().filter(|body| body.unsized_) else { return Ok(None) };
        match tokio::time::timeout(self.stall, body.answer.response.chunk()).await {
            Ok(Ok(Some(more))) if !more.is_empty() => {
                Err(self.too_much(body.answer.request, more.len() as u64))
            }
            _ => Ok(None),
        }
    }
}
