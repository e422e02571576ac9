//! Volumes: list, inspect, create, remove, prune.

use http::StatusCode;
use strata_api::engine::{VolumeCreate, VolumeList};
use strata_engine::{Engine, Error, Kind, containers::is_memory_volume};

use super::{Failure, Powers, filters_of};
use crate::http::{Call, Response, json, read_json, status};

/// `GET /volumes`: `filters`.
pub async fn list(engine: Engine, call: Call) -> Result<Response, Failure> {
    let volumes = engine.containers()?.list_volumes(filters_of(&call)?).await.map_err(Error::from)?;
    Ok(json(&VolumeList { volumes, warnings: None }))
}

/// `GET /volumes/{name}`.
pub async fn inspect(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.containers()?.inspect_volume(call.param("id")).await.map_err(Error::from)?))
}

/// `POST /volumes/create`. What would show something of the host is for those who may open the socket.
pub async fn create((engine, powers): (Engine, Powers), mut call: Call) -> Result<Response, Failure> {
    let wanted: VolumeCreate = read_json(&mut call).await?;
    let shows_host = wanted.driver_opts.as_ref().is_some_and(|options| !is_memory_volume(options));
    if powers == Powers::Contained && shows_host {
        let message = "a volume that is a device or directory of the host is only allowed through the unix socket, not from the page";
        return Err(Error::new(Kind::Forbidden, message).into());
    }
    let mut response = json(&engine.containers()?.create_volume(wanted).await.map_err(Error::from)?);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `DELETE /volumes/{name}`: `force`.
pub async fn remove(engine: Engine, call: Call) -> Result<Response, Failure> {
    let force = call.query().flag("force");
    engine.containers()?.remove_volume(call.param("id"), force).await.map_err(Error::from)?;
    Ok(status(StatusCode::NO_CONTENT))
}

/// `POST /volumes/prune`: `filters`. Before API 1.42 volumes with names go too, later only with the filter `all`.
pub async fn prune(engine: Engine, call: Call) -> Result<Response, Failure> {
    let mut filters = filters_of(&call)?;
    if !call.version.since(42) {
        filters.0.insert("all".to_owned(), vec!["true".to_owned()]);
    }
    Ok(json(&engine.containers()?.prune_volumes(filters).await.map_err(Error::from)?))
}
