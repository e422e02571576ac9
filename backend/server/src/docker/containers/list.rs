//! Looking at containers.

use serde_json::{Value, json as value};
use strata_engine::{Engine, Error};

use crate::{
    docker::{Failure, images::filters},
    http::{Call, Response, json},
};

/// `GET /containers/json`: `all`, `limit`, `size`, `filters`.
pub async fn list(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let number = |key: &str| {
        let parse = |text: String| {
            text.parse::<i64>()
                .map_err(|_| Failure::invalid(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))
        };
        query.text(key).map(parse).transpose()
    };
    let limit = number("limit")?.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    let rows = engine.list_containers(query.flag("all"), limit, query.flag("size"), filters(&call)?).await?;
    Ok(json(&rows))
}

/// `GET /containers/{id}/json`: `size`.
pub async fn inspect(engine: Engine, call: Call) -> Result<Response, Failure> {
    let size = call.query().flag("size");
    Ok(json(&engine.inspect_container(call.param("id"), size).await?))
}

/// `GET /containers/{id}/top`: `ps_args`.
pub async fn top(engine: Engine, call: Call) -> Result<Response, Failure> {
    let arguments = call.query().text("ps_args").unwrap_or_default();
    Ok(json(&engine.containers()?.top(call.param("id"), &arguments).await.map_err(Error::from)?))
}

/// `GET /containers/{id}/changes`; `null` if there are none.
pub async fn changes(engine: Engine, call: Call) -> Result<Response, Failure> {
    let changes = engine.containers()?.diff(call.param("id")).await.map_err(Error::from)?;
    Ok(json(&if changes.is_empty() { Value::Null } else { value!(changes) }))
}
