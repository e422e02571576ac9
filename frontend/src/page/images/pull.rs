//! The box that pulls an image, and the pull as it goes.

use leptos::prelude::*;
use strata_api::theatre::Deed;
use strata_oci::{Reference, ReferenceError};

use super::{layer_row::LayerRow, requests::Requests, search::Found, shelf::Pull, use_shelf};
use crate::{
    address::{Place, View},
    names,
    page::tongue::use_tongue,
    pulling::Outcome,
    words::{Lang, Word},
};

/// The box with what it pulls now.
#[component]
pub fn PullBox() -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    let typed = shelf.typed();
    let parsed = Memo::new(move |_| typed.with(|typed| typed.trim().parse::<Reference>()));
    let is_empty = move || typed.with(|typed| typed.trim().is_empty());
    let wrong = move || !is_empty() && parsed.with(Result::is_err);
    let (submitted_empty, searched_empty) = (RwSignal::new(false), RwSignal::new(false));
    let hint = move || match parsed.get() {
        _ if is_empty() && searched_empty.get() => Word::SearchNeedsWord.text(tongue.lang()).to_owned(),
        _ if is_empty() && submitted_empty.get() => Word::PullNeedsName.text(tongue.lang()).to_owned(),
        _ if is_empty() => String::new(),
        Ok(reference) => Word::PullWill.with(tongue.lang(), &[&reference.to_string()]),
        Err(error) => explain(&error, tongue.lang()),
    };
    let busy = move || shelf.current().is_some_and(|pull| pull.state.outcome.is_none());
    let pulled = Memo::new(move |_| shelf.current().map(|pull| pull.reference.familiar()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submitted_empty.set(is_empty());
        searched_empty.set(false);
        shelf.pull(&typed.get_untracked());
    };
    view! {
        <section class="pull" aria-label=tongue.say(Word::PullAn)>
            <form on:submit=submit data-testid="pull-form">
                <label for="pull-reference">{tongue.say(Word::PullAn)}</label>
                <div class="pull-line">
                    <input id="pull-reference" class="field mono" type="text" data-testid="pull-reference" autocomplete="off"
                        autocapitalize="off" spellcheck="false" placeholder=tongue.say(Word::PullPlaceholder)
                        aria-invalid=move || wrong().to_string() aria-describedby="pull-hint"
                        prop:value=typed on:input:target=move |event| { typed.set(event.target().value()); submitted_empty.set(false); searched_empty.set(false); }/>
                    <button type="submit" class="button main" data-testid="pull" disabled=move || busy() || wrong()>{tongue.say(Word::Pull)}</button>
                    <button type="button" class="button" data-testid="search" on:click=move |_| {
                        searched_empty.set(is_empty());
                        shelf.search(&typed.get_untracked());
                    }>{tongue.say(Word::SearchDo)}</button>
                </div>
                <p id="pull-hint" class="hint" class:wrong=wrong aria-live="polite" data-testid="pull-hint">{hint}</p>
            </form>
            {move || shelf.current().map(|pull| view! { <Progress pull/> })}
            {move || pulled.get().map(|name| view! { <Requests deed=Deed::Pull name/> })}
            <Found/>
        </section>
    }
}

/// A reference's error in the page's language; it names the part that is wrong.
pub fn explain(error: &ReferenceError, lang: Lang) -> String {
    let part = |word: Word, part: &str| word.with(lang, &[&names::text(part)]);
    match error {
        ReferenceError::Empty => Word::PullNeedsName.text(lang).to_owned(),
        ReferenceError::Uppercase(name) => part(Word::WrongUppercase, name),
        ReferenceError::Component(component) => part(Word::WrongComponent, component),
        ReferenceError::Domain(domain) => part(Word::WrongDomain, domain),
        ReferenceError::Tag(tag) => part(Word::WrongTag, tag),
        ReferenceError::Digest(error) => part(Word::WrongDigest, &error.to_string()),
        ReferenceError::TooLong(length) => part(Word::WrongLength, &length.to_string()),
        ReferenceError::LooksLikeId(id) => part(Word::WrongId, id),
    }
}

#[component]
fn Progress(pull: Pull) -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    let name = pull.reference.familiar();
    let address = Place::Image(Box::new(View::of(&name))).print();
    let ended = pull.state.outcome.is_some();
    let asking = !ended && pull.state.layers.is_empty();
    let said = match &pull.state.outcome {
        None => None,
        Some(Outcome::Pulled) => Some(("right", Word::PullDone, name.clone())),
        Some(Outcome::UpToDate | Outcome::Pushed) => Some(("right", Word::PullUpToDate, name.clone())),
        Some(Outcome::Cancelled) => Some(("faint", Word::PullCancelled, String::new())),
        Some(Outcome::Failed(message)) if message.is_empty() => Some(("wrong", Word::PullCut, String::new())),
        Some(Outcome::Failed(message)) => {
            Some(("wrong", Word::PullFailed, names::text(message).into_owned()))
        }
    };
    let good = matches!(pull.state.outcome, Some(Outcome::Pulled | Outcome::UpToDate));
    // A finished pull needs its outcome only; one that failed shows how far each layer came.
    let layers = if good { Vec::new() } else { pull.state.layers };
    view! {
        <div class="progress" data-testid="pull-progress">
            <div class="progress-head">
                {match said {
                    None => view! { <span>{tongue.with(Word::PullOf, [name])}</span> }.into_any(),
                    Some((class, word, value)) => view! {
                        <span class=class role=if class == "wrong" { "alert" } else { "status" } data-testid="pull-outcome">{tongue.with(word, [value])}</span>
                    }.into_any(),
                }}
                {asking.then(|| view! { <span class="faint">{tongue.say(Word::PullAsking)}</span> })}
                <span class="spring"></span>
                {good.then(|| view! { <a class="button" href=address data-testid="pull-open">{tongue.say(Word::OpenImage)}</a> })}
                {if ended {
                    view! { <button type="button" class="quiet" on:click=move |_| shelf.dismiss()>{tongue.say(Word::Close)}</button> }.into_any()
                } else {
                    view! { <button type="button" class="button" data-testid="pull-cancel" on:click=move |_| shelf.cancel()>{tongue.say(Word::Cancel)}</button> }.into_any()
                }}
            </div>
            <ul>{layers.into_iter().enumerate().map(|(position, layer)| view! { <LayerRow position layer testid="pull-layer"/> }).collect_view()}</ul>
        </div>
    }
}
