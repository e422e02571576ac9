//! Images that are chosen in the list: saved as one archive, or removed together.

use std::collections::BTreeSet;

use leptos::{prelude::*, task::spawn_local};
use strata_api::path;

use super::{outlook::Outlook, use_shelf};
use crate::{
    names,
    page::{dom, marks::Wrong, tongue::use_tongue},
    words::Word,
};

/// What is chosen, by what it is opened by; a copyable handle.
#[derive(Clone, Copy)]
pub struct Chosen(RwSignal<BTreeSet<String>>);

impl Chosen {
    /// Nothing.
    pub fn start() -> Self {
        let chosen = Self(RwSignal::default());
        provide_context(chosen);
        chosen
    }

    /// Whether one is chosen, tracked.
    pub fn has(self, name: &str) -> bool {
        self.0.with(|all| all.contains(name))
    }

    /// How many are, tracked.
    pub fn count(self) -> usize {
        self.0.with(BTreeSet::len)
    }

    /// Chooses one, or no longer.
    pub fn set(self, name: &str, on: bool) {
        self.0.update(|all| {
            let _ = if on { all.insert(name.to_owned()) } else { all.remove(name) };
        });
    }

    /// Keeps to what there is: an image may be gone.
    pub fn keep(self, there: impl Fn(&str) -> bool) {
        if self.0.with_untracked(|all| all.iter().any(|name| !there(name))) {
            self.0.update(|all| all.retain(|name| there(name)));
        }
    }
}

/// What is chosen.
pub fn use_chosen() -> Chosen {
    expect_context()
}

/// What can be done with them; nothing while none is chosen.
#[component]
pub fn ChosenBar() -> impl IntoView {
    let (tongue, shelf, chosen) = (use_tongue(), use_shelf(), use_chosen());
    let asked = RwSignal::new(false);
    let refusals = RwSignal::new(Vec::<(String, crate::page::api::Failure)>::new());
    let any = Memo::new(move |_| chosen.count() > 0);
    let listed = move || chosen.0.with(|all| all.iter().cloned().collect::<Vec<_>>());
    let archive = move || {
        let names: Vec<String> =
            listed().iter().map(|name| format!("names={}", path::encode(name.as_bytes()))).collect();
        format!("/images/get?{}", names.join("&"))
    };
    let remove = move |_| {
        let names = listed();
        asked.set(false);
        spawn_local(async move {
            let mut refused = Vec::new();
            for name in names {
                if let Err(failure) = shelf.remove(&name).await {
                    refused.push((name, failure));
                }
            }
            let _ = refusals.try_set(refused);
        });
    };
    // Another choice is another question.
    Effect::new(move |_| {
        chosen.0.track();
        asked.set(false);
    });
    let refusals = move || {
        refusals.get().into_iter().map(|(name, failure)| {
            let name = names::text(&name).into_owned();
            view! { <Wrong text=Signal::derive(move || format!("{name}: {}", failure.say(tongue.lang())))/> }
        }).collect_view()
    };
    let count = move || {
        let count = chosen.count() as u64;
        Word::SelectedOne.count(Word::Selected, tongue.lang(), count)
    };
    view! {
        {move || any.get().then(|| view! {
            <div class="chosen" role="region" aria-label=count data-testid="chosen">
                <strong data-testid="chosen-count">{count}</strong>
                <a class="button" data-testid="save-chosen" href=archive download="images.tar">{tongue.say(Word::SaveSelected)}</a>
                <button type="button" class="button" data-testid="remove-chosen" on:click=move |_| {
                    asked.set(true);
                    request_animation_frame(|| dom::focus("remove-chosen-yes"));
                }>{tongue.say(Word::RemoveSelected)}</button>
                <button type="button" class="quiet" data-testid="choose-none" on:click=move |_| chosen.0.set(BTreeSet::new())>{tongue.say(Word::SelectNone)}</button>
                {move || asked.get().then(|| view! {
                    <div class="ask" role="alertdialog" aria-label=tongue.say(Word::RemoveTheseAsk) data-testid="remove-chosen-ask"
                        on:keydown=move |event| if event.key() == "Escape" { asked.set(false) }>
                        <span>{tongue.say(Word::RemoveTheseAsk)}</span>
                        <Outlook names=listed()/>
                        <button id="remove-chosen-yes" type="button" class="button grave" data-testid="remove-chosen-yes" on:click=remove>{tongue.say(Word::RemoveTheseYes)}</button>
                        <button type="button" class="button" on:click=move |_| asked.set(false)>{tongue.say(Word::Cancel)}</button>
                    </div>
                })}
            </div>
        })}
        {refusals}
    }
}
