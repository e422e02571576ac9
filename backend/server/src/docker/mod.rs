//! The Docker Engine API, as dockerd speaks it between API 1.24 and 1.47.
//!
//! Every route answers with and without a `/v1.xx` prefix; without one it speaks the newest version. What the engine
//! can't do yet answers 501 and says so; lists of things that can't exist yet are empty.

mod absent;
mod archives;
mod build;
mod containers;
mod events;
mod failure;
mod images;
mod networks;
mod pull;
mod registries;
mod system;
mod version;
mod volumes;

use http::{HeaderValue, Method, StatusCode, header};
use strata_engine::Engine;

pub use containers::{Powers, socket};
use events::moment;
pub use failure::Failure;
pub(crate) use failure::status as failure_status;
pub(crate) use registries::login as registry_login;
pub use version::{ApiVersion, WrongVersion};

use crate::{
    Shutdown,
    http::{Call, Family, Group, Permission, Response, Route, error},
};

const SERVER: &str = concat!("Strata/", env!("CARGO_PKG_VERSION"), " (linux)");

/// All routes. More specific patterns stand before those with `{name...}`.
///
/// `powers` is what containers may be given by those who come this way.
pub fn routes(engine: &Engine, shutdown: &Shutdown, powers: Powers) -> Group {
    let streaming = (engine.clone(), shutdown.clone());
    let on = Permission::Session;
    let creating = (engine.clone(), powers);
    let mut routes = vec![
        Route::new(Method::GET, "/_ping", on, &(), system::ping),
        Route::new(Method::HEAD, "/_ping", on, &(), system::ping),
        Route::new(Method::GET, "/version", on, engine, system::version),
        Route::new(Method::GET, "/info", on, engine, system::info),
        Route::new(Method::GET, "/system/df", on, engine, system::disk_usage),
        Route::new(Method::GET, "/events", on, &streaming, events::events),
        Route::new(Method::POST, "/images/create", on, &streaming, pull::create),
        Route::new(Method::GET, "/images/json", on, engine, images::list),
        Route::new(Method::POST, "/images/prune", on, engine, images::prune),
        Route::new(Method::GET, "/images/get", on, engine, archives::save_many),
        Route::new(Method::GET, "/images/{name...}/get", on, engine, archives::save_one),
        Route::new(Method::POST, "/images/load", on, &streaming, archives::load),
        Route::new(Method::GET, "/images/search", on, engine, registries::search),
        Route::new(Method::POST, "/images/{name...}/push", on, &streaming, registries::push),
        Route::new(Method::POST, "/auth", on, engine, registries::auth),
        Route::new(Method::GET, "/distribution/{name...}/json", on, engine, registries::distribution),
    ];
    routes.extend([
        Route::new(Method::GET, "/images/{name...}/json", on, engine, images::inspect),
        Route::new(Method::GET, "/images/{name...}/history", on, engine, images::history),
        Route::new(Method::POST, "/images/{name...}/tag", on, engine, images::tag),
        Route::new(Method::DELETE, "/images/{name...}", on, engine, images::remove),
    ]);
    routes.extend(build::routes(engine, shutdown, powers));
    routes.extend(containers::routes(engine, shutdown, powers));
    routes.extend([
        Route::new(Method::GET, "/volumes", on, engine, volumes::list),
        Route::new(Method::POST, "/volumes/create", on, &creating, volumes::create),
        Route::new(Method::POST, "/volumes/prune", on, engine, volumes::prune),
        Route::new(Method::GET, "/volumes/{id}", on, engine, volumes::inspect),
        Route::new(Method::DELETE, "/volumes/{id}", on, engine, volumes::remove),
        Route::new(Method::GET, "/networks", on, engine, networks::list),
        Route::new(Method::POST, "/networks/create", on, engine, networks::create),
        Route::new(Method::POST, "/networks/prune", on, engine, networks::prune),
        Route::new(Method::GET, "/networks/{id}", on, engine, networks::inspect),
        Route::new(Method::DELETE, "/networks/{id}", on, engine, networks::remove),
        Route::new(Method::POST, "/networks/{id}/connect", on, engine, networks::connect),
        Route::new(Method::POST, "/networks/{id}/disconnect", on, engine, networks::disconnect),
    ]);
    routes.extend(absent::routes());
    Group { family: Family::Docker, routes }
}

/// The `filters` of a request about containers or volumes.
fn filters_of(call: &Call) -> Result<strata_engine::containers::Filters, Failure> {
    Ok(images::filters(call)?.into())
}

/// An error of this API.
pub fn refused(status: StatusCode, message: &str) -> Response {
    with_headers(error(status, message))
}

/// Adds what dockerd tells about itself with every reply.
pub fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("api-version", HeaderValue::from_static(ApiVersion::NEWEST));
    // Without it the command line has no `build --squash`.
    headers.insert("docker-experimental", HeaderValue::from_static("true"));
    headers.insert("ostype", HeaderValue::from_static("linux"));
    headers.insert(header::SERVER, HeaderValue::from_static(SERVER));
    response
}
