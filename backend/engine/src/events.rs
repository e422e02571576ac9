//! What happened, told to everybody who listens, with the last few for those who come late.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use futures_util::{Stream, StreamExt, stream};
use strata_api::engine::{Actor, Event};
use tokio::sync::broadcast;

use crate::{Engine, Filters};

/// dockerd remembers this many too.
const REMEMBERED: usize = 256;

/// Which events to tell; times are Unix nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct EventsQuery {
    /// Remembered events from here on; without it only new ones.
    pub since: Option<i64>,
    /// When to end.
    pub until: Option<i64>,
    /// Which.
    pub filters: Filters,
}

/// The remembered events and the listeners.
pub(crate) struct Events {
    past: Mutex<VecDeque<Event>>,
    live: broadcast::Sender<Event>,
}

impl Default for Events {
    fn default() -> Self {
        Self { past: Mutex::default(), live: broadcast::channel(REMEMBERED).0 }
    }
}

impl Events {
    /// Tells that `action` happened to an image. `actor` is its id, or its name where dockerd says the name.
    pub(crate) fn image(&self, action: &str, actor: &str, name: &str, labels: &BTreeMap<String, String>) {
        let mut attributes = labels.clone();
        attributes.insert("name".into(), name.into());
        self.publish(Event {
            status: Some(action.into()),
            id: Some(actor.into()),
            ..event("image", action, actor, attributes)
        });
    }

    /// Tells that images were pruned.
    pub(crate) fn pruned(&self, reclaimed: u64) {
        let attributes = BTreeMap::from([("reclaimed".to_owned(), reclaimed.to_string())]);
        self.publish(event("image", "prune", "", attributes));
    }

    /// Tells what happened to a container or volume.
    pub(crate) fn of_container(&self, happened: strata_containers::Event) {
        let strata_containers::Event { kind, action, id, attributes } = happened;
        let is_container = kind == strata_containers::EventKind::Container;
        self.publish(Event {
            status: is_container.then(|| action.clone()),
            id: is_container.then(|| id.clone()),
            from: attributes.get("image").filter(|_| is_container).cloned(),
            ..event(kind.as_str(), &action, &id, attributes)
        });
    }

    /// Tells that `action` happened to a network.
    pub(crate) fn of_network(&self, action: &str, id: &str, name: &str, driver: &str) {
        let pairs = [("name", name), ("type", driver)];
        let attributes = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        self.publish(event("network", action, id, attributes));
    }

    fn publish(&self, event: Event) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        if past.len() == REMEMBERED {
            past.pop_front();
        }
        past.push_back(event.clone());
        // Sent under the lock, so that a listener sees each event once: in the past or live. No listener is fine.
        let _ = self.live.send(event);
    }
}

/// An event of now.
fn event(kind: &str, action: &str, actor: &str, attributes: BTreeMap<String, String>) -> Event {
    let now = jiff::Timestamp::now();
    Event {
        status: None,
        id: None,
        from: None,
        kind: kind.into(),
        action: action.into(),
        actor: Actor { id: actor.into(), attributes },
        scope: "local".into(),
        time: now.as_second(),
        time_nano: i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX),
    }
}

impl Engine {
    /// Remembered events since `query.since`, then new ones as they happen, until `query.until`.
    ///
    /// A listener that falls far behind misses the oldest events rather than slowing the engine.
    pub fn events(&self, query: EventsQuery) -> impl Stream<Item = Event> + Send + 'static + use<> {
        let events = &self.inner().events;
        let (past, live) = {
            let past = events.past.lock().unwrap_or_else(PoisonError::into_inner);
            let wanted =
                past.iter().filter(|event| query.since.is_some_and(|since| event.time_nano >= since));
            (wanted.cloned().collect::<Vec<_>>(), events.live.subscribe())
        };
        let live = stream::unfold(live, |mut live| async move {
            loop {
                match live.recv().await {
                    Ok(event) => return Some((event, live)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        let until = query.until;
        let end = async move {
            match until {
                None => std::future::pending().await,
                Some(until) => {
                    let left = i128::from(until) - jiff::Timestamp::now().as_nanosecond();
                    tokio::time::sleep(std::time::Duration::from_nanos(u64::try_from(left).unwrap_or(0)))
                        .await;
                }
            }
        };
        let filters = query.filters;
        stream::iter(past)
            .filter(move |event| std::future::ready(until.is_none_or(|until| event.time_nano <= until)))
            .chain(live.take_until(Box::pin(end)))
            .filter(move |event| std::future::ready(wanted(&filters, event)))
    }
}

fn wanted(filters: &Filters, event: &Event) -> bool {
    let attributes = &event.actor.attributes;
    let attribute = |key: &str| attributes.get(key).map_or("", String::as_str);
    let bare = |text: &str| {
        text.rsplit_once(':')
            .filter(|(_, tag)| !tag.contains('/'))
            .map_or(text.to_owned(), |x| x.0.to_owned())
    };
    let image = |wanted: &String| {
        let (id, name) = match event.kind.as_str() {
            "image" => (event.actor.id.as_str(), attribute("name")),
            "container" => ("", attribute("image")),
            _ => return false,
        };
        *wanted == id || wanted == name || bare(id) == *wanted || bare(name) == *wanted
    };
    // By the start of an id or a name, whatever it is of: `docker events --filter container=web` has `webmaster` too.
    let named = |kind: &str| {
        let wanted = filters.get(kind);
        let hit = |wanted: &String| {
            let wanted = wanted.as_str();
            event.actor.id.starts_with(wanted) || attribute("name").starts_with(wanted)
        };
        wanted.is_empty() || wanted.iter().any(hit)
    };
    // `exec_create: ls -l` is an `exec_create`.
    let action = event.action.split(':').next().unwrap_or_default();
    filters.accepts("type", &event.kind)
        && (filters.accepts("event", &event.action) || filters.accepts("event", action))
        && filters.accepts("scope", &event.scope)
        && filters.labels("label", attributes)
        && (filters.get("image").is_empty() || filters.get("image").iter().any(image))
        && ["container", "volume", "network", "daemon", "plugin"].iter().all(|kind| named(kind))
}
