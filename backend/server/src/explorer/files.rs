//! What is in a layer: its index, and the contents of its files.

use http::{HeaderValue, StatusCode, header};
use strata_engine::{Engine, Error, Kind};
use strata_oci::DiffId;

use super::images::path;
use crate::{
    browse::elsewhere,
    docker::Failure,
    http::{Body, Call, Content, Response, hostile_content, matches_etag},
};

/// What a diff id names never changes; for this user only, since it needs a session.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// `GET /api/layers/{diff_id}/index?from=FROM`.
pub async fn index(engine: Engine, call: Call) -> Result<Response, Failure> {
    let diff_id = diff_id(&call)?;
    let index = engine.layer_index(&diff_id, elsewhere(&call)?.as_ref()).await?;
    let etag = format!("\"{}\"", diff_id.digest().hex());
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, IMMUTABLE);
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hex"));
    if call.header(header::IF_NONE_MATCH).is_some_and(|tags| matches_etag(tags, &etag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(index.len()));
    *response.body_mut() = Body::from(index);
    Ok(response)
}

/// `GET /api/layers/{diff_id}/file?path=PATH&from=FROM`, with `Range`.
///
/// What comes out of an image is hostile: it is never a page, a script or a frame of this origin.
pub async fn file(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (diff_id, path) = (diff_id(&call)?, path(&call)?);
    let file = engine.open_file(&diff_id, &path, elsewhere(&call)?.as_ref()).await?;
    let unreadable =
        |error| Failure::from(Error::new(Kind::Internal, format!("cannot read the file: {error}")));
    let size = file.metadata().map_err(unreadable)?.len();
    let name = strata_api::path::encode(path.rsplit(|byte| *byte == b'/').next().unwrap_or_default());
    // One address is one file of one layer, so its layer and name are tag enough.
    let etag = format!("\"{}-{size}\"", diff_id.digest().short());
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    let disposition = HeaderValue::from_str(&disposition).expect("percent-encoded");
    let whole = Content { file, size, etag };
    hostile_content(call.headers(), call.is_head(), whole, disposition, IMMUTABLE).await.map_err(unreadable)
}

/// The layer that a call names.
pub fn diff_id(call: &Call) -> Result<DiffId, Failure> {
    let text = call.param("diff_id");
    let digest = text
        .parse()
        .map_err(|error| Failure::invalid(format!("{text:?} is not a layer's diff id: {error}")))?;
    Ok(DiffId(digest))
}
