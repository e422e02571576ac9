//! Hears from the engine that something happened, on one connection for the whole page.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use strata_api::engine::Event;
use web_sys::AbortSignal;

use super::{
    api::{Client, Failure},
    seen::{pause, while_seen},
};
use crate::pulling::Lines;

/// Counts what happened; a copyable handle.
#[derive(Clone, Copy)]
pub struct Pulse {
    client: Client,
    images: RwSignal<u32>,
    containers: RwSignal<u32>,
}

impl Pulse {
    /// Follows the engine's events while somebody looks.
    pub fn start(client: Client) -> Self {
        let pulse = Self { client, images: RwSignal::new(0), containers: RwSignal::new(0) };
        let first = StoredValue::new(true);
        while_seen(move |signal| {
            if !first.get_value() {
                pulse.everything();
            }
            first.set_value(false);
            spawn_local(pulse.hear(signal));
        });
        provide_context(pulse);
        pulse
    }

    /// Tracks what happens to images.
    pub fn track_images(self) {
        self.images.track();
    }

    /// Tracks what happens to containers.
    pub fn track_containers(self) {
        self.containers.track();
    }

    fn everything(self) {
        for count in [self.images, self.containers] {
            count.update(|count| *count += 1);
        }
    }

    async fn hear(self, signal: AbortSignal) {
        while !signal.aborted() {
            let mut lines = Lines::default();
            let take = |chunk: Vec<u8>| {
                let lines = lines.push(&chunk);
                let events: Vec<Event> =
                    lines.iter().filter_map(|line| serde_json::from_slice(line).ok()).collect();
                if events.iter().any(|event| event.kind == "image") {
                    self.images.update(|count| *count += 1);
                }
                if events.iter().any(changes_a_list) {
                    self.containers.update(|count| *count += 1);
                }
            };
            let answer = self.client.stream("GET", "/events", &signal, take).await;
            if matches!(answer, Err(Failure::Refused { .. } | Failure::NoSession)) {
                return;
            }
            pause(Duration::from_secs(3)).await;
            if !signal.aborted() {
                self.everything();
            }
        }
    }
}

/// Whether a list of containers looks different after it.
fn changes_a_list(event: &Event) -> bool {
    let quiet = ["exec_", "top", "resize", "attach", "detach", "archive-path", "extract-to-dir", "export"];
    event.kind == "container" && !quiet.iter().any(|quiet| event.action.starts_with(quiet))
}

/// What the engine tells.
pub fn use_pulse() -> Pulse {
    expect_context()
}
