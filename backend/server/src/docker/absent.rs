//! What there can't be yet: swarms, sessions.
//!
//! Their lists are empty, which is true; what would make one answers 501.

use http::{Method, StatusCode};
use serde_json::{Value, json as value};

use crate::http::{Call, Permission, Route, error, json};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        constant(Method::GET, "/plugins", value!([])),
        unbuilt(Method::POST, "/session", "BuildKit sessions"),
        unbuilt(Method::POST, "/grpc", "BuildKit"),
    ];
    let no_plugin = |(), call: Call| async move {
        error(StatusCode::NOT_FOUND, format!("plugin {:?} not found", call.param("name")))
    };
    routes.push(Route::new(Method::GET, "/plugins/{name}/json", Permission::Session, &(), no_plugin));
    for pattern in [
        "/swarm",
        "/nodes",
        "/services",
        "/tasks",
        "/secrets",
        "/configs",
        "/nodes/{id}",
        "/services/{id}",
        "/tasks/{id}",
        "/secrets/{id}",
        "/configs/{id}",
    ] {
        let no_swarm = |(), _| async {
            // dockerd's words, though Strata has no swarm mode at all: clients look for them.
            error(
                StatusCode::SERVICE_UNAVAILABLE,
                "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.",
            )
        };
        routes.push(Route::new(Method::GET, pattern, Permission::Session, &(), no_swarm));
    }
    for pattern in ["/swarm/init", "/swarm/join", "/swarm/leave", "/swarm/update", "/swarm/unlock"] {
        routes.push(Route::new(Method::POST, pattern, Permission::Session, &(), |(), _| async {
            error(
                StatusCode::SERVICE_UNAVAILABLE,
                "This node is not part of a swarm. Strata has no swarm mode.",
            )
        }));
    }
    routes
}

fn constant(method: Method, pattern: &'static str, body: Value) -> Route {
    Route::new(method, pattern, Permission::Session, &body, |body, _| async move { json(&body) })
}

fn unbuilt(method: Method, pattern: &'static str, what: &'static str) -> Route {
    Route::new(method, pattern, Permission::Session, &what, |what, _| async move {
        error(
            StatusCode::NOT_IMPLEMENTED,
            format!("Strata {} can't do this yet: {what}", env!("CARGO_PKG_VERSION")),
        )
    })
}
