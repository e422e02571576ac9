//! What refers to a manifest.

use http::{HeaderValue, header};
use serde_json::json as value;
use strata_engine::Engine;
use strata_oci::MediaType;

use super::{Failure, uploads::digest, with_version};
use crate::http::{Call, Response, json};

/// `GET /v2/{name}/referrers/{digest}`: an index of manifests; `artifactType` chooses.
pub async fn list(engine: Engine, call: Call) -> Result<Response, Failure> {
    let subject = digest(call.param("digest"))?;
    let wanted = call.query().text("artifactType");
    let found = engine.registry_referrers(call.param("name"), &subject, wanted.as_deref()).await;
    let found = found.map_err(Failure::of("NAME_UNKNOWN", "NAME_INVALID"))?;
    let index = value!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": found });
    let mut response = with_version(json(&index));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MediaType::OCI_INDEX));
    if wanted.is_some() {
        headers.insert("oci-filters-applied", HeaderValue::from_static("artifactType"));
    }
    Ok(response)
}
