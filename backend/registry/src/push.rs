//! Sending: blobs that a repository does not have yet, and manifests.
//!
//! ```text
//! HEAD blob ── is there ──────────────────────────────► nothing to do
//!   └─ POST uploads/?mount&from ── mounted ───────────► nothing to send
//!        └─ POST uploads/ ── PATCH ── PUT?digest ─────► sent
//!                              └─ cut: GET the upload, PATCH the rest
//! ```

use std::{ops::RangeInclusive, path::Path};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE},
};
use reqwest::Url;
use strata_oci::{Digest, MediaType, Reference, Repository};

use crate::{
    Client, Error, ErrorKind, Request,
    content::{Content, Sent},
    exchange::Answer,
    pace::Pace,
    peer::{Peer, registry},
    refusal::Subject,
    session::Ask,
    watch::Purpose,
};

/// A blob in a file of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Outbound<'a> {
    /// Its digest.
    pub digest: &'a Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Where it is.
    pub path: &'a Path,
}

/// How a blob came to be in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// It was there.
    Exists,
    /// The registry took it from another repository of its own.
    Mounted(Repository),
    /// It was sent.
    Sent,
}

impl Client {
    /// Sees to it that `repository` has a blob. `from` are repositories of the same registry that may have it; `sent` counts
    /// what goes over the network. A cut upload is resumed where the registry says that it broke off.
    pub async fn push_blob(
        &self,
        repository: &Repository,
        blob: Outbound<'_>,
        from: &[Repository],
        sent: &Sent,
    ) -> Result<Uploaded, Error> {
        self.push_blob_as_asked(repository, blob, from, sent).await.map_err(worded)
    }

    async fn push_blob_as_asked(
        &self,
        repository: &Repository,
        blob: Outbound<'_>,
        from: &[Repository],
        sent: &Sent,
    ) -> Result<Uploaded, Error> {
        let peer = registry(repository.domain(), &self.shared.transport);
        let upload = Upload { client: self, peer, repository, blob, sent };
        if upload.is_there().await? {
            return Ok(Uploaded::Exists);
        }
        let mut begun = None;
        for other in from.iter().filter(|other| other.domain() == repository.domain() && *other != repository)
        {
            match upload.mount(other).await? {
                None => return Ok(Uploaded::Mounted(other.clone())),
                Some(location) => begun = Some(location),
            }
        }
        upload.send(begun).await?;
        Ok(Uploaded::Sent)
    }

    /// Stores a manifest under a tag or digest.
    pub async fn push_manifest(
        &self,
        reference: &Reference,
        media_type: &MediaType,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let repository = reference.repository();
        let peer = registry(repository.domain(), &self.shared.transport);
        let digest = Digest::of(&bytes);
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&media_type.to_string()) {
            headers.insert(CONTENT_TYPE, value);
        }
        let ask = Ask {
            method: Method::PUT,
            purpose: Purpose::Put(reference.locator()),
            headers,
            content: Some(Content::Bytes(bytes)),
            accept: &[StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED, StatusCode::NO_CONTENT],
            ..Ask::get(
                Subject::Push(repository, None),
                format!("{}/manifests/{}", repository.path(), reference.locator()),
            )
        };
        let answer = self.ask(&peer, &ask, &mut Pace::new(self.shared.retry)).await.map_err(worded)?;
        let said =
            answer.response.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
        match said.map(str::parse::<Digest>) {
            Some(Ok(other)) if other.algorithm() == digest.algorithm() && other != digest => {
                let cause = format!("the registry says that the manifest is {other}: sent was {digest}");
                Err(Error::Protocol { request: answer.request, cause })
            }
            _ => Ok(()),
        }
    }
}

/// As dockerd words a push without a login: it names no request.
fn worded(error: Error) -> Error {
    match error {
        Error::Unauthorized { reason, .. } => Error::Unauthorized { request: None, reason },
        other => other,
    }
}

struct Upload<'a> {
    client: &'a Client,
    peer: Peer,
    repository: &'a Repository,
    blob: Outbound<'a>,
    sent: &'a Sent,
}

