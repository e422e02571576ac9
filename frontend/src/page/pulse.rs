//! Hears from the engine that something happened to an image.

use std::time::Duration;

use leptos::{leptos_dom::helpers::window_event_listener_untyped, prelude::*, task::spawn_local};
use strata_api::engine::Event;
use web_sys::AbortController;

use super::Shelf;
use crate::{page::api::Failure, pulling::Lines};

impl Shelf {
    /// Follows the engine's events while somebody looks: a browser has few connections to one server, and pages in the
    /// background must not use them up.
    pub(super) fn listen(self) {
        let stop = StoredValue::<Option<AbortController>, LocalStorage>::new_local(None);
        let follow = move || {
            if let Some(old) = stop.with_value(Clone::clone) {
                old.abort();
            }
            stop.set_value(None);
            if document().hidden() {
                return;
            }
            let Ok(controller) = AbortController::new() else { return };
            stop.set_value(Some(controller.clone()));
            spawn_local(async move { self.hear(controller).await });
        };
        let visibility = window_event_listener_untyped("visibilitychange", move |_| {
            if !document().hidden() {
                self.refresh();
            }
            follow();
        });
        follow();
        on_cleanup(move || visibility.remove());
    }

    async fn hear(self, stop: AbortController) {
        let signal = stop.signal();
        while !signal.aborted() {
            let mut lines = Lines::default();
            let take = |chunk: Vec<u8>| {
                let events = lines
                    .push(&chunk)
                    .into_iter()
                    .filter_map(|line| serde_json::from_slice::<Event>(&line).ok());
                if events.filter(|event| event.kind == "image").count() > 0 {
                    self.refresh();
                }
            };
            let answer = self.client.stream("GET", "/events", &signal, take).await;
            if matches!(answer, Err(Failure::Refused { .. } | Failure::NoSession)) {
                return;
            }
            pause(Duration::from_secs(3)).await;
            if !signal.aborted() {
                self.refresh();
            }
        }
    }
}

async fn pause(time: Duration) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(
            move || {
                // `resolve` of a promise doesn't throw.
                let _ = resolve.call0(&wasm_bindgen::JsValue::NULL);
            },
            time,
        );
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}
