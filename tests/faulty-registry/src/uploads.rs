//! Taking blobs and manifests, for tests of pushes.

use std::collections::{BTreeMap, HashSet, VecDeque};

use strata_oci::Digest;

use crate::{Recorded, State, lock, response::Response};

/// How pushes are taken.
#[derive(Default)]
pub(crate) struct Uploads {
    /// Whether at all.
    pub(crate) allowed: bool,
    /// What uploads' addresses start with, if not with the registry's own.
    pub(crate) elsewhere: Option<String>,
    /// Of the next PATCH requests only so many bytes arrive, and they get no answer.
    pub(crate) cuts: VecDeque<usize>,
    open: BTreeMap<String, Vec<u8>>,
    /// Which repository has which blob; blobs that the test added belong to none.
    held: HashSet<(String, String)>,
    begun: usize,
}

/// What is to be done with a request that writes.
pub(crate) enum Taken {
    Answer(Response),
    /// The connection breaks.
    Cut,
}

impl Uploads {
    pub(crate) fn holds(&self, repository: &str, digest: &str) -> bool {
        self.held.contains(&(repository.to_owned(), digest.to_owned()))
    }
}

/// Takes a request that writes; `None` if it is none.
pub(crate) fn take(state: &State, request: &Recorded) -> Option<Taken> {
    let mut uploads = lock(&state.uploads);
    if !uploads.allowed {
        return None;
    }
    let path = request.path.strip_prefix("/v2/")?;
    if let Some((repository, reference)) = path.split_once("/manifests/")
        && request.method == "PUT"
    {
        let media_type = request.header("content-type").unwrap_or_default();
        let mut content = lock(&state.content);
        let digest = content.add_manifest(repository, media_type, request.bytes.clone());
        if !reference.contains(':') {
            content.tag(repository, reference, &digest);
        }
        let mut response = Response::new(201, "text/plain", Vec::new());
        response.set("Docker-Content-Digest", digest.to_string());
        return Some(Taken::Answer(response));
    }
    let (repository, id) = path.split_once("/blobs/uploads")?;
    let id = id.trim_start_matches('/').to_owned();
    let base = uploads.elsewhere.clone().unwrap_or_else(|| state.url.clone());
    let place = |code: u16, id: &str, length: usize| {
        let mut response = Response::new(code, "text/plain", Vec::new());
        response.set("Location", format!("{base}/v2/{repository}/blobs/uploads/{id}?state=x"));
        response.set("Range", format!("0-{}", length.saturating_sub(1)));
        Taken::Answer(response)
    };
    let unknown = || Taken::Answer(Response::error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown"));
    match request.method.as_str() {
        "POST" => {
            if let (Some(digest), Some(from)) = (request.parameter("mount"), request.parameter("from"))
                && uploads.holds(&from, &digest)
            {
                uploads.held.insert((repository.to_owned(), digest));
                return Some(Taken::Answer(Response::new(201, "text/plain", Vec::new())));
            }
            uploads.begun += 1;
            let id = format!("upload-{}", uploads.begun);
            uploads.open.insert(id.clone(), Vec::new());
            Some(place(202, &id, 0))
        }
        "PATCH" => {
            let cut = uploads.cuts.pop_front();
            let Some(upload) = uploads.open.get_mut(&id) else { return Some(unknown()) };
            let start =
                request.header("content-range").and_then(|range| range.split('-').next()?.parse().ok());
            if start.is_some_and(|start: usize| start != upload.len()) {
                return Some(Taken::Answer(Response::error(416, "BLOB_UPLOAD_INVALID", "out of order")));
            }
            let arrived = cut.unwrap_or(usize::MAX).min(request.bytes.len());
            upload.extend_from_slice(&request.bytes[..arrived]);
            let length = upload.len();
            Some(if cut.is_some() { Taken::Cut } else { place(202, &id, length) })
        }
        "GET" => {
            let length = uploads.open.get(&id).map(Vec::len);
            Some(length.map_or_else(unknown, |length| place(204, &id, length)))
        }
        "PUT" => {
            let Some(mut bytes) = uploads.open.remove(&id) else { return Some(unknown()) };
            bytes.extend_from_slice(&request.bytes);
            let digest = request.parameter("digest").unwrap_or_default();
            if Digest::of(&bytes).to_string() != digest {
                return Some(Taken::Answer(Response::error(400, "DIGEST_INVALID", "another digest")));
            }
            lock(&state.content).add_blob(bytes);
            uploads.held.insert((repository.to_owned(), digest));
            Some(Taken::Answer(Response::new(201, "text/plain", Vec::new())))
        }
        _ => None,
    }
}
