//! A Dockerfile that came with the address: shown, and nothing else until somebody says so.

use leptos::{prelude::*, task::spawn_local};
use strata_api::workshop::Origin;
use wasm_bindgen::JsValue;

use super::{create, sharing};
use crate::{
    address::{Place, Workshop},
    names,
    page::{
        api::{Failure, use_client},
        bar::use_bar,
        marks::Wrong,
        tongue::use_tongue,
    },
    words::{Craft, Word},
};

/// What the address carries, if it does.
#[component]
pub fn Shared() -> impl IntoView {
    let (tongue, client, bar) = (use_tongue(), use_client(), use_bar());
    let carried = RwSignal::new(None::<Result<String, ()>>);
    let refusal = RwSignal::new(None::<Failure>);
    spawn_local(async move {
        let found = sharing::carried().await;
        let _ = carried.try_set(found);
    });
    // Another address of the same page may carry another one.
    let changed = window_event_listener(leptos::ev::hashchange, move |_| {
        spawn_local(async move {
            let found = sharing::carried().await;
            let _ = carried.try_set(found);
        });
    });
    on_cleanup(move || changed.remove());
    let forget = move || {
        carried.set(None);
        if let Ok(history) = window().history() {
            // Else a reload would bring it back.
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some("/workshop"));
        }
    };
    let take = move |dockerfile: String| {
        spawn_local(async move {
            match create(client, "", Origin::Shared { dockerfile }).await {
                Ok(made) => bar.go(Place::Workshop(Box::new(Workshop::of(&made.card.id)))),
                Err(failure) => drop(refusal.try_set(Some(failure))),
            }
        });
    };
    move || {
        carried.get().map(|carried| match carried {
            Err(()) => view! { <Wrong text=Signal::derive(move || Craft::SharedBroken.text(tongue.lang()).to_owned())/> }.into_any(),
            Ok(text) => {
                let lines = text.lines().map(|line| names::content(line.as_bytes()) + "\n").collect::<String>();
                view! {
                    <section class="shared" data-testid="shared">
                        <h2>{tongue.say(Craft::SharedTitle)}</h2>
                        <p>{tongue.say(Craft::SharedHow)}</p>
                        <pre tabindex="0" data-testid="shared-text">{lines}</pre>
                        <p class="travel-tools">
                            <button type="button" class="button main" data-testid="shared-take" on:click=move |_| take(text.clone())>{tongue.say(Craft::SharedTake)}</button>
                            <button type="button" class="button" on:click=move |_| forget()>{tongue.say(Word::Close)}</button>
                        </p>
                        {move || refusal.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
                    </section>
                }.into_any()
            }
        })
    }
}
