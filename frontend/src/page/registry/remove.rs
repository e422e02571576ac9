//! Removing a tag of this server's own registry, after saying what that frees.

use leptos::{prelude::*, task::spawn_local};
use strata_api::{path, registry::Freed};

use super::state::use_counter;
use crate::{
    address::Registry,
    figures, names,
    page::{api::Failure, dom, marks::Wrong, tongue::use_tongue},
    words::{Lang, Talk},
};

/// The button, and what it asks.
#[component]
pub fn Remove(reference: Signal<String>) -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let asked = RwSignal::new(false);
    let freed = RwSignal::new(None::<Freed>);
    let failure = RwSignal::new(None::<Failure>);
    let query = move |what: &str| {
        format!("/api/registry/{what}?ref={}", path::encode(reference.get_untracked().as_bytes()))
    };
    let ask = move |_| {
        asked.set(true);
        freed.set(None);
        failure.set(None);
        request_animation_frame(|| dom::focus("remove-tag-no"));
        let path = query("freed");
        spawn_local(async move {
            match counter.client.get(&path).await {
                Ok(answer) => drop(freed.try_set(Some(answer))),
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
        });
    };
    let remove = move |_| {
        let path = query("tag");
        spawn_local(async move {
            match counter.client.send("DELETE", &path).await {
                Ok(()) => {
                    let place = counter.place.get_untracked();
                    counter.go(Registry { tag: None, ..place });
                    counter.ask_again();
                }
                Err(refused) => drop(failure.try_set(Some(refused))),
            }
        });
    };
    let says = move || freed.get().map(|freed| outlook(&freed, tongue.lang()));
    let name = names::text(&reference.get_untracked()).into_owned();
    view! {
        <button type="button" class="button" data-testid="remove-tag" on:click=ask aria-expanded=move || asked.get().to_string()>{tongue.say(Talk::RemoveTag)}</button>
        {move || asked.get().then(|| view! {
            <div class="remove-ask" role="alertdialog" aria-label=tongue.say(Talk::RemoveTag) data-testid="remove-tag-ask"
                on:keydown=move |event| if event.key() == "Escape" { asked.set(false) }>
                <p><b>{tongue.with(Talk::RemoveTagAsk, [name.clone()])}</b></p>
                <p data-testid="remove-tag-frees" aria-live="polite">{move || match says() {
                    Some(text) => view! { {text} }.into_any(),
                    None => view! { <span class="skeleton" style="width:60%"></span> }.into_any(),
                }}</p>
                {move || failure.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
                <p class="ways">
                    <button type="button" class="button grave" data-testid="remove-tag-yes" disabled=move || freed.with(Option::is_none) on:click=remove>{tongue.say(Talk::RemoveTagDo)}</button>
                    <button id="remove-tag-no" type="button" class="button" data-testid="remove-tag-no" on:click=move |_| asked.set(false)>{tongue.say(Talk::Cancel)}</button>
                </p>
            </div>
        })}
    }
}

/// What removing frees, and what it leaves to whom.
fn outlook(freed: &Freed, lang: Lang) -> String {
    if freed.shared {
        return Talk::RemoveTagShared.text(lang).to_owned();
    }
    let frees = match freed.bytes {
        0 => Talk::RemoveTagNothing.text(lang).to_owned(),
        bytes => {
            let blobs = figures::grouped(freed.blobs as u64);
            Talk::RemoveTagFrees.with(lang, &[&figures::Size::of(bytes).to_string(), &blobs])
        }
    };
    let keepers = freed.kept_by.iter().take(3).map(|name| names::text(name).into_owned()).collect::<Vec<_>>();
    match keepers.is_empty() {
        true => frees,
        false => format!("{frees} {}", Talk::RemoveTagKept.with(lang, &[&keepers.join(", ")])),
    }
}
