//! What there can't be yet: containers, volumes, networks, builds, swarms.
//!
//! Their lists are empty and single ones are not found, which is true; what would make one answers 501.

use http::{Method, StatusCode};
use serde_json::{Value, json as value};

use crate::http::{Call, Permission, Response, Route, error, json};

/// Routes whose paths `/images/{name...}/…` would take.
pub fn before_images() -> Vec<Route> {
    vec![
        unbuilt(Method::GET, "/images/search", "searching registries"),
        unbuilt(Method::GET, "/images/get", "saving images"),
        unbuilt(Method::POST, "/images/load", "loading images"),
        unbuilt(Method::GET, "/images/{name...}/get", "saving images"),
        unbuilt(Method::POST, "/images/{name...}/push", "pushing images"),
    ]
}

/// The others.
pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        constant(Method::GET, "/containers/json", value!([])),
        constant(
            Method::POST,
            "/containers/prune",
            value!({ "ContainersDeleted": null, "SpaceReclaimed": 0 }),
        ),
        unbuilt(Method::POST, "/containers/create", "running containers"),
        constant(Method::GET, "/volumes", value!({ "Volumes": [], "Warnings": [] })),
        constant(Method::POST, "/volumes/prune", value!({ "VolumesDeleted": [], "SpaceReclaimed": 0 })),
        unbuilt(Method::POST, "/volumes/create", "volumes"),
        constant(Method::GET, "/networks", value!([])),
        constant(Method::POST, "/networks/prune", value!({ "NetworksDeleted": null })),
        unbuilt(Method::POST, "/networks/create", "networks"),
        constant(Method::GET, "/plugins", value!([])),
        constant(Method::POST, "/build/prune", value!({ "CachesDeleted": null, "SpaceReclaimed": 0 })),
        unbuilt(Method::POST, "/build", "building images"),
        unbuilt(Method::POST, "/commit", "committing containers"),
        unbuilt(Method::POST, "/auth", "checking credentials"),
        unbuilt(Method::POST, "/session", "BuildKit sessions"),
        unbuilt(Method::POST, "/grpc", "BuildKit"),
        unbuilt(Method::GET, "/distribution/{name...}/json", "asking registries for descriptors"),
    ];
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE] {
        let missing = |pattern, say: fn(&str) -> String| missing(method.clone(), pattern, say);
        routes.push(missing("/containers/{id}", |id| format!("No such container: {id}")));
        routes.push(missing("/containers/{id}/{verb...}", |id| format!("No such container: {id}")));
        routes.push(missing("/exec/{id}/{verb...}", |id| format!("No such exec instance: {id}")));
        routes.push(missing("/volumes/{id}", |id| format!("get {id}: no such volume")));
        routes.push(missing("/networks/{id}", |id| format!("network {id} not found")));
        routes.push(missing("/networks/{id}/{verb...}", |id| format!("network {id} not found")));
    }
    for pattern in ["/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs"] {
        let no_swarm = |(), _| async {
            // The first words are dockerd's: its CLI looks for them.
            error(
                StatusCode::SERVICE_UNAVAILABLE,
                "This node is not a swarm manager. Strata has no swarm mode.",
            )
        };
        routes.push(Route::new(Method::GET, pattern, Permission::Session, &(), no_swarm));
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

fn missing(method: Method, pattern: &'static str, say: fn(&str) -> String) -> Route {
    Route::new(method, pattern, Permission::Session, &say, |say, call: Call| async move {
        not_found(say(call.param("id")))
    })
}

fn not_found(message: String) -> Response {
    error(StatusCode::NOT_FOUND, message)
}
