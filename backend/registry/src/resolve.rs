//! Reference → manifest bytes, verified.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use strata_oci::{
    Algorithm, Descriptor, Digest, Hasher, ManifestError, MediaType, Parsed, Reference, Repository, Verifier,
};

use crate::{
    Client, Error, Request,
    exchange::{content_length, read_body},
    peer::Peer,
    refusal::Subject,
    session::Ask,
};

const CONTENT_DIGEST: &str = "docker-content-digest";

/// A manifest or index as a registry sent it, its digest checked.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Digest and size of `bytes`, and the media type that header and body agree on.
    pub descriptor: Descriptor,
    /// The bytes, exactly as they came: their digest is the image's repository digest.
    pub bytes: Bytes,
    /// The `Content-Type` as it came, possibly empty.
    pub content_type: String,
    /// What the bytes say.
    pub parsed: Parsed,
}

impl Client {
    /// Fetches the manifest or index that a reference names; the digest is asked for if there is one, else the tag.
    ///
    /// The bytes are checked against the reference's digest, else against the one that the registry announces.
    pub async fn resolve(&self, reference: &Reference) -> Result<Fetched, Error> {
        let mut peers = self.peers(reference.repository()).into_iter();
        loop {
            let peer = peers.next().expect("the registry itself is last, and its outcome returned");
            match self.resolve_at(&peer, reference).await {
                Err(error) if peer.mirror => self.pass_over(&peer, &error),
                outcome => return outcome,
            }
        }
    }

    /// Digest, size and type of what a reference names, without its bytes; `None` if the registry does not say
    /// (then [`Client::resolve`] it).
    pub async fn head(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        let mut peers = self.peers(reference.repository()).into_iter();
        loop {
            let peer = peers.next().expect("the registry itself is last, and its outcome returned");
            let answer = self.ask(&peer, &manifest(Method::HEAD, reference), &mut self.pace(&peer)).await;
            match answer {
                Ok(answer) => return Ok(announced(answer.response.headers(), reference)),
                Err(error) if peer.mirror => self.pass_over(&peer, &error),
                Err(Error::Status { status: 405, .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Fetches an image config, whole and verified.
    pub async fn config(&self, repository: &Repository, descriptor: &Descriptor) -> Result<Bytes, Error> {
        let limit = self.shared.limits.config;
        let request = || Request { method: Method::GET, url: descriptor.digest.to_string() };
        if descriptor.size > limit {
            return Err(Error::TooLarge { request: request(), what: "image config", limit });
        }
        let mut blob = self.blob(repository, descriptor);
        let mut bytes = bytes::BytesMut::new();
        while let Some(chunk) = blob.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        verify(&bytes, &descriptor.digest, Some(descriptor.size), &request())?;
        Ok(bytes.freeze())
    }

    async fn resolve_at(&self, peer: &Peer, reference: &Reference) -> Result<Fetched, Error> {
        let mut pace = self.pace(peer);
        loop {
            let answer = self.ask(peer, &manifest(Method::GET, reference), &mut pace).await?;
            let request = answer.request.clone();
            let headers = answer.response.headers().clone();
            let limit = self.shared.limits.manifest;
            match read_body(answer, "manifest", limit, self.shared.timeouts.response).await {
                Ok(bytes) => return checked(reference, &headers, bytes, &request),
                Err(failed) => match failed.passing.then(|| pace.again(None)).flatten() {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(failed.error),
                },
            }
        }
    }
}

fn manifest(method: Method, reference: &Reference) -> Ask<'_> {
    let path = format!("{}/manifests/{}", reference.repository().path(), reference.locator());
    let accept =
        HeaderValue::try_from(MediaType::ACCEPT.join(", ")).expect("media types may stand in a header");
    Ask {
        method,
        headers: HeaderMap::from_iter([(ACCEPT, accept)]),
        ..Ask::get(Subject::Manifest(reference), path)
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.map(crate::refusal::one_line).unwrap_or_default()
}

fn content_digest(headers: &HeaderMap) -> Option<Digest> {
    headers.get(CONTENT_DIGEST)?.to_str().ok()?.trim().parse().ok()
}

/// What the head of a response says of the manifest, if it says all.
fn announced(headers: &HeaderMap, reference: &Reference) -> Option<Descriptor> {
    let digest = content_digest(headers)?;
    if reference.digest().is_some_and(|wanted| *wanted != digest) {
        return None;
    }
    let kind = MediaType::from(content_type(headers).split(';').next()?.trim());
    if !kind.is_manifest() && !kind.is_index() {
        return None;
    }
    Some(Descriptor::new(kind, digest, content_length(headers)?))
}

/// The manifest, if its bytes are what reference and headers say and can be used.
fn checked(
    reference: &Reference,
    headers: &HeaderMap,
    bytes: Bytes,
    request: &Request,
) -> Result<Fetched, Error> {
    let announced = content_digest(headers);
    for expected in [reference.digest(), announced.as_ref()].into_iter().flatten() {
        verify(&bytes, expected, None, request)?;
    }
    let content_type = content_type(headers);
    let parsed = Parsed::from_bytes(&content_type, &bytes).map_err(|cause| {
        // A page for people: its type says more than where the JSON breaks off.
        let page = content_type.starts_with("text/html");
        let cause = if page { ManifestError::MediaType(content_type.clone()) } else { cause };
        Error::Manifest { reference: reference.familiar(), cause }
    })?;
    let digest = reference.digest().cloned().unwrap_or_else(|| {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(&bytes);
        hasher.finish()
    });
    let descriptor = Descriptor::new(media_type(&content_type, &parsed), digest, bytes.len() as u64);
    Ok(Fetched { descriptor, bytes, content_type, parsed })
}

/// The header's type where it says anything, else the body's, else what the body looks like.
fn media_type(content_type: &str, parsed: &Parsed) -> MediaType {
    let header = MediaType::from(content_type.split(';').next().unwrap_or_default().trim());
    let (declared, fallback) = match parsed {
        Parsed::Manifest(manifest) => (&manifest.media_type, MediaType::OCI_MANIFEST),
        Parsed::Index(index) => (&index.media_type, MediaType::OCI_INDEX),
    };
    let known = header.is_manifest() || header.is_index();
    if known { header } else { declared.clone().unwrap_or_else(|| fallback.into()) }
}

fn verify(bytes: &[u8], expected: &Digest, size: Option<u64>, request: &Request) -> Result<(), Error> {
    let mut verifier = Verifier::new(expected.clone(), size);
    let verified = verifier.update(bytes).and_then(|()| verifier.finish().map(drop));
    verified.map_err(|cause| Error::Mismatch { request: request.clone(), cause })
}
