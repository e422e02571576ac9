//! The address bar is the page's state.
//!
//! An own small router rather than a crate's: a place is one typed value with its secondary state, and paths of files
//! are bytes that need not be UTF-8 once decoded.

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement};

use crate::address::{Container, ContainerTab, Place, View};

/// Where the page is; a copyable handle.
#[derive(Clone, Copy)]
pub struct Bar(RwSignal<Place>);

impl Bar {
    /// Reads the address and follows it: back and forward, and every click on a link within the page.
    pub fn start() -> Self {
        let bar = Self(RwSignal::new(read()));
        let back = window_event_listener(ev::popstate, move |_| bar.0.set(read()));
        let click = window_event_listener(ev::click, move |event| {
            if let Some(place) = inner_link(&event) {
                event.prevent_default();
                bar.go(place);
            }
        });
        on_cleanup(move || {
            back.remove();
            click.remove();
        });
        provide_context(bar);
        bar
    }

    /// The place, tracked.
    pub fn place(self) -> Place {
        self.0.get()
    }

    /// The place, not tracked.
    pub fn here(self) -> Place {
        self.0.get_untracked()
    }

    /// Goes there; "back" comes back here.
    pub fn go(self, place: Place) {
        self.set(place, true);
    }

    /// Is there from now on; "back" leads to where it would have led.
    pub fn stay(self, place: Place) {
        self.set(place, false);
    }

    /// Changes what the explorer shows; "back" undoes it.
    pub fn change(self, how: impl FnOnce(&mut View)) {
        self.edit(how, true);
    }

    /// Changes what the explorer shows without a step for "back": for what is typed or dragged.
    pub fn adjust(self, how: impl FnOnce(&mut View)) {
        self.edit(how, false);
    }

    /// Changes what a container's page shows; `step` makes it one that "back" undoes.
    pub fn turn(self, how: impl FnOnce(&mut Container), step: bool) {
        if let Place::Container(mut view) = self.here() {
            how(&mut view);
            self.set(Place::Container(view), step);
        }
    }

    /// Shows another tab of a container.
    pub fn tab(self, tab: ContainerTab) {
        self.turn(|view| view.tab = tab, true);
    }

    fn edit(self, how: impl FnOnce(&mut View), step: bool) {
        if let Place::Image(mut view) = self.here() {
            how(&mut view);
            self.set(Place::Image(view), step);
        }
    }

    fn set(self, place: Place, step: bool) {
        if place == self.here() {
            return;
        }
        let Ok(history) = window().history() else { return };
        let address = place.print();
        // Browsers refuse more than a few hundred steps in some seconds; the page itself goes on.
        let _ = match step {
            true => history.push_state_with_url(&JsValue::NULL, "", Some(&address)),
            false => history.replace_state_with_url(&JsValue::NULL, "", Some(&address)),
        };
        self.0.set(place);
    }
}

/// Where the page is.
pub fn use_bar() -> Bar {
    expect_context()
}

fn read() -> Place {
    let location = window().location();
    Place::read(&location.pathname().unwrap_or_default(), &location.search().unwrap_or_default())
}

/// The place that a plain click on a link of ours leads to.
fn inner_link(event: &ev::MouseEvent) -> Option<Place> {
    if event.default_prevented() || event.button() != 0 {
        return None;
    }
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() {
        return None;
    }
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let link = target.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    let outside = link.has_attribute("download") || link.has_attribute("target");
    if outside || link.origin() != window().location().origin().ok()? || !link.hash().is_empty() {
        return None;
    }
    match Place::read(&link.pathname(), &link.search()) {
        Place::Nowhere(_) => None,
        place => Some(place),
    }
}
