//! Workshops as a whole.

use http::StatusCode;
use strata_api::workshop::{ChangeWorkshop, CreateWorkshop, Origin};
use strata_engine::Engine;

use super::templates;
use crate::{
    docker::Failure,
    http::{Call, Response, json, read_ahead, read_json, status},
};

/// `GET /api/workshops`.
pub async fn list(engine: Engine, _: Call) -> Result<Response, Failure> {
    Ok(json(&engine.workshops().await?))
}

/// `POST /api/workshops`.
pub async fn create(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let request: CreateWorkshop = read_json(&mut call).await?;
    let template = match &request.origin {
        Origin::Template { name } => templates::files(name),
        _ => None,
    };
    Ok(json(&engine.create_workshop(request, template).await?))
}

/// `POST /api/workshops/upload?name=NAME`: the body is a tar.
pub async fn upload(engine: Engine, call: Call) -> Result<Response, Failure> {
    let name = call.query().text("name").unwrap_or_default();
    Ok(json(&engine.upload_workshop(&name, read_ahead(call.request.into_body())).await?))
}

/// `GET /api/workshops/{id}`.
pub async fn look(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.workshop(call.param("id")).await?))
}

/// `POST /api/workshops/{id}`.
pub async fn change(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let change: ChangeWorkshop = read_json(&mut call).await?;
    Ok(json(&engine.change_workshop(call.param("id"), change).await?))
}

/// `DELETE /api/workshops/{id}`.
pub async fn remove(engine: Engine, call: Call) -> Result<Response, Failure> {
    engine.remove_workshop(call.param("id")).await?;
    Ok(status(StatusCode::NO_CONTENT))
}
