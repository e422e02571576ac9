//! Manifests, by tag or digest.

use http::{HeaderValue, StatusCode, header};
use strata_engine::{Engine, Error, Kind};

use super::{Failure, with_version};
use crate::http::{Body, Call, Response, matches_etag, read_body, status};

/// As large as clients accept.
const LARGEST: usize = 4 << 20;

/// `GET` and `HEAD /v2/{name}/manifests/{reference}`.
///
/// `Accept` is not looked at: a registry keeps one form of a manifest, and its bytes are what the digest is of.
pub async fn get(engine: Engine, call: Call) -> Result<Response, Failure> {
    let failure = Failure::of("MANIFEST_UNKNOWN", "NAME_INVALID");
    let manifest =
        engine.registry_manifest(call.param("name"), call.param("reference")).await.map_err(&failure)?;
    let text = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| failure(Error::new(Kind::Internal, "the manifest's type is not text")))
    };
    let digest = manifest.digest.to_string();
    let etag = format!("\"{digest}\"");
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert("docker-content-digest", text(&digest)?);
    headers.insert(header::ETAG, text(&etag)?);
    if call.header(header::IF_NONE_MATCH).is_some_and(|tags| matches_etag(tags, &etag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(with_version(response));
    }
    headers.insert(header::CONTENT_TYPE, text(&manifest.media_type.to_string())?);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(manifest.bytes.len()));
    *response.body_mut() = Body::from(manifest.bytes);
    Ok(with_version(response))
}

/// `PUT /v2/{name}/manifests/{reference}`: the body, by a tag or its digest.
pub async fn put(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let failure = Failure::of("NAME_UNKNOWN", "MANIFEST_INVALID");
    let (name, reference) = (call.param("name").to_owned(), call.param("reference").to_owned());
    let media_type = call.header(header::CONTENT_TYPE).unwrap_or_default().to_owned();
    let body = std::mem::take(call.request.body_mut());
    let bytes = match read_body(body, LARGEST).await {
        Ok(bytes) => bytes,
        Err(error) => return Ok(super::refused(error.status(), "MANIFEST_INVALID", &error.to_string())),
    };
    let stored = engine.registry_put_manifest(&name, &reference, &media_type, bytes).await;
    let stored = stored.map_err(failure)?;
    let mut response = status(StatusCode::CREATED);
    let headers = response.headers_mut();
    let text = |text: String| HeaderValue::from_str(&text).expect("names and digests are ASCII");
    headers.insert(header::LOCATION, text(format!("/v2/{name}/manifests/{}", stored.digest)));
    headers.insert("docker-content-digest", text(stored.digest.to_string()));
    if let Some(subject) = stored.subject {
        headers.insert("oci-subject", text(subject.to_string()));
    }
    Ok(with_version(response))
}

/// `DELETE /v2/{name}/manifests/{reference}`: a tag, or a manifest with its tags.
pub async fn delete(engine: Engine, call: Call) -> Result<Response, Failure> {
    let deleted = engine.registry_delete_manifest(call.param("name"), call.param("reference")).await;
    deleted.map_err(Failure::of("MANIFEST_UNKNOWN", "NAME_INVALID"))?;
    Ok(with_version(status(StatusCode::ACCEPTED)))
}
