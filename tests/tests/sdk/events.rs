//! Events, as they are told.

use std::time::SystemTime;

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::TryStreamExt;
use serde_json::json;

use crate::scene::{Engine, both, filter, typed};

/// The engine's clock is this machine's.
fn now() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
}

async fn between(
    engine: &Engine,
    since: &str,
    filters: &std::collections::HashMap<String, Vec<String>>,
) -> Vec<String> {
    let options = EventsOptionsBuilder::default().since(since).until(&now()).filters(filters).build();
    let told: Vec<_> = engine.docker.events(Some(options)).try_collect().await.expect("they can be read");
    let line = |event: bollard::models::EventMessage| {
        let actor = event.actor.unwrap_or_default();
        let mut attributes: Vec<_> = actor.attributes.unwrap_or_default().into_iter().collect();
        attributes.retain(|(key, _)| key != "execDuration");
        attributes.sort();
        let kind = event.typ.map(|kind| kind.to_string()).unwrap_or_default();
        format!(
            "{kind} {} {} {attributes:?} {:?}",
            event.action.unwrap_or_default(),
            actor.id.unwrap_or_default(),
            event.scope
        )
    };
    told.into_iter().map(line).collect()
}

#[test]
fn what_happens_is_told() {
    both(async |engine, tale| {
        let docker = &engine.docker;
        let start = now();
        engine.run("sdk-told", json!({ "Cmd": ["sh", "-c", "exit 2"], "Labels": { "told": "yes" }, "HostConfig": { "NetworkMode": "none" } })).await;
        engine.ended("sdk-told").await;
        let rename =
            bollard::query_parameters::RenameContainerOptionsBuilder::default().name("sdk-told-2").build();
        docker.rename_container("sdk-told", rename).await.expect("it can be renamed");
        engine.remove(&["sdk-told-2"]).await;
        tale.tell("of a label", &between(engine, &start, &filter("label", &["told=yes"])).await);
        let mut filters = filter("type", &["container"]);
        filters.extend(filter("event", &["die", "destroy"]));
        filters.extend(filter("label", &["told"]));
        tale.tell("of some kinds", &between(engine, &start, &filters).await);
        let make: bollard::models::VolumeCreateRequest = typed(json!({ "Name": "sdk-told-volume" }));
        docker.create_volume(make).await.expect("it can be made");
        docker
            .remove_volume("sdk-told-volume", None::<bollard::query_parameters::RemoveVolumeOptions>)
            .await
            .expect("it can go");
        tale.tell("of a volume", &between(engine, &start, &filter("volume", &["sdk-told-volume"])).await);
        // More digits than a clock has are no mistake: bollard's own tests send them.
        let longer = format!("{start}0123456789");
        tale.tell("since longer", &between(engine, &longer, &filters).await);
        let wrong = EventsOptionsBuilder::default().since("2").until("1").build();
        tale.refused("the wrong way round", docker.events(Some(wrong)).try_collect::<Vec<_>>().await);
    });
}
