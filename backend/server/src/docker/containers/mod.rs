//! Containers: a route per verb.

mod archive;
mod attach;
mod commit;
mod create;
mod exec;
mod frames;
mod list;
mod logs;
pub mod socket;
mod stats;
mod talk;
mod verbs;
mod wait;

use http::Method;
use strata_engine::Engine;

pub use create::Powers;

use crate::{
    Shutdown,
    http::{Permission, Route},
};

/// The routes; `powers` is what containers made through them may be given.
pub fn routes(engine: &Engine, shutdown: &Shutdown, powers: Powers) -> Vec<Route> {
    let on = Permission::Session;
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let streaming = (engine.clone(), shutdown.clone());
    let creating = (engine.clone(), powers);
    vec![
        Route::new(get.clone(), "/containers/json", on, engine, list::list),
        Route::new(post.clone(), "/containers/create", on, &creating, create::create),
        Route::new(post.clone(), "/containers/prune", on, engine, verbs::prune),
        Route::new(get.clone(), "/containers/{id...}/json", on, engine, list::inspect),
        Route::new(get.clone(), "/containers/{id...}/top", on, engine, list::top),
        Route::new(get.clone(), "/containers/{id...}/changes", on, engine, list::changes),
        Route::new(get.clone(), "/containers/{id...}/logs", on, &streaming, logs::logs),
        Route::new(get.clone(), "/containers/{id...}/stats", on, &streaming, stats::stats),
        Route::new(get.clone(), "/containers/{id...}/export", on, engine, archive::export),
        Route::new(get.clone(), "/containers/{id...}/archive", on, engine, archive::read),
        Route::new(Method::HEAD, "/containers/{id...}/archive", on, engine, archive::stat),
        Route::new(Method::PUT, "/containers/{id...}/archive", on, engine, archive::write),
        Route::new(post.clone(), "/containers/{id...}/start", on, engine, verbs::start),
        Route::new(post.clone(), "/containers/{id...}/stop", on, engine, verbs::stop),
        Route::new(post.clone(), "/containers/{id...}/restart", on, engine, verbs::restart),
        Route::new(post.clone(), "/containers/{id...}/kill", on, engine, verbs::kill),
        Route::new(post.clone(), "/containers/{id...}/pause", on, engine, verbs::pause),
        Route::new(post.clone(), "/containers/{id...}/unpause", on, engine, verbs::unpause),
        Route::new(post.clone(), "/containers/{id...}/rename", on, engine, verbs::rename),
        Route::new(post.clone(), "/containers/{id...}/update", on, engine, verbs::update),
        Route::new(post.clone(), "/containers/{id...}/resize", on, engine, verbs::resize),
        Route::new(post.clone(), "/containers/{id...}/wait", on, &streaming, wait::wait),
        Route::new(post.clone(), "/containers/{id...}/attach", on, engine, attach::attach),
        Route::new(get.clone(), "/containers/{id...}/attach/ws", on, &streaming, attach::attach_socket),
        Route::new(post.clone(), "/containers/{id...}/exec", on, &creating, exec::create),
        Route::new(delete, "/containers/{id...}", on, engine, verbs::remove),
        Route::new(post.clone(), "/exec/{id}/start", on, engine, exec::start),
        Route::new(post.clone(), "/exec/{id}/resize", on, engine, exec::resize),
        Route::new(get, "/exec/{id}/json", on, engine, exec::inspect),
        Route::new(post, "/commit", on, engine, commit::commit),
    ]
}
