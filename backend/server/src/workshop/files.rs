//! The files of a context.

use http::{HeaderValue, StatusCode};
use strata_api::workshop::GitSource;
use strata_engine::{Engine, Error, Kind, WRITTEN_AT_ONCE, Was};

use crate::{
    docker::Failure,
    http::{Call, Content, Response, hostile_content, json, read_ahead, read_body, read_json, status},
};

/// `GET /api/workshops/{id}/files`.
pub async fn list(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.workshop_files(call.param("id")).await?))
}

/// `GET /api/workshops/{id}/file?path=PATH`, with `Range`. As hostile as a file of an image.
pub async fn read(engine: Engine, call: Call) -> Result<Response, Failure> {
    let file = engine.open_workshop_file(call.param("id"), &path(&call, "path")?).await?;
    let unreadable =
        |error| Failure::from(Error::new(Kind::Internal, format!("cannot read the file: {error}")));
    let meta = file.metadata().map_err(unreadable)?;
    // A file is never written in place: its number and its time of change tell the version.
    use std::os::unix::fs::MetadataExt as _;
    let etag = format!("\"{:x}-{:x}-{:x}\"", meta.ino(), meta.ctime(), meta.ctime_nsec());
    let whole = Content { file, size: meta.len(), etag };
    let attachment = HeaderValue::from_static("attachment");
    let cache = HeaderValue::from_static("no-cache");
    hostile_content(call.headers(), call.is_head(), whole, attachment, cache).await.map_err(unreadable)
}

/// `PUT /api/workshops/{id}/file?path=PATH[&was=DIGEST][&mode=755]`: the body is what it is to have.
pub async fn write(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let (query, path) = (call.query(), path(&call, "path")?);
    let was = match (query.has("was"), query.text("was")) {
        (false, _) => Was::Anything,
        (true, None) => Was::Nothing,
        (true, Some(digest)) => Was::Content(digest.parse().map_err(|error| {
            Failure::invalid(format!(
                "the parameter was is no digest: {error}; leave it out to write in any case"
            ))
        })?),
    };
    let mode = query.text("mode").map(|text| mode(&text)).transpose()?;
    let body = std::mem::take(call.request.body_mut());
    let bytes = read_body(body, WRITTEN_AT_ONCE).await;
    let bytes = bytes.map_err(|error| Failure::invalid(format!("{error}: larger files come in a tar")))?;
    Ok(json(&engine.write_workshop_file(call.param("id"), &path, was, mode, bytes).await?))
}

/// `DELETE /api/workshops/{id}/file?path=PATH`.
pub async fn remove(engine: Engine, call: Call) -> Result<Response, Failure> {
    engine.remove_workshop_file(call.param("id"), &path(&call, "path")?).await?;
    Ok(status(StatusCode::NO_CONTENT))
}

/// `PUT /api/workshops/{id}/directory?path=PATH`.
pub async fn make_directory(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.make_workshop_directory(call.param("id"), &path(&call, "path")?).await?))
}

/// `POST /api/workshops/{id}/move?path=PATH&to=PATH`.
pub async fn rename(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (path, to) = (path(&call, "path")?, path(&call, "to")?);
    Ok(json(&engine.move_workshop_file(call.param("id"), &path, &to).await?))
}

/// `POST /api/workshops/{id}/upload?path=PATH`: the body is a tar.
pub async fn upload(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (id, path) = (call.param("id").to_owned(), call.query().path("path").unwrap_or_default());
    Ok(json(&engine.unpack_in_workshop(&id, &path, read_ahead(call.request.into_body())).await?))
}

/// `POST /api/workshops/{id}/git?path=PATH`.
pub async fn fetch(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let source: GitSource = read_json(&mut call).await?;
    let path = call.query().path("path").unwrap_or_default();
    Ok(json(&engine.fetch_in_workshop(call.param("id"), &path, source).await?))
}

/// The bytes of a path in a context.
fn path(call: &Call, name: &str) -> Result<Vec<u8>, Failure> {
    let path = call.query().path(name).filter(|path| !path.is_empty());
    path.ok_or_else(|| {
        Failure::invalid(format!(
            "the parameter {name} is missing: expected a percent-encoded path without a leading slash"
        ))
    })
}

fn mode(text: &str) -> Result<u32, Failure> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    mode.ok_or_else(|| Failure::invalid(format!("{text:?} is no mode: expected octal digits such as 755")))
}
