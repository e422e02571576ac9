//! `POST /commit`.

use http::StatusCode;
use serde_json::json as value;
use strata_engine::{CommitRequest, Engine};
use strata_oci::ContainerConfig;

use crate::{
    docker::Failure,
    http::{Call, Response, json, read_json_or},
};

/// `POST /commit`: `container`, `repo`, `tag`, `author`, `comment`, `pause` (yes by default), `changes`; the body may
/// be a config.
pub async fn commit(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let text = |key: &str| query.text(key).unwrap_or_default();
    let config: Option<ContainerConfig> = read_json_or(&mut call).await?;
    let request = CommitRequest {
        container: text("container"),
        repo: text("repo"),
        tag: text("tag"),
        author: text("author"),
        comment: text("comment"),
        pause: !query.has("pause") || query.flag("pause"),
        changes: query.texts("changes"),
        config,
    };
    let id = engine.commit(request).await?;
    let mut response = json(&value!({ "Id": id }));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
