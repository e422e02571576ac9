//! How the container's file system is put together.

use leptos::prelude::*;
use strata_api::live::Mount;

use super::use_vessel;
use crate::{
    hues, names,
    page::{marks::CopyButton, tongue::use_tongue},
    words::Word,
};

/// The tab.
#[component]
pub fn MountTab() -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let facts = move |mount: Mount| {
        let path = move |word: Word, class: &'static str, path: String, testid: &'static str| {
            view! {
                <dt>{tongue.say(word)}</dt>
                <dd class=class data-testid=testid><span class="stripe"></span><PathLine path/></dd>
            }
        };
        // Top first, as in the stack.
        let lower = mount.lower.iter().cloned().enumerate().rev().map(|(position, path)| {
            // What isn't a layer of the image is the engine's own: places for the files that it mounts.
            let is_layer = move || vessel.image.with(|image| image.as_ref().is_none_or(|image| position < image.card.layers.len()));
            view! {
                <li class="mount-layer" class:layer=is_layer class:plain=move || !is_layer() class:of-base=move || position < vessel.base() style=hues::style(position) data-layer=position data-testid="mount-lower">
                    <span class="stripe"></span>
                    {move || match is_layer() {
                        true => view! { <span class="number">{position + 1}</span> }.into_any(),
                        false => view! { <span class="number" title=tongue.say(Word::MountInit)>"init"</span> }.into_any(),
                    }}
                    <PathLine path/></li>
            }
        });
        let command = mount.command.clone();
        view! {
            <p class="faint">{tongue.say(Word::MountHow)}</p>
            <dl class="mount-facts">
                <dt>{tongue.say(Word::MountDriver)}</dt><dd data-testid="mount-driver">{names::text(&mount.driver).into_owned()}</dd>
                <dt>{tongue.say(Word::MountCommand)}</dt>
                <dd><pre class="command" data-testid="mount-command">{names::text(&command).into_owned()}</pre>
                    <CopyButton text=Signal::stored(command) label=Word::Copy testid="copy-mount"/></dd>
                {path(Word::MountMerged, "plain", mount.merged, "mount-merged")}
                {path(Word::MountUpper, "layer writable mount-layer", mount.upper, "mount-upper")}
                {path(Word::MountWork, "plain", mount.work, "mount-work")}
                <dt>{tongue.say(Word::MountLower)}</dt><dd><ol>{lower.collect_view()}</ol></dd>
            </dl>
        }
    };
    view! {
        <div class="mount" data-testid="mount">
            {move || vessel.detail.get().map(|detail| facts(detail.mount.clone()))}
        </div>
    }
}

/// A path with a button that copies it.
#[component]
fn PathLine(path: String) -> impl IntoView {
    let shown = names::text(&path).into_owned();
    view! { <code class="break">{shown}</code><CopyButton text=Signal::stored(path) label=Word::Copy testid="copy-path"/> }
}
