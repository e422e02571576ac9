//! The images of a tag, and what refers to them.

use std::sync::Arc;

use leptos::prelude::*;
use strata_api::registry::{Image, Referrer, TagDetail};

use super::layers::Layers;
use crate::{
    names,
    page::{marks::Size, tongue::use_tongue},
    registry::{kind, label, platform},
    words::{Talk, Word},
};

/// The platforms, and the layers of the one that is chosen.
#[component]
pub fn Images(detail: Arc<TagDetail>) -> impl IntoView {
    let tongue = use_tongue();
    let images = detail.images.clone();
    // The image that the facts speak of comes first to mind.
    let first = images.iter().position(|image| image.size == detail.facts.size).unwrap_or(0);
    let chosen = RwSignal::new(first);
    let (several, more) = (images.len() > 1 || detail.more > 0, detail.more);
    let list = images.clone();
    let layers = move || {
        list.get(chosen.get()).map(|image| {
            let name = image
                .platform
                .as_ref()
                .filter(|_| several)
                .map(|one| names::text(&platform(one)).into_owned());
            view! { <Layers name layers=image.layers.clone()/> }
        })
    };
    view! {
        {several.then(|| view! {
            <h3>{tongue.say(Talk::ColumnPlatforms)}</h3>
            <ul class="images-of-tag" data-testid="platforms">
                {images.into_iter().enumerate().map(|(at, image)| view! { <One at image chosen/> }).collect_view()}
            </ul>
            {(more > 0).then(|| view! { <p class="pad faint">{tongue.with(Talk::ImagesMore, [more.to_string()])}</p> })}
        })}
        {layers}
    }
}

#[component]
fn One(at: usize, image: Image, chosen: RwSignal<usize>) -> impl IntoView {
    let tongue = use_tongue();
    let name = image.platform.as_ref().map(|one| names::text(&platform(one)).into_owned());
    let lost = image.layers.is_empty() && image.size == 0;
    let layers = tongue.count(Word::LayerCountOne, Word::LayerCount, image.layers.len() as u64);
    let digest = image.digest.to_string();
    let here = image.here.map(|name| names::text(&name).into_owned());
    view! {
        <li>
            <button type="button" class="platform-row" data-testid="platform" aria-pressed=move || (chosen.get() == at).to_string() on:click=move |_| chosen.set(at)>
                <b>{move || name.clone().unwrap_or_else(|| Talk::NoPlatform.text(tongue.lang()).to_owned())}</b>
                {match lost {
                    true => view! { <span class="wrong">{tongue.say(Talk::PartLost)}</span> }.into_any(),
                    false => view! { <span class="faint">{layers}</span><Size bytes=image.size/> }.into_any(),
                }}
                <code class="faint" title=digest>{image.digest.short().to_owned()}</code>
                {here.map(|name| view! { <span class="here" title=tongue.with(Talk::HereAs, [name])>{tongue.say(Talk::HereMark)}</span> })}
            </button>
        </li>
    }
}

/// Signatures, attestations and other things that refer to the tag's images.
#[component]
pub fn Referrers(referrers: Vec<Referrer>) -> impl IntoView {
    let tongue = use_tongue();
    let none = referrers.is_empty();
    let row = move |referrer: Referrer| {
        let word = label(&referrer);
        let types =
            referrer.types.iter().map(|kind| names::text(kind).into_owned()).collect::<Vec<_>>().join(", ");
        let digest = referrer.digest.to_string();
        let subject = referrer.subject.as_ref().map(|subject| subject.short().to_owned());
        let notes = referrer
            .annotations
            .iter()
            .map(|(key, value)| format!("{}: {}", names::text(key), names::text(value)));
        let notes = notes.collect::<Vec<_>>().join("\n");
        view! {
            <li data-testid="referrer" data-label=format!("{word:?}")>
                <b>{tongue.say(word)}</b>
                {subject.map(|subject| view! { <span class="faint">{tongue.with(Talk::ReferrerFor, [subject])}</span> })}
                <span class="spring"></span>
                <Size bytes=referrer.size/>
                <code class="faint" title=digest>{referrer.digest.short().to_owned()}</code>
                <span class="types faint" title=notes>{names::text(kind(&types)).into_owned()}</span>
            </li>
        }
    };
    view! {
        <h3>{tongue.say(Talk::Referrers)}</h3>
        {none.then(|| view! { <p class="pad faint" data-testid="no-referrers">{tongue.say(Talk::ReferrersNone)}</p> })}
        <ul class="referrers" data-testid="referrers">{referrers.into_iter().map(row).collect_view()}</ul>
    }
}
