//! Surgery on layers.

use strata_api::workshop::SurgeryRequest;
use strata_engine::Engine;

use crate::{
    docker::Failure,
    http::{Call, Response, json, read_json},
};

/// `POST /api/surgery/plan`.
pub async fn plan(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let request: SurgeryRequest = read_json(&mut call).await?;
    Ok(json(&engine.surgery_plan(request).await?))
}

/// `POST /api/surgery`.
pub async fn perform(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let request: SurgeryRequest = read_json(&mut call).await?;
    Ok(json(&engine.surgery(request).await?))
}
