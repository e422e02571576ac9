//! The distribution API over the embedded registry.
//!
//! Everybody on this machine may pull and push, as with any local registry, unless it has accounts; pages of other sites may not
//! (the guard sees to both).

mod blobs;
mod failure;
mod listing;
mod manifests;
mod referrers;
mod search;
mod token;
mod uploads;

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::json as value;
use strata_engine::Engine;

pub use failure::Failure;

use crate::{
    http::{Family, Group, Permission, Response, Route, json},
    security::Guard,
};

const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// All routes.
pub fn routes(engine: &Engine, guard: &Arc<Guard>) -> Group {
    let on = Permission::Registry;
    let routes = vec![
        Route::new(Method::GET, "/v2/", on, &(), |(), _| async { with_version(json(&value!({}))) }),
        Route::new(Method::GET, "/v2", on, &(), |(), _| async { with_version(json(&value!({}))) }),
        Route::new(Method::GET, "/v2/token", Permission::Public, guard, token::get),
        Route::new(Method::POST, "/v2/token", Permission::Public, guard, token::post),
        Route::new(Method::GET, "/v2/_catalog", on, engine, listing::catalog),
        Route::new(Method::GET, "/v1/_ping", on, &(), |(), _| async {
            json(&value!({ "standalone": true }))
        }),
        Route::new(Method::GET, "/v1/search", on, engine, search::search),
        Route::new(Method::POST, "/v2/{name...}/blobs/uploads/", on, engine, uploads::begin),
        Route::new(Method::POST, "/v2/{name...}/blobs/uploads", on, engine, uploads::begin),
        Route::new(Method::PATCH, "/v2/{name...}/blobs/uploads/{id}", on, engine, uploads::append),
        Route::new(Method::PUT, "/v2/{name...}/blobs/uploads/{id}", on, engine, uploads::finish),
        Route::new(Method::GET, "/v2/{name...}/blobs/uploads/{id}", on, engine, uploads::progress),
        Route::new(Method::DELETE, "/v2/{name...}/blobs/uploads/{id}", on, engine, uploads::cancel),
        Route::new(Method::PUT, "/v2/{name...}/manifests/{reference}", on, engine, manifests::put),
        Route::new(Method::DELETE, "/v2/{name...}/manifests/{reference}", on, engine, manifests::delete),
        Route::new(Method::DELETE, "/v2/{name...}/blobs/{digest}", on, engine, blobs::delete),
        Route::new(Method::GET, "/v2/{name...}/referrers/{digest}", on, engine, referrers::list),
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

/// The answer to what no route is for.
pub fn unsupported() -> Response {
    refused(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "the operation is unsupported")
}

/// Says that this is a registry, which docker looks for.
fn with_version(mut response: Response) -> Response {
    response.headers_mut().insert(VERSION, HeaderValue::from_static("registry/2.0"));
    response
}
