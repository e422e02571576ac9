//! How many rows of a list fit on the screen.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::ResizeObserver;

/// Keeps `capacity` at the number of rows of `height` pixels that fit into `host`.
pub fn measure(host: NodeRef<html::Div>, capacity: RwSignal<usize>, height: f64) {
    let watch = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn FnMut()>)>);
    Effect::new(move |_| {
        let Some(element) = host.get() else { return };
        let update = move || {
            if let Some(host) = host.try_get_untracked().flatten() {
                let rows = (f64::from(host.client_height()) / height).ceil() as usize + 1;
                let _ = capacity.try_set(rows);
            }
        };
        update();
        let closure = Closure::<dyn FnMut()>::new(update);
        if let Ok(observer) = ResizeObserver::new(closure.as_ref().unchecked_ref()) {
            observer.observe(&element);
            watch.set_value(Some((observer, closure)));
        }
    });
    on_cleanup(move || {
        if let Some((observer, _)) = watch.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}
