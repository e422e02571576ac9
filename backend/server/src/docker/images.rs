//! Images: list, inspect, history, tag, remove, prune.

use http::StatusCode;
use serde_json::{Value, json as value};
use strata_api::engine::ImageSummary;
use strata_engine::{Engine, Filters};

use super::{ApiVersion, Failure};
use crate::http::{Call, Response, json, status};

/// `GET /images/json`: `all`, `filters`, `shared-size` (from API 1.42), `filter` (before 1.25).
pub async fn list(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let mut filters = filters(&call)?;
    let pattern =
        query.text("filter").filter(|_| !call.version.since(25) && filters.get("reference").is_empty());
    if let Some(pattern) = pattern {
        filters = Filters::parse(&value!({ "reference": [pattern] }).to_string())?;
    }
    let shared_size = call.version.since(42) && query.flag("shared-size");
    let images = engine.images(query.flag("all"), &filters, shared_size).await?;
    Ok(json(&images.into_iter().map(|image| without_legacy(image, call.version)).collect::<Vec<_>>()))
}

/// A row as clients of `version` expect it: up to 1.43 with `VirtualSize`, up to 1.42 with `<none>` for no name.
pub(super) fn without_legacy(mut image: ImageSummary, version: ApiVersion) -> Value {
    if !version.since(43) && image.repo_tags.is_empty() && image.repo_digests.is_empty() {
        image.repo_tags.push("<none>:<none>".into());
        image.repo_digests.push("<none>@<none>".into());
    }
    without(value!(image), if version.since(44) { &["VirtualSize"] } else { &[] })
}

fn without(mut body: Value, fields: &[&str]) -> Value {
    if let Value::Object(map) = &mut body {
        map.retain(|key, _| !fields.contains(&key.as_str()));
    }
    body
}

/// `GET /images/{name}/json`: in all versions with what dockerd has taken out (`VirtualSize` in 1.44, `ContainerConfig` in
/// 1.45): clients like docker-compose 1.29 take the newest version and read them all the same.
pub async fn inspect(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.inspect(call.param("name")).await?))
}

/// `GET /images/{name}/history`.
pub async fn history(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.history(call.param("name")).await?))
}

/// `POST /images/{name}/tag`: `repo`, `tag`.
pub async fn tag(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let (repo, tag) = (query.text("repo").unwrap_or_default(), query.text("tag").unwrap_or_default());
    engine.tag(call.param("name"), &repo, &tag).await?;
    Ok(status(StatusCode::CREATED))
}

/// `DELETE /images/{name}`: `force`, `noprune`.
pub async fn remove(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let removed = engine.remove(call.param("name"), query.flag("force"), !query.flag("noprune")).await?;
    Ok(json(&removed))
}

/// `POST /images/prune`: `filters`.
pub async fn prune(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.prune(&filters(&call)?).await?))
}

/// The `filters` parameter; `null` is what Go clients make of no filters.
pub(super) fn filters(call: &Call) -> Result<Filters, Failure> {
    let text = call.query().text("filters").filter(|text| text.trim() != "null");
    Ok(Filters::parse(&text.unwrap_or_default())?)
}

#[cfg(test)]
mod tests {
    use strata_oci::{Digest, ImageId};

    use super::*;

    #[test]
    fn rows_follow_the_clients_version() {
        let row = ImageSummary {
            containers: -1,
            created: 0,
            id: ImageId(Digest::of(b"")),
            labels: None,
            parent_id: String::new(),
            repo_digests: Vec::new(),
            repo_tags: Vec::new(),
            shared_size: -1,
            size: 7,
            virtual_size: 7,
        };
        let at = |minor| without_legacy(row.clone(), ApiVersion::new(1, minor));
        assert_eq!(at(41)["RepoTags"], value!(["<none>:<none>"]));
        assert_eq!(at(41)["VirtualSize"], 7);
        assert_eq!(at(43)["RepoTags"], value!([]));
        assert_eq!(at(43)["VirtualSize"], 7);
        assert_eq!(at(44).get("VirtualSize"), None);
        assert_eq!(at(47)["Labels"], Value::Null);
        assert_eq!(at(47)["SharedSize"], -1);
    }
}
