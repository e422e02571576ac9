//! Uploads of blobs: `POST`, `PATCH`, `PUT`, `GET` and `DELETE` below `/v2/{name}/blobs/uploads/`.

use std::{io, time::Duration};

use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, StatusCode, header};
use strata_engine::{Chunk, Engine, Error, Kind, ReadAhead};
use strata_oci::Digest;

use super::{Failure, with_version};
use crate::http::{Body, Call, Response, status};

/// A client that sends nothing for so long is gone.
const STALL: Duration = Duration::from_secs(60);

fn failure(error: Error) -> Failure {
    Failure::of("BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID")(error)
}

/// `POST`: begins an upload; with `mount` (and `from`) takes the blob from another repository if it is there, with `digest` the
/// body is all of the blob.
pub async fn begin(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let name = call.param("name").to_owned();
    if let Some(text) = query.text("mount") {
        let digest = digest(&text)?;
        if engine.registry_mount(&name, &digest, query.text("from").as_deref()).await.map_err(named)? {
            return Ok(created(&name, &digest));
        }
    }
    let id = engine.registry_begin(&name).await.map_err(named)?;
    let Some(text) = query.text("digest") else { return Ok(accepted(StatusCode::ACCEPTED, &name, &id, 0)) };
    let digest = digest(&text)?;
    let chunk = Chunk { start: None, length: length(&call) };
    let finished = engine.registry_finish(&name, &id, chunk, body(&mut call), &digest).await;
    if finished.is_err() {
        // What can't be named by its client can't be resumed.
        let _ = engine.registry_cancel(&name, &id).await;
    }
    finished.map_err(failure)?;
    Ok(created(&name, &digest))
}

/// `PATCH`: adds a chunk; with `Content-Range` it must begin where the upload ends.
pub async fn append(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let (name, id) = (call.param("name").to_owned(), call.param("id").to_owned());
    let chunk = chunk(&call)?;
    match engine.registry_append(&name, &id, chunk, body(&mut call)).await {
        Ok(length) => Ok(accepted(StatusCode::ACCEPTED, &name, &id, length)),
        Err(error) => refused(&engine, &name, &id, error).await,
    }
}

/// `PUT`: adds the last chunk, if there is one, and ends the upload; it must have the digest `digest`.
pub async fn finish(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let (name, id) = (call.param("name").to_owned(), call.param("id").to_owned());
    let missing = || Error::new(Kind::WrongDigest, "the parameter digest is missing");
    let text = call.query().text("digest").ok_or_else(|| failure(missing()))?;
    let (digest, chunk) = (digest(&text)?, chunk(&call)?);
    match engine.registry_finish(&name, &id, chunk, body(&mut call), &digest).await {
        Ok(()) => Ok(created(&name, &digest)),
        Err(error) => refused(&engine, &name, &id, error).await,
    }
}

/// `GET`: how far an upload is.
pub async fn progress(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (name, id) = (call.param("name"), call.param("id"));
    let length = engine.registry_upload_length(name, id).await.map_err(failure)?;
    Ok(accepted(StatusCode::NO_CONTENT, name, id, length))
}

/// `DELETE`: drops an upload.
pub async fn cancel(engine: Engine, call: Call) -> Result<Response, Failure> {
    engine.registry_cancel(call.param("name"), call.param("id")).await.map_err(failure)?;
    Ok(with_version(status(StatusCode::NO_CONTENT)))
}

/// A chunk that doesn't fit is refused together with where the upload is.
async fn refused(engine: &Engine, name: &str, id: &str, error: Error) -> Result<Response, Failure> {
    if error.kind != Kind::OutOfRange {
        return Err(failure(error));
    }
    let length = engine.registry_upload_length(name, id).await.map_err(failure)?;
    let mut response = axum::response::IntoResponse::into_response(failure(error));
    let place = accepted(StatusCode::ACCEPTED, name, id, length);
    for header in [header::LOCATION, header::RANGE] {
        if let Some(value) = place.headers().get(&header) {
            response.headers_mut().insert(header, value.clone());
        }
    }
    Ok(response)
}

fn named(error: Error) -> Failure {
    Failure::of("NAME_UNKNOWN", "NAME_INVALID")(error)
}

pub(super) fn digest(text: &str) -> Result<Digest, Failure> {
    text.parse()
        .map_err(|error| failure(Error::new(Kind::WrongDigest, format!("{text:?} is not a digest: {error}"))))
}

fn length(call: &Call) -> Option<u64> {
    call.header(header::CONTENT_LENGTH)?.parse().ok()
}

/// What a request says of the chunk that it carries: `Content-Range: 0-1023`.
fn chunk(call: &Call) -> Result<Chunk, Failure> {
    let announced = length(call);
    let Some(text) = call.header(header::CONTENT_RANGE) else {
        return Ok(Chunk { start: None, length: announced });
    };
    let wrong = || {
        let message = format!("Content-Range {text:?} is not a range: expected FIRST-LAST, such as 0-1023");
        failure(Error::new(Kind::InvalidArgument, message))
    };
    let range = text.trim().trim_start_matches("bytes").trim_start_matches(['=', ' ']);
    let range = range.split('/').next().unwrap_or_default();
    let (first, last) = range.split_once('-').ok_or_else(wrong)?;
    let (first, last): (u64, u64) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
    let length = last.checked_sub(first).and_then(|more| more.checked_add(1)).ok_or_else(wrong)?;
    match announced {
        Some(announced) if announced != length => {
            let message =
                format!("Content-Range {text:?} has {length} bytes: Content-Length says {announced}");
            Err(Failure::of("SIZE_INVALID", "SIZE_INVALID")(Error::new(Kind::InvalidArgument, message)))
        }
        _ => Ok(Chunk { start: Some(first), length: Some(length) }),
    }
}

/// The body, to be read by a thread that may block.
fn body(call: &mut Call) -> ReadAhead {
    let body: Body = std::mem::take(call.request.body_mut());
    let pieces = stream::unfold(body.into_data_stream(), |mut pieces| async move {
        let piece = match tokio::time::timeout(STALL, pieces.next()).await {
            Ok(piece) => piece?.map_err(io::Error::other),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client sent nothing for a minute")),
        };
        Some((piece, pieces))
    });
    ReadAhead::new(pieces)
}

/// Where an upload goes on, and what it has.
fn accepted(code: StatusCode, name: &str, id: &str, length: u64) -> Response {
    let mut response = status(code);
    let headers = response.headers_mut();
    let text = |text: String| HeaderValue::from_str(&text).expect("names and ids are ASCII");
    headers.insert(header::LOCATION, text(format!("/v2/{name}/blobs/uploads/{id}")));
    headers.insert(header::RANGE, text(format!("0-{}", length.saturating_sub(1))));
    headers.insert("docker-upload-uuid", text(id.to_owned()));
    with_version(response)
}

fn created(name: &str, digest: &Digest) -> Response {
    let mut response = status(StatusCode::CREATED);
    let headers = response.headers_mut();
    let text = |text: String| HeaderValue::from_str(&text).expect("names and digests are ASCII");
    headers.insert(header::LOCATION, text(format!("/v2/{name}/blobs/{digest}")));
    headers.insert("docker-content-digest", text(digest.to_string()));
    with_version(response)
}
