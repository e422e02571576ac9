//! The workshop's part of our own API under `/api`, as `strata_api::workshop` describes it.
//!
//! Everything here is for whoever has a session, and asks nothing of the machine that a page may not ask: contexts stay in
//! the data directory, builds run with the powers of containers that a page makes.

mod builds;
mod files;
mod shelf;
mod surgery;
mod templates;

use http::Method;
use strata_engine::Engine;

use crate::{
    Shutdown,
    http::{Family, Group, Permission, Route},
};

/// All routes. They stand before those of the explorer, which answers for every other address below `/api`.
pub fn routes(engine: &Engine, shutdown: &Shutdown) -> Group {
    let streaming = (engine.clone(), shutdown.clone());
    let on = Permission::Session;
    let routes = vec![
        Route::new(Method::GET, "/api/workshops", on, engine, shelf::list),
        Route::new(Method::POST, "/api/workshops", on, engine, shelf::create),
        Route::new(Method::POST, "/api/workshops/upload", on, engine, shelf::upload),
        Route::new(Method::GET, "/api/templates", on, &(), templates::list),
        Route::new(Method::GET, "/api/workshops/{id}", on, engine, shelf::look),
        Route::new(Method::POST, "/api/workshops/{id}", on, engine, shelf::change),
        Route::new(Method::DELETE, "/api/workshops/{id}", on, engine, shelf::remove),
        Route::new(Method::GET, "/api/workshops/{id}/files", on, engine, files::list),
        Route::new(Method::GET, "/api/workshops/{id}/file", on, engine, files::read),
        Route::new(Method::PUT, "/api/workshops/{id}/file", on, engine, files::write),
        Route::new(Method::DELETE, "/api/workshops/{id}/file", on, engine, files::remove),
        Route::new(Method::PUT, "/api/workshops/{id}/directory", on, engine, files::make_directory),
        Route::new(Method::POST, "/api/workshops/{id}/move", on, engine, files::rename),
        Route::new(Method::POST, "/api/workshops/{id}/upload", on, engine, files::upload),
        Route::new(Method::POST, "/api/workshops/{id}/git", on, engine, files::fetch),
        Route::new(Method::GET, "/api/workshops/{id}/cache", on, engine, builds::cache),
        Route::new(Method::POST, "/api/workshops/{id}/build", on, &streaming, builds::begin),
        Route::new(Method::GET, "/api/builds", on, engine, builds::list),
        Route::new(Method::GET, "/api/builds/{id}", on, engine, builds::look),
        Route::new(Method::DELETE, "/api/builds/{id}", on, engine, builds::end),
        Route::new(Method::GET, "/api/builds/{id}/events", on, &streaming, builds::events),
        Route::new(Method::POST, "/api/builds/{id}/steps/{step}/shell", on, engine, builds::shell),
        Route::new(Method::POST, "/api/surgery/plan", on, engine, surgery::plan),
        Route::new(Method::POST, "/api/surgery", on, &streaming, surgery::perform),
    ];
    Group { family: Family::Explorer, routes }
}
