//! Our own API under `/api`, as `strata_api::explorer` and `strata_api::live` describe it.

mod containers;
mod files;
mod images;
mod logins;
mod streams;
mod tickets;

use std::sync::Arc;

pub use files::diff_id;
use http::{Method, StatusCode};
use strata_engine::Engine;

use crate::{
    Shutdown,
    http::{Family, Group, Permission, Route, error},
    security::Guard,
};

/// All routes.
pub fn routes(engine: &Engine, guard: &Arc<Guard>, shutdown: &Shutdown) -> Group {
    let on = Permission::Session;
    let streaming = (engine.clone(), shutdown.clone());
    let routes = vec![
        Route::new(Method::GET, "/api/images", on, engine, images::cards),
        Route::new(Method::GET, "/api/image", on, engine, images::detail),
        Route::new(Method::GET, "/api/blame", on, engine, images::blame),
        Route::new(Method::GET, "/api/waste", on, engine, images::waste),
        Route::new(Method::GET, "/api/sharing", on, engine, images::sharing),
        Route::new(Method::GET, "/api/removal", on, engine, images::removal),
        Route::new(Method::GET, "/api/logins", on, engine, logins::list),
        Route::new(Method::POST, "/api/logins", on, engine, logins::keep),
        Route::new(Method::DELETE, "/api/logins/{registry}", on, engine, logins::forget),
        Route::new(Method::GET, "/api/layers/{diff_id}/index", on, engine, files::index),
        Route::new(Method::GET, "/api/layers/{diff_id}/file", on, engine, files::file),
        Route::new(Method::GET, "/api/containers/{id}", on, engine, containers::detail),
        Route::new(Method::GET, "/api/containers/{id}/live", on, &streaming, streams::live),
        Route::new(Method::GET, "/api/containers/{id}/reads", on, &streaming, streams::reads),
        Route::new(Method::GET, "/api/containers/{id}/file", on, engine, containers::file),
        Route::new(Method::GET, "/api/containers/{id}/terminal", on, &streaming, containers::terminal),
        Route::new(Method::POST, "/api/tickets", on, guard, tickets::issue),
        Route::new(Method::GET, "/api/{other...}", on, &(), |(), _| async {
            error(StatusCode::NOT_FOUND, "no such route")
        }),
    ];
    Group { family: Family::Explorer, routes }
}
