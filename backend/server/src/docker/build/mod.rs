//! `docker build`: the classic builder's endpoint.

mod request;
mod show;

use std::collections::BTreeMap;

use futures_util::stream;
use http::{Method, StatusCode};
use serde_json::json as value;
use strata_api::progress::Message;
use strata_engine::{
    BuildPruned, Building, Engine, Error,
    builder::{Source, UnpackLimits},
};

use self::show::Show;
use super::{Failure, Powers, failure_status, filters_of};
use crate::{
    Shutdown,
    http::{Call, Lines, Permission, Response, Route, error, json, pass_over, read_ahead, status},
};

/// The routes; `powers` is what steps may be given.
pub fn routes(engine: &Engine, shutdown: &Shutdown, powers: Powers) -> Vec<Route> {
    let on = Permission::Session;
    let building = (engine.clone(), shutdown.clone(), powers);
    vec![
        Route::new(Method::POST, "/build", on, &building, build),
        Route::new(Method::POST, "/build/prune", on, engine, prune),
        Route::new(Method::POST, "/build/cancel", on, engine, cancel),
    ]
}

/// `POST /build`: see [`request::options`] for the parameters; the body is the context, unless `remote` says where it is.
///
/// What is wrong before the first step has a status of its own, all later is a line of the stream. A client that leaves, or the
/// server's end, stops the build.
async fn build(
    (engine, shutdown, powers): (Engine, Shutdown, Powers),
    call: Call,
) -> Result<Response, Failure> {
    let query = call.query();
    let mut options = match request::options(&query, powers) {
        Ok(options) => options,
        Err(refused) => {
            pass_over(call.request.into_body()).await;
            return Err(refused);
        }
    };
    options.logins = request::logins(call.header("x-registry-config"));
    let quiet = query.flag("q");
    let limits = UnpackLimits::default();
    let source = match query.text("remote") {
        // What the CLI says of a Dockerfile on its standard input.
        Some(remote) if remote != "client-session" => Source::Remote(remote, limits),
        _ => Source::Archive(Box::new(read_ahead(call.request.into_body())), limits),
    };
    let mut building = engine.build_for_client(source, options)?;
    let mut show = Show::new(quiet);
    let mut first = Vec::new();
    while first.is_empty() {
        let Some(event) = building.events.recv().await else {
            return Ok(error(StatusCode::INTERNAL_SERVER_ERROR, "the build ended without a word"));
        };
        if let Some(refusal) = show.refusal(&event) {
            return Ok(error(
                failure_status(strata_engine::Error::from(refusal.clone()).kind),
                &refusal.message,
            ));
        }
        first = show.show(event);
    }
    Ok(Lines::DOS.reply(lines(first, building, show, shutdown)))
}

/// The lines until the build or the server ends.
fn lines(
    first: Vec<Message>,
    building: Building,
    show: Show,
    shutdown: Shutdown,
) -> impl futures_util::Stream<Item = Message> + Send + 'static {
    let state = (first.into_iter(), building, show, shutdown);
    stream::unfold(state, |(mut waiting, mut building, mut show, shutdown)| async move {
        loop {
            if let Some(message) = waiting.next() {
                return Some((message, (waiting, building, show, shutdown)));
            }
            let event = tokio::select! {
                event = building.events.recv() => event?,
                () = shutdown.begun() => return None,
            };
            waiting = show.show(event).into_iter();
        }
    })
}

/// Filters of BuildKit's cache: known, and all but the labels without a meaning for ours.
const CACHE_FILTERS: [&str; 11] = [
    "id",
    "parent",
    "type",
    "description",
    "inuse",
    "shared",
    "private",
    "until",
    "unused-for",
    "label",
    "label!",
];

/// `POST /build/prune`: `all`; the other parameters are BuildKit's.
async fn prune(engine: Engine, call: Call) -> Result<Response, Failure> {
    let filters = filters_of(&call)?;
    filters.only(&CACHE_FILTERS).map_err(|error| {
        let error = Error::from(error);
        Error::new(error.kind, format!("failed to prune build cache: {}", error.message))
    })?;
    // Cached steps have no labels.
    let pruned = match filters.prunes(&BTreeMap::new()) {
        true => engine.prune_builds(call.query().flag("all")).await?,
        false => BuildPruned::default(),
    };
    let caches = (!pruned.caches_deleted.is_empty()).then_some(pruned.caches_deleted);
    Ok(json(&value!({ "CachesDeleted": caches, "SpaceReclaimed": pruned.space_reclaimed })))
}

/// `POST /build/cancel`: `id`. One that isn't there is no error, as with dockerd.
async fn cancel(engine: Engine, call: Call) -> Result<Response, Failure> {
    let id = call.query().text("id").ok_or_else(|| Failure::invalid("build ID not provided"))?;
    engine.cancel_build(&id);
    Ok(status(StatusCode::NO_CONTENT))
}
