//! The list of keys that `?` opens.

use leptos::{html, prelude::*};

use super::{follow, use_dialogs};
use crate::{
    keymap::{BINDINGS, Pane, show},
    page::{dom, tongue::use_tongue},
    words::Word,
};

const GROUPS: [(Pane, Word); 6] = [
    (Pane::Page, Word::KeysPage),
    (Pane::Container, Word::KeysContainer),
    (Pane::Workshop, Word::KeysWorkshop),
    (Pane::Explorer, Word::KeysExplorer),
    (Pane::Stack, Word::Stack),
    (Pane::Tree, Word::Files),
];

/// The dialog, open or not.
#[component]
pub fn Keys() -> impl IntoView {
    let tongue = use_tongue();
    let open = use_dialogs().keys;
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, open);
    let group = move |(pane, word): (Pane, Word)| {
        let lines = BINDINGS.iter().filter(|binding| binding.pane == pane).map(|binding| {
            let chords = binding.chords.iter().map(|chord| view! { <kbd>{show(chord)}</kbd> }).collect_view();
            view! { <div class="key"><dt>{chords}</dt><dd>{tongue.say(binding.word)}</dd></div> }
        });
        view! { <section><h2>{tongue.say(word)}</h2><dl>{lines.collect_view()}</dl></section> }
    };
    view! {
        <dialog class="sheet-of-keys" node_ref=dialog data-testid="keys" aria-label=tongue.say(Word::Keys)
            on:close=move |_| open.set(false) on:click=move |event| if dom::is_outside(&event) {
                open.set(false)
            }>
            <header>
                <strong>{tongue.say(Word::Keys)}</strong>
                <button type="button" class="quiet" on:click=move |_| open.set(false)>{tongue.say(Word::Close)}</button>
            </header>
            <div class="groups">{GROUPS.map(group).collect_view()}</div>
        </dialog>
    }
}
