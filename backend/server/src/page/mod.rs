//! The page: embedded files, the shell that every address of the page answers with, and the way into a session.
//!
//! What is embedded holds no secrets, so files are public (with the Host and Origin checks). The shell needs a session;
//! without one it is a form that asks for the token.

mod assets;
mod entrance;
mod mime;
mod policy;
mod shell;

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};

pub use assets::{Asset, asset, names};
pub use entrance::without_session;

use crate::{
    http::{Call, Family, Group, Permission, Route, status},
    security::Guard,
};

/// The Content-Security-Policy of the embedded shell.
pub fn policy() -> HeaderValue {
    let shell = asset(shell::INDEX).map(|asset| String::from_utf8_lossy(&asset.plain).into_owned());
    policy::content_security_policy(&shell.unwrap_or_default())
}

/// Liveness, for both listeners.
pub fn health() -> Group {
    let healthz = Route::new(Method::GET, "/healthz", Permission::Public, &(), |(), _| async {
        status(StatusCode::OK)
    });
    Group { family: Family::Explorer, routes: vec![healthz] }
}

/// Files, log-in and shell. Goes last: the shell answers to every address that nothing else has.
pub fn routes(guard: &Arc<Guard>) -> Group {
    let file = |name: &'static str| {
        let pattern: &'static str = Box::leak(format!("/{name}").into_boxed_str());
        Route::new(Method::GET, pattern, Permission::Public, &name, assets::serve)
    };
    let mut routes: Vec<Route> = names().filter(|name| *name != shell::INDEX).map(file).collect();
    routes.push(Route::new(Method::POST, "/login", Permission::Public, guard, entrance::log_in));
    routes.push(Route::new(Method::GET, "/", Permission::Session, &(), |(), call: Call| shell::serve(call)));
    routes.push(Route::new(Method::GET, "/{address...}", Permission::Session, &(), |(), call: Call| {
        shell::serve(call)
    }));
    Group { family: Family::Page, routes }
}
