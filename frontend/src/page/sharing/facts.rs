//! An image of the map: its layers, and what removing it would really free.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};

use super::{Known, map::spread, use_sharing};
use crate::{
    address::{Place, View},
    hues,
    instruction::Instruction,
    names,
    page::{
        api::Failure,
        images::{frees, parts, use_shelf},
        marks::{Size, Wrong},
        tongue::use_tongue,
    },
    sharing::{all_names, handle},
    words::Word,
};

/// What is known of the chosen image.
#[component]
pub fn Facts(known: Arc<Known>) -> impl IntoView {
    let (tongue, sharing) = (use_tongue(), use_sharing());
    move || {
        let Some(image) = sharing.chosen.get() else {
            return view! { <aside class="sharing-facts"><p class="faint" data-testid="sharing-none">{tongue.say(Word::SharingChoose)}</p></aside> }.into_any();
        };
        view! { <Image known=known.clone() image/> }.into_any()
    }
}

#[component]
fn Image(known: Arc<Known>, image: usize) -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    let found = &known.map.images[image];
    let name = handle(found);
    let shown = names::text(&name).into_owned();
    let to = Place::Image(Box::new(View::of(&name))).print();
    let (asked, refusal) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let all = all_names(found);
    let remove = move |_| {
        let all = all.clone();
        asked.set(false);
        spawn_local(async move {
            for name in all {
                if let Err(failure) = shelf.remove(&name).await {
                    let _ = refusal.try_set(Some(failure));
                    return;
                }
            }
        });
    };
    let rows = found.layers.iter().enumerate().rev().map(|(depth, layer)| {
        let (facts, users) = (&known.map.layers[*layer], known.users[*layer]);
        let line = names::text(&Instruction::read(&facts.created_by).line()).into_owned();
        let at = Place::Image(Box::new(View { layer: Some(depth), ..View::of(&name) })).print();
        view! {
            <li class="layer sharing-layer" class:of-base=users.gt(&1) style=hues::style(depth) data-testid="sharing-layer" data-users=users>
                <span class="stripe"></span>
                <a href=at title=line.clone()><code>{names::middle(&line, 44)}</code></a>
                <Size bytes=facts.unpacked/>
                <span class="faint">{move || spread(users, tongue.lang())}</span>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <aside class="sharing-facts" data-testid="sharing-facts" data-image=name.clone()>
            <h2>{tongue.with(Word::SharingRemoving, [names::middle(&shown, 60).into_owned()])}</h2>
            <Frees/>
            <p class="sharing-deeds">
                <a class="button" href=to data-testid="sharing-open-image">{tongue.say(Word::OpenImage)}</a>
                <button type="button" class="button" data-testid="sharing-remove" on:click=move |_| { asked.set(true); refusal.set(None); }>{tongue.say(Word::RemoveSelected)}</button>
            </p>
            {move || asked.get().then(|| view! {
                <div class="ask" role="alertdialog" aria-label=tongue.with(Word::RemoveThisAsk, [shown.clone()]) data-testid="sharing-remove-ask">
                    <span>{tongue.with(Word::RemoveThisAsk, [shown.clone()])}</span>
                    <button type="button" class="button grave" data-testid="sharing-remove-yes" on:click=remove.clone()>{tongue.say(Word::RemoveYes)}</button>
                    <button type="button" class="button" on:click=move |_| asked.set(false)>{tongue.say(Word::Cancel)}</button>
                </div>
            })}
            {move || refusal.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
            <ul class="sharing-layers">{rows}</ul>
        </aside>
    }
}

/// What removing it would free.
#[component]
fn Frees() -> impl IntoView {
    let (tongue, sharing) = (use_tongue(), use_sharing());
    move || match sharing.outlook.get() {
        None => view! { <p aria-busy="true"><span class="skeleton" style="width:50%"></span></p> }.into_any(),
        Some(Err(failure)) => {
            view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> }.into_any()
        }
        Some(Ok(removal)) => {
            let lang = tongue.lang();
            let refused = removal.refused.iter().map(|refused| {
                let why = Word::FreesRefused.with(lang, &[&names::text(&refused.reason)]);
                view! { <p class="wrong" data-testid="outlook-refused">{why}</p> }
            });
            view! {
                <p class="sharing-frees" data-testid="sharing-frees" data-frees=removal.frees data-files=removal.files><b>{frees(&removal, lang)}</b><br/>
                    <span class="faint">{parts(&removal, lang)}</span></p>
                {refused.collect_view()}
            }
            .into_any()
        }
    }
}
