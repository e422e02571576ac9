//! Work that is done only while somebody looks.

use std::time::Duration;

use leptos::{leptos_dom::helpers::window_event_listener_untyped, prelude::*};
use web_sys::{AbortController, AbortSignal};

/// Runs `work` now and whenever the page is seen again, until the page is hidden or the caller's owner is gone: a
/// browser has few connections to one server, and pages in the background must not use them up.
pub fn while_seen(work: impl Fn(AbortSignal) + 'static) {
    let stop = StoredValue::<Option<AbortController>, LocalStorage>::new_local(None);
    let end = move || {
        if let Some(Some(stop)) = stop.try_update_value(Option::take) {
            stop.abort();
        }
    };
    let begin = move || {
        end();
        if document().hidden() {
            return;
        }
        let Ok(controller) = AbortController::new() else { return };
        let signal = controller.signal();
        stop.set_value(Some(controller));
        work(signal);
    };
    begin();
    let visibility = window_event_listener_untyped("visibilitychange", move |_| begin());
    on_cleanup(move || {
        visibility.remove();
        end();
    });
}

/// Waits.
pub async fn pause(time: Duration) {
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
