//! Blobs, whole or in part.

use http::{HeaderValue, StatusCode, header};
use strata_engine::{Engine, Error, Kind};
use strata_oci::Digest;

use super::{Failure, with_version};
use crate::http::{Call, Content, Response, content, status};

/// `GET` and `HEAD /v2/{name}/blobs/{digest}`, with `Range`.
pub async fn get(engine: Engine, call: Call) -> Result<Response, Failure> {
    let failure = Failure::of("BLOB_UNKNOWN", "DIGEST_INVALID");
    let text = call.param("digest");
    let wrong =
        |error| failure(Error::new(Kind::InvalidArgument, format!("{text:?} is not a digest: {error}")));
    let digest: Digest = text.parse().map_err(wrong)?;
    let blob = engine
        .registry_blob(call.param("name"), &digest)
        .await
        .map_err(Failure::of("BLOB_UNKNOWN", "NAME_INVALID"))?;
    if call.is_head() {
        // Whoever asks may be about to name it in a manifest instead of sending it.
        engine.registry_promise(call.param("name"), &digest).await.map_err(&failure)?;
    }
    let digest = digest.to_string();
    let asked = Content { file: blob.file, size: blob.size, etag: format!("\"{digest}\"") };
    let unreadable = |error| failure(Error::new(Kind::Internal, format!("cannot read the blob: {error}")));
    let mut response = content(call.headers(), call.is_head(), asked).await.map_err(unreadable)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=31536000, immutable"));
    headers.insert("docker-content-digest", HeaderValue::from_str(&digest).expect("a digest is ASCII"));
    Ok(with_version(response))
}

/// `DELETE /v2/{name}/blobs/{digest}`; refused while a manifest names it.
pub async fn delete(engine: Engine, call: Call) -> Result<Response, Failure> {
    let digest = super::uploads::digest(call.param("digest"))?;
    let deleted = engine.registry_delete_blob(call.param("name"), &digest).await;
    deleted.map_err(Failure::of("BLOB_UNKNOWN", "NAME_INVALID"))?;
    Ok(with_version(status(StatusCode::ACCEPTED)))
}
