//! Networks: list, inspect, create, remove, connect, disconnect, prune.

use http::StatusCode;
use serde_json::json as value;
use strata_api::engine::{NetworkConnect, NetworkCreate, NetworkDisconnect, NetworksPruned};
use strata_engine::Engine;

use super::{Failure, images::filters};
use crate::http::{Call, Response, json, read_json, status};

/// `GET /networks`: `filters`.
pub async fn list(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.networks(&filters(&call)?).await?))
}

/// `GET /networks/{id}`.
pub async fn inspect(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.network(call.param("id")).await?))
}

/// `POST /networks/create`.
pub async fn create(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let wanted: NetworkCreate = read_json(&mut call).await?;
    let id = engine.create_network(wanted).await?;
    let mut response = json(&value!({ "Id": id, "Warning": "" }));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `DELETE /networks/{id}`.
pub async fn remove(engine: Engine, call: Call) -> Result<Response, Failure> {
    engine.remove_network(call.param("id")).await?;
    Ok(status(StatusCode::NO_CONTENT))
}

/// `POST /networks/{id}/connect`.
pub async fn connect(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let wanted: NetworkConnect = read_json(&mut call).await?;
    engine.connect_network(call.param("id"), wanted).await?;
    Ok(status(StatusCode::OK))
}

/// `POST /networks/{id}/disconnect`.
pub async fn disconnect(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let wanted: NetworkDisconnect = read_json(&mut call).await?;
    engine.disconnect_network(call.param("id"), wanted).await?;
    Ok(status(StatusCode::OK))
}

/// `POST /networks/prune`: `filters`.
pub async fn prune(engine: Engine, call: Call) -> Result<Response, Failure> {
    let names = engine.prune_networks(&filters(&call)?).await?;
    Ok(json(&NetworksPruned { networks_deleted: (!names.is_empty()).then_some(names) }))
}
