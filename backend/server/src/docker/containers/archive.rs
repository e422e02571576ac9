//! Files in and out of a container.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use strata_api::engine::PathStat;
use strata_engine::{
    Engine, Error,
    containers::{Archive, Containers},
};
use tokio_util::io::{ReaderStream, SyncIoBridge};

use crate::{
    docker::Failure,
    http::{Body, Call, Response, read_ahead, status},
};

const TAR: HeaderValue = HeaderValue::from_static("application/x-tar");
const STAT: &str = "x-docker-container-path-stat";
/// Bytes of an archive that wait for a slow client.
const BACKLOG: usize = 256 * 1024;

/// `GET /containers/{id}/export`: the whole file system as a tar.
pub async fn export(engine: Engine, call: Call) -> Result<Response, Failure> {
    let archive = engine.containers()?.export(call.param("id")).await.map_err(Error::from)?;
    let mut response = send(archive);
    let media_type = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// `GET /containers/{id}/archive`: what is at `path`, as a tar.
pub async fn read(engine: Engine, call: Call) -> Result<Response, Failure> {
    let archive = engine.containers()?.archive(call.param("id"), &path(&call)?).await.map_err(Error::from)?;
    let stat = encode(&archive.stat)?;
    let mut response = send(archive);
    response.headers_mut().insert(header::CONTENT_TYPE, TAR);
    response.headers_mut().insert(STAT, stat);
    Ok(response)
}

/// `HEAD /containers/{id}/archive`: what is at `path`.
pub async fn stat(engine: Engine, call: Call) -> Result<Response, Failure> {
    let stat = engine.containers()?.stat_path(call.param("id"), &path(&call)?).await.map_err(Error::from)?;
    let mut response = status(StatusCode::OK);
    response.headers_mut().insert(STAT, encode(&stat)?);
    Ok(response)
}

/// `PUT /containers/{id}/archive`: the body, a tar, to the directory `path`; `noOverwriteDirNonDir`, `copyUIDGID`.
pub async fn write(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let (name, path) = (call.param("id").to_owned(), path(&call)?);
    let containers: Containers = engine.containers()?.clone();
    let (keep_kinds, own) = (query.flag("noOverwriteDirNonDir"), query.flag("copyUIDGID"));
    let tar = read_ahead(call.request.into_body());
    containers.extract(&name, &path, tar, keep_kinds, own).await.map_err(Error::from)?;
    Ok(status(StatusCode::OK))
}

/// Sends an archive while it is written.
fn send(archive: Archive) -> Response {
    let (near, far) = tokio::io::duplex(BACKLOG);
    let mut near = SyncIoBridge::new(near);
    tokio::task::spawn_blocking(move || {
        // A client that leaves ends it; a tree that can't be read ends it early, which the client's tar notices.
        if let Err(error) = archive.write(&mut near) {
            tracing::debug!(%error, "an archive was cut short");
        }
        let _ = near.shutdown();
    });
    Response::new(Body::from_stream(ReaderStream::new(far)))
}

fn path(call: &Call) -> Result<String, Failure> {
    call.query().text("path").ok_or_else(|| Failure::invalid("bad parameter: 'path' cannot be empty"))
}

fn encode(stat: &PathStat) -> Result<HeaderValue, Failure> {
    let text = serde_json::to_vec(stat).map(|json| STANDARD.encode(json));
    let value = text.ok().and_then(|text| HeaderValue::from_str(&text).ok());
    value.ok_or_else(|| Failure::invalid("the path's properties can't be told"))
}
