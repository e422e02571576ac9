//! Small dealings with the document.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent};

/// An element by its id.
pub fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Moves the focus to an element, if it is there.
pub fn focus(id: &str) {
    if let Some(element) = by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that can't take the focus leaves it where it was.
        let _ = element.focus();
    }
}

/// Scrolls an element's own scroller, and nothing else, until the element is seen.
pub fn reveal(scroller: &Element, element: &Element) {
    let (outer, inner) = (scroller.get_bounding_client_rect(), element.get_bounding_client_rect());
    let by = if inner.top() < outer.top() {
        inner.top() - outer.top()
    } else if inner.bottom() > outer.bottom() {
        (inner.bottom() - outer.bottom()).min(inner.top() - outer.top())
    } else {
        return;
    };
    scroller.set_scroll_top(scroller.scroll_top() + by as i32);
}

/// Whether a click on a `<dialog>` fell outside of what it shows, on the dimmed page.
pub fn is_outside(event: &MouseEvent) -> bool {
    event.target() == event.current_target()
}

/// Whether a key goes into a text field or a control of its own rather than to the page.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    element
        .closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")
        .ok()
        .flatten()
        .is_some()
}

/// Keeps a choice for the next visit; a browser that keeps nothing is fine too.
pub fn remember(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

/// What [`remember`] kept.
pub fn recall(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// The server's `host:port` as the address bar has it, under which its own registry is pulled from and pushed to.
pub fn host() -> String {
    window().location().host().unwrap_or_default()
}

/// Seconds since 1970.
pub fn clock() -> i64 {
    (js_sys::Date::now() / 1000.0) as i64
}

/// Puts text on the clipboard and says when that is done.
pub fn copy(text: String, done: impl FnOnce() + 'static) {
    leptos::task::spawn_local(async move {
        let promise = window().navigator().clipboard().write_text(&text);
        if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
            done();
        }
    });
}