impl<'a> Upload<'a> {
    fn ask(&self, method: Method, accept: &'static [StatusCode]) -> Ask<'a> {
        let path = format!("{}/blobs/uploads/", self.repository.path());
        Ask { method, accept, ..Ask::get(Subject::Push(self.repository, None), path) }
    }

    fn pace(&self) -> Pace {
        Pace::new(self.client.shared.retry)
    }

    async fn is_there(&self) -> Result<bool, Error> {
        let ask = Ask {
            method: Method::HEAD,
            purpose: Purpose::Check(self.blob.digest.clone()),
            ..Ask::get(
                Subject::Push(self.repository, Some(self.blob.digest)),
                format!("{}/blobs/{}", self.repository.path(), self.blob.digest),
            )
        };
        match self.client.ask(&self.peer, &ask, &mut self.pace()).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks to take the blob from `other`. An answer is where to send it instead.
    async fn mount(&self, other: &Repository) -> Result<Option<Url>, Error> {
        let query = Some(format!("mount={}&from={}", self.blob.digest, other.path()));
        let content = Some(Content::Bytes(Bytes::new()));
        let subject = Subject::Mount(self.repository, other);
        let accept = &[StatusCode::CREATED, StatusCode::ACCEPTED];
        let purpose = Purpose::Mount { digest: self.blob.digest.clone(), from: other.path().to_owned() };
        let ask = Ask { query, content, subject, purpose, ..self.ask(Method::POST, accept) };
        let answer = self.client.ask(&self.peer, &ask, &mut self.pace()).await?;
        match answer.response.status() {
            StatusCode::CREATED => Ok(None),
            _ => location(&answer).map(Some),
        }
    }

    async fn begin(&self) -> Result<Url, Error> {
        let content = Some(Content::Bytes(Bytes::new()));
        let purpose = Purpose::Begin(self.blob.digest.clone());
        let ask = Ask { content, purpose, ..self.ask(Method::POST, &[StatusCode::ACCEPTED]) };
        location(&self.client.ask(&self.peer, &ask, &mut self.pace()).await?)
    }

    /// Sends the blob, to an upload that was begun or a new one.
    async fn send(&self, begun: Option<Url>) -> Result<(), Error> {
        let mut pace = self.pace();
        let mut place = begun.map(|location| (location, 0));
        loop {
            let (location, from) = match place.take() {
                Some(place) => place,
                None => (self.begin().await?, 0),
            };
            match self.rest(&location, from).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let passing = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::TooManyRequests);
                    let Some(wait) = pace.again(None).filter(|_| passing) else { return Err(error) };
                    tracing::debug!(%error, ?wait, "an upload broke off");
                    tokio::time::sleep(wait).await;
                    // An upload that can't be asked about is begun anew.
                    place = self.received(&location).await.unwrap_or_default();
                    pace.progress(place.as_ref().map_or(0, |(_, received)| received.saturating_sub(from)));
                }
            }
        }
    }

    /// Sends what is missing of an upload, and ends it.
    async fn rest(&self, location: &Url, from: u64) -> Result<(), Error> {
        let mut once = Pace::once(self.client.shared.retry);
        let mut end = location.clone();
        if from < self.blob.size || self.blob.size == 0 {
            let mut headers =
                HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))]);
            if from > 0 {
                let range = format!("{from}-{}", self.blob.size - 1);
                headers.insert(CONTENT_RANGE, HeaderValue::try_from(range).expect("digits and a dash"));
            }
            let content = Content::File {
                path: self.blob.path.into(),
                from,
                length: self.blob.size - from,
                sent: self.sent.clone(),
            };
            let accept = &[StatusCode::ACCEPTED, StatusCode::NO_CONTENT];
            let ask = Ask {
                target: Some(location.clone()),
                purpose: Purpose::Send(self.blob.digest.clone()),
                from,
                headers,
                content: Some(content),
                ..self.ask(Method::PATCH, accept)
            };
            end = self::location(&self.client.ask(&self.peer, &ask, &mut once).await?)?;
        }
        end.query_pairs_mut().append_pair("digest", &self.blob.digest.to_string());
        let accept = &[StatusCode::CREATED, StatusCode::NO_CONTENT];
        let ask = Ask {
            target: Some(end),
            purpose: Purpose::Finish(self.blob.digest.clone()),
            content: Some(Content::Bytes(Bytes::new())),
            ..self.ask(Method::PUT, accept)
        };
        self.client.ask(&self.peer, &ask, &mut once).await.map(drop)
    }

    /// How much of an upload is there, and where it goes on; nothing if that is not said clearly.
    async fn received(&self, location: &Url) -> Result<Option<(Url, u64)>, Error> {
        let purpose = Purpose::Progress(self.blob.digest.clone());
        let ask = Ask {
            target: Some(location.clone()),
            purpose,
            ..self.ask(Method::GET, &[StatusCode::NO_CONTENT])
        };
        let answer = self.client.ask(&self.peer, &ask, &mut self.pace()).await?;
        let range = answer.response.headers().get(RANGE).and_then(|value| value.to_str().ok());
        // `0-0` may mean one byte or none.
        let received = range.and_then(received).map(|range| range.end() + 1).filter(|length| *length > 1);
        let next = self::location(&answer).unwrap_or_else(|_| location.clone());
        Ok(received.filter(|length| *length <= self.blob.size).map(|length| (next, length)))
    }
}

/// `0-1023` or `bytes=0-1023`.
fn received(header: &str) -> Option<RangeInclusive<u64>> {
    let (first, last) = header.trim().trim_start_matches("bytes=").split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first == 0).then_some(first..=last)
}

/// Where the next request of an upload goes.
fn location(answer: &Answer) -> Result<Url, Error> {
    let said = answer.response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let url = said.and_then(|text| answer.response.url().join(text).ok());
    url.filter(|url| url.username().is_empty() && url.password().is_none()).ok_or_else(|| {
        let request: Request = answer.request.clone();
        Error::Protocol { request, cause: "the registry does not say where to upload to".into() }
    })
}

#[cfg(test)]
mod tests {
    use super::received;

    #[test]
    fn what_was_received() {
        assert_eq!(received("0-1023"), Some(0..=1023));
        assert_eq!(received("bytes=0-5"), Some(0..=5));
        for odd in ["", "5-9", "x", "0-", "-5"] {
            assert_eq!(received(odd), None, "{odd}");
        }
    }
}
