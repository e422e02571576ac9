//! The curtain: a handle between the sheets that are seen and the ones drawn away.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::{
    page::{dom, explorer::use_explorer, tongue::use_tongue},
    words::Word,
};

/// The place above a sheet where the curtain may hang; it is drawn where it does.
#[component]
pub fn Curtain(above: usize) -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let top = move || explorer.layers().saturating_sub(1);
    let upto = Memo::new(move |_| explorer.view.with(|view| view.upto.map_or(top(), |upto| upto.min(top()))));
    let hangs = Memo::new(move |_| upto.get() == above && top() > 0);
    let move_to = move |layer: usize| explorer.draw_curtain(Some(layer.min(top())));
    let on_key = move |event: ev::KeyboardEvent| {
        let to = match event.key().as_str() {
            "ArrowUp" | "ArrowRight" => upto.get_untracked() + 1,
            "ArrowDown" | "ArrowLeft" => upto.get_untracked().saturating_sub(1),
            "Home" => 0,
            "End" => top(),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        move_to(to);
        // It hangs elsewhere now: another element, which keeps the focus.
        request_animation_frame(|| dom::focus("curtain"));
    };
    let listeners = StoredValue::new_local(Vec::new());
    let drag = move |event: ev::PointerEvent| {
        event.prevent_default();
        // The handle is drawn anew wherever the curtain hangs, so the window follows the pointer.
        let end = move || {
            let all: Vec<WindowListenerHandle> =
                listeners.try_update_value(std::mem::take).unwrap_or_default();
            all.into_iter().for_each(WindowListenerHandle::remove);
        };
        let follow = window_event_listener(ev::pointermove, move |event| {
            if let Some(layer) = boundary(f64::from(event.client_y())) {
                move_to(layer);
            }
        });
        let up = window_event_listener(ev::pointerup, move |_| end());
        let cancel = window_event_listener(ev::pointercancel, move |_| end());
        listeners.set_value(vec![follow, up, cancel]);
    };
    move || {
        hangs.get().then(|| {
            let number = move || (upto.get() + 1).to_string();
            view! {
                <li class="curtain" class:drawn=move || upto.get() < top()>
                    <span id="curtain" role="slider" tabindex="0" aria-orientation="vertical" data-testid="curtain"
                        aria-valuemin="1" aria-valuemax=move || top() + 1 aria-valuenow=number
                        aria-label=move || Word::Curtain.with(tongue.lang(), &[&number()])
                        title=move || Word::Curtain.with(tongue.lang(), &[&number()])
                        on:keydown=on_key on:pointerdown=drag><i></i></span>
                </li>
            }
        })
    }
}

/// The topmost layer whose sheet has its middle below a height of the window; the lowest is always seen.
fn boundary(y: f64) -> Option<usize> {
    let sheets = document().query_selector_all("#stack > [data-layer]").ok()?;
    let mut below = None;
    for at in 0..sheets.length() {
        let sheet: Element = sheets.item(at)?.dyn_into().ok()?;
        let bounds = sheet.get_bounding_client_rect();
        let layer: usize = sheet.get_attribute("data-layer")?.parse().ok()?;
        if bounds.top() + bounds.height() / 2.0 >= y {
            return Some(layer);
        }
        below = Some(layer);
    }
    below
}
