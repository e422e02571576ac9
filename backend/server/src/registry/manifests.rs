//! Manifests, by tag or digest.

use http::{HeaderValue, StatusCode, header};
use strata_engine::{Engine, Error, Kind};

use super::{Failure, with_version};
use crate::http::{Body, Call, Response, matches_etag};

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
