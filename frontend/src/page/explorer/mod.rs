//! The explorer of an image: the stack, the files, a file.

mod bottom;
mod file;
mod files;
mod header;
#[cfg(not(feature = "whole"))]
mod here_only;
mod load;
#[cfg(feature = "whole")]
mod outside;
mod stack;
mod state;
#[cfg(feature = "whole")]
mod surgery;
mod waste;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    api::{Failure, use_client},
    tongue::use_tongue,
};
use crate::{address::View, names, words::Word};
use bottom::BottomLine;
use file::FilePane;
use files::FilesPane;
use header::Header;
#[cfg(not(feature = "whole"))]
use here_only as outside;
pub use load::layers_of;
use stack::StackPane;
use state::{Explorer, use_explorer};
use waste::WastePanel;

/// The page at `/image/REF`.
#[component]
pub fn Explore(image: View) -> impl IntoView {
    let client = use_client();
    let explorer = Explorer::start(image.clone());
    if image.remote {
        outside::load(explorer, client, image);
    } else {
        outside::none();
        load::load(explorer, client, image.reference);
    }
    // Whatever has a layer's stripe names it in `data-layer`; one listener lights all of them.
    let light = move |event: ev::PointerEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let mark = element.and_then(|element| element.closest("[data-layer]").ok().flatten());
        let layer = mark.and_then(|mark| mark.get_attribute("data-layer")?.parse().ok());
        if explorer.lit.get_untracked() != layer {
            explorer.lit.set(layer);
        }
    };
    let failed = Memo::new(move |_| explorer.failure.get());
    view! {
        <div class="explorer" on:pointerover=light on:pointerleave=move |_| explorer.lit.set(None) data-testid="explorer">
            {move || match failed.get() {
                Some(failure) => view! { <Failed failure/> }.into_any(),
                None => view! {
                    <Header/>
                    {outside::bar()}
                    <div class="panes">
                        <StackPane/>
                        <FilesPane/>
                        <FilePane/>
                    </div>
                    <WastePanel/>
                    <BottomLine/>
                }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Failed(failure: Failure) -> impl IntoView {
    let tongue = use_tongue();
    let name = names::text(&use_explorer().view.with_untracked(|view| view.reference.clone())).into_owned();
    let missing = matches!(failure, Failure::Refused { status: 404, .. });
    let trouble = outside::trouble();
    let plain = trouble.is_none();
    view! {
        <section class="notice" role="alert" data-testid="image-failed">
            {if let Some(trouble) = trouble {
                trouble.into_any()
            } else if missing {
                view! {
                    <h1>{tongue.with(Word::ImageMissing, [name])}</h1>
                    <p>{tongue.say(Word::ImageMissingHow)}</p>
                }.into_any()
            } else {
                view! { <h1 class="wrong">{move || failure.say(tongue.lang())}</h1> }.into_any()
            }}
            <a class="button" class:main=plain href="/">{tongue.say(Word::ToImages)}</a>
        </section>
    }
}
