//! The distribution API over the embedded registry, its read side.
//!
//! Everybody on this machine may read, as from any local registry; pages of other sites may not (the guard sees to
//! that), and what would write answers 405.

mod blobs;
mod failure;
mod listing;
mod manifests;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::json as value;
use strata_engine::Engine;

pub use failure::Failure;

use crate::http::{Family, Group, Permission, Response, Route, json};

const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// All routes.
pub fn routes(engine: &Engine) -> Group {
    let on = Permission::Registry;
    let routes = vec![
        Route::new(Method::GET, "/v2/", on, &(), |(), _| async { with_version(json(&value!({}))) }),
        Route::new(Method::GET, "/v2", on, &(), |(), _| async { with_version(json(&value!({}))) }),
        Route::new(Method::GET, "/v2/_catalog", on, engine, listing::catalog),
        Route::new(Method::GET, "/v2/{name...}/tags/list", on, engine, listing::tags),
        Route::new(Method::GET, "/v2/{name...}/manifests/{reference}", on, engine, manifests::get),
        Route::new(Method::GET, "/v2/{name...}/blobs/{digest}", on, engine, blobs::get),
        Route::new(Method::GET, "/v2/{other...}", on, &(), |(), _| async {
            refused(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "no such resource")
        }),
    ];
    Group { family: Family::Registry, routes }
}

/// An error of this API.
pub fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let mut response = json(&value!({ "errors": [{ "code": code, "message": message, "detail": null }] }));
    *response.status_mut() = status;
    with_version(response)
}

/// The answer to what would write.
pub fn unsupported() -> Response {
    refused(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "this registry can only be read")
}

/// Says that this is a registry, which docker looks for.
fn with_version(mut response: Response) -> Response {
    response.headers_mut().insert(VERSION, HeaderValue::from_static("registry/2.0"));
    response
}
