//! Registries, their images and the registry theatre: our own API below `/api/registry`, `/api/remote` and `/api/theatre`, as
//! `strata_api::registry`, `strata_api::remote` and `strata_api::theatre` describe it.
//!
//! The server asks registries on behalf of whoever has a session, as a pull does: through the same client, with its limits, and
//! with docker's logins or the one that comes with the request, which is shown to the registry that is named and to nobody else.

mod inside;
mod shops;
mod theatre;

use http::Method;
use strata_engine::Engine;

pub use inside::elsewhere;

use crate::{
    Shutdown,
    http::{Family, Group, Permission, Route},
};

/// All routes. They stand before those of the explorer, which answers for every other address below `/api`.
pub fn routes(engine: &Engine, shutdown: &Shutdown) -> Group {
    let streaming = (engine.clone(), shutdown.clone());
    let on = Permission::Session;
    let routes = vec![
        Route::new(Method::GET, "/api/registry/repositories", on, engine, shops::repositories),
        Route::new(Method::GET, "/api/registry/tags", on, engine, shops::tags),
        Route::new(Method::GET, "/api/registry/tag", on, engine, shops::tag),
        Route::new(Method::GET, "/api/registry/detail", on, engine, shops::detail),
        Route::new(Method::GET, "/api/registry/freed", on, engine, shops::freed),
        Route::new(Method::DELETE, "/api/registry/tag", on, engine, shops::remove),
        Route::new(Method::GET, "/api/remote", on, engine, inside::image),
        Route::new(Method::GET, "/api/layers/{diff_id}/reading", on, &streaming, inside::reading),
        Route::new(Method::GET, "/api/theatre", on, engine, theatre::list),
        Route::new(Method::GET, "/api/theatre/live", on, &streaming, theatre::live),
        Route::new(Method::GET, "/api/theatre/{id}/scenes", on, &streaming, theatre::scenes),
        Route::new(Method::POST, "/api/theatre", on, &streaming, theatre::perform),
    ];
    Group { family: Family::Explorer, routes }
}
