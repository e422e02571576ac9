//! Searching this registry, as `docker search 127.0.0.1:7878/term` asks for it.

use serde_json::{Value, json as value};
use strata_engine::Engine;

use super::{Failure, with_version};
use crate::http::{Call, Response, json};

const DEFAULT: usize = 25;
const MOST: usize = 100;

/// `GET /v1/search`: the repositories whose names have `q` in them, `n` at most. What begins with it comes first.
pub async fn search(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let term = query.text("q").unwrap_or_default().to_ascii_lowercase();
    let most = query.text("n").and_then(|n| n.parse().ok()).unwrap_or(DEFAULT).clamp(1, MOST);
    let all = engine.registry_catalog().await.map_err(Failure::of("UNKNOWN", "UNKNOWN"))?;
    let mut found: Vec<String> = all.into_iter().filter(|name| name.contains(&term)).collect();
    found.sort_by_key(|name| (*name != term, !name.starts_with(&term), name.clone()));
    let total = found.len();
    let row = |name: String| {
        value!({
            "name": name, "description": "", "star_count": 0, "is_official": false, "is_automated": false,
        })
    };
    let rows: Vec<Value> = found.into_iter().take(most).map(row).collect();
    Ok(with_version(json(&value!({
        "num_pages": 1, "num_results": total, "page": 1, "page_size": rows.len(), "query": term, "results": rows,
    }))))
}
