//! Which routes each listener has.

use std::sync::Arc;

use strata_engine::Engine;

use crate::{Shutdown, browse, docker, explorer, http::Site, page, registry, security::Guard, workshop};

/// The unix socket: the engine API, for whoever may open it.
pub fn unix(engine: &Engine, shutdown: &Shutdown) -> Site {
    Site::new(vec![page::health(), docker::routes(engine, shutdown, docker::Powers::All)], None)
}

/// The TCP listener: everything, behind the guard. The registry stands before the engine API, which would take its
/// `/v2/` for a version; the page takes what is left.
pub fn tcp(engine: &Engine, guard: &Arc<Guard>, shutdown: &Shutdown) -> Site {
    let groups = vec![
        page::health(),
        workshop::routes(engine, shutdown),
        browse::routes(engine, shutdown),
        explorer::routes(engine, guard, shutdown),
        registry::routes(engine, guard),
        docker::routes(engine, shutdown, docker::Powers::Contained),
        page::routes(guard),
    ];
    Site::new(groups, Some(Arc::clone(guard)))
}
