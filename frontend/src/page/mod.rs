//! What is seen and clicked. Exists in a browser only.

// What only the pages of the whole ask of the others.
#![cfg_attr(not(feature = "whole"), allow(dead_code, unused_imports))]

mod api;
mod app;
mod bar;
mod container;
mod containers;
mod dialogs;
mod dom;
mod explorer;
mod images;
mod list;
mod logins;
mod marks;
mod measure;
mod module;
mod pulse;
#[cfg(feature = "whole")]
mod registry;
mod seen;
#[cfg(feature = "whole")]
mod sharing;
#[cfg(feature = "whole")]
mod theatre;
mod theme;
mod tongue;
#[cfg(feature = "whole")]
mod workshop;

/// Draws the page into the document's body.
pub fn start() {
    console_error_panic_hook::set_once();
    if let Some(boot) = dom::by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
