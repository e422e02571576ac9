//! An image's row.

use leptos::{prelude::*, task::spawn_local};

use super::{chosen::use_chosen, outlook::Outlook, use_shelf};
use crate::{
    address::{Place, View},
    moments, names,
    page::{
        api::Failure,
        dialogs::use_dialogs,
        dom,
        marks::{CopyButton, Size, Strip, Wrong},
        tongue::use_tongue,
    },
    shelf::{Row, repository_and_tag},
    words::Word,
};

/// A row of the list.
#[component]
pub fn Card(row: Row) -> impl IntoView {
    let (tongue, shelf, dialogs) = (use_tongue(), use_shelf(), use_dialogs());
    let chosen = use_chosen();
    let asked = RwSignal::new(false);
    let refusal = RwSignal::new(None::<Failure>);
    let (name, card) = (row.handle(), row.card.clone());
    let layers = card.layers.len();
    let base = shelf.base_layers(&card);
    let created = card.created.as_deref().and_then(moments::parse);
    let age = move || created.map(|then| moments::age(then, dom::clock(), tongue.lang()));
    let fresh = {
        let name = row.name.clone();
        move || name.as_ref().is_some_and(|name| shelf.is_fresh(name))
    };
    let remove = {
        let name = name.clone();
        move |_| {
            let name = name.clone();
            spawn_local(async move {
                let answer = shelf.remove(&name).await;
                // The row may be gone by now.
                let _ = asked.try_set(false);
                let _ = refusal.try_set(answer.err());
            });
        }
    };
    let title = created.map(moments::stamp).map(|stamp| format!("{stamp} UTC"));
    let id = card.id.digest().clone();
    // Nothing without a name can be pulled.
    let copy = row.name.as_ref().map(|name| Signal::stored(format!("docker pull {name}")));
    let shown = names::text(&name).into_owned();
    let archive = format!("/images/{}/get", strata_api::path::encode(name.as_bytes()));
    let (picked, pushed) = (name.clone(), name.clone());
    let is_picked = {
        let name = name.clone();
        move || chosen.has(&name)
    };
    let doomed = name.clone();
    let archive_name = format!("{}.tar", name.replace(['/', ':', '@'], "-"));
    view! {
        <div class="shelf-row" role="row" class:fresh=fresh data-testid="image-row" data-image=name.clone()>
            <span role="cell" class="pick"><input type="checkbox" data-testid="choose" aria-label=tongue.with(Word::SelectOne, [shown.clone()])
                prop:checked=is_picked on:change:target=move |event| chosen.set(&picked, event.target().checked())/></span>
            <span role="cell" class="names"><Name row/></span>
            <span role="cell" class="cell-layers"><Strip layers base/><span class="faint">{layers}</span></span>
            <code role="cell" class="cell-id faint" title=id.to_string()>{id.short().to_owned()}</code>
            <span role="cell" class="cell-platform faint">{names::text(&card.platform.to_string()).into_owned()}</span>
            <span role="cell" class="cell-age faint" title=title>{age}</span>
            <span role="cell" class="cell-size"><Size bytes=card.unpacked/></span>
            <span role="cell" class="deeds">
                <button type="button" class="quiet" data-testid="run-image-open" on:click={ let name = name.clone(); move |_| dialogs.open_run(&name) }
                    aria-label=tongue.with(Word::RunOf, [shown.clone()])>{tongue.say(Word::Run)}</button>
                <button type="button" class="quiet" data-testid="push-open" on:click=move |_| dialogs.push.set(Some(pushed.clone()))
                    aria-label=tongue.with(Word::PushImage, [shown.clone()])>{tongue.say(Word::Push)}</button>
                {copy.map(|text| view! { <CopyButton text label=Word::CopyPull testid="copy-pull"/> })}
                <a class="quiet" data-testid="save-image" href=archive download=archive_name
                    aria-label=tongue.with(Word::SaveOf, [shown.clone()])>{tongue.say(Word::SaveTar)}</a>
                <button type="button" class="quiet" data-testid="remove" on:click=move |_| { asked.set(true); refusal.set(None); }
                    aria-label=tongue.with(Word::RemoveNamed, [shown.clone()])>{tongue.say(Word::Remove)}</button>
            </span>
            {move || asked.get().then(|| view! {
                <div class="ask" role="alertdialog" aria-label=tongue.with(Word::RemoveNamed, [shown.clone()]) data-testid="remove-ask">
                    <span>{tongue.with(Word::RemoveThisAsk, [shown.clone()])}</span>
                    <Outlook names=vec![doomed.clone()]/>
                    <button type="button" class="button grave" data-testid="remove-yes" on:click=remove.clone()>{tongue.say(Word::RemoveYes)}</button>
                    <button type="button" class="button" on:click=move |_| asked.set(false)>{tongue.say(Word::Cancel)}</button>
                </div>
            })}
            {move || refusal.get().map(|failure| view! {
                <div class="ask"><Wrong text=Signal::derive(move || failure.say(tongue.lang()))/></div>
            })}
        </div>
    }
}

/// The name, a link to the image.
#[component]
fn Name(row: Row) -> impl IntoView {
    let tongue = use_tongue();
    let to = Place::Image(Box::new(View::of(&row.handle()))).print();
    match row.name {
        None => view! { <a class="name" href=to data-testid="image-link"><em class="faint">{tongue.say(Word::Untagged)}</em></a> }.into_any(),
        Some(name) => {
            let (repository, tag) = repository_and_tag(&name);
            let (repository, tag) = (names::text(repository).into_owned(), names::text(tag).into_owned());
            view! { <a class="name" href=to data-testid="image-link">{breakable(&repository)}<wbr/><span class="tag">{tag}</span></a> }.into_any()
        }
    }
}

/// A name that breaks between its parts where it doesn't fit in a line.
fn breakable(name: &str) -> impl IntoView + use<> {
    let parts: Vec<String> = name.split_inclusive('/').map(str::to_owned).collect();
    parts.into_iter().map(|part| view! { {part}<wbr/> }).collect_view()
}
