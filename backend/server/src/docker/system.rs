//! `_ping`, `version`, `info` and `system/df`.

use http::{HeaderValue, header};
use serde_json::{Value, json as value};
use strata_engine::Engine;

use super::{Failure, images::without_legacy};
use crate::http::{Body, Call, Response, json};

/// `GET` and `HEAD /_ping`: alive, and what to expect.
pub async fn ping((): (), call: Call) -> Response {
    let body = if call.is_head() { "" } else { "OK" };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, must-revalidate"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    // 1 is the classic builder.
    headers.insert("builder-version", HeaderValue::from_static("1"));
    headers.insert("swarm", HeaderValue::from_static("inactive"));
    response
}

/// `GET /version`.
pub async fn version(engine: Engine, _: Call) -> Response {
    json(&engine.version())
}

/// `GET /info`.
pub async fn info(engine: Engine, _: Call) -> Result<Response, Failure> {
    Ok(json(&engine.info().await?))
}

/// `GET /system/df`; from API 1.42 `type` chooses what is counted.
pub async fn disk_usage(engine: Engine, call: Call) -> Result<Response, Failure> {
    let wanted = if call.version.since(42) { call.query().texts("type") } else { Vec::new() };
    if let Some(unknown) = wanted.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        return Err(Failure::invalid(format!("unknown object type: {unknown}")));
    }
    let counts = |kind: &str| wanted.is_empty() || wanted.iter().any(|name| name == kind);
    let usage = engine.disk_usage().await?;
    let list = |kind: &str, rows: Value| if counts(kind) { rows } else { Value::Null };
    let images: Vec<Value> =
        usage.images.into_iter().map(|image| without_legacy(image, call.version)).collect();
    let mut body = value!({
        "LayersSize": if counts("image") { usage.layers_size } else { 0 },
        "Images": list("image", value!(images)),
        "Containers": list("container", value!(usage.containers)),
        "Volumes": list("volume", value!(usage.volumes)),
        "BuildCache": list("build-cache", value!(usage.build_cache)),
    });
    if !call.version.since(42) {
        body["BuilderSize"] = value!(0);
    }
    Ok(json(&body))
}

const KINDS: [&str; 4] = ["container", "image", "volume", "build-cache"];
