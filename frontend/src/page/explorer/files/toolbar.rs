//! What of the files is shown.

use leptos::prelude::*;

use super::{Explorer, use_explorer};
use crate::{address::Marks, hues, page::tongue::use_tongue, words::Word};

/// Merged or one layer, ghosts, changes, filter.
#[component]
pub fn Toolbar() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let filter = Memo::new(move |_| explorer.view.with(|view| view.filter.clone()));
    let ghosts = Memo::new(move |_| explorer.view.with(|view| !view.no_ghosts));
    view! {
        <header class="pane-head files-head">
            <h2 class="unseen">{tongue.say(Word::Files)}</h2>
            <Scope/>
            <button type="button" class="quiet" data-testid="ghosts" aria-pressed=move || ghosts.get().to_string() title=tongue.say(Word::GhostsHow)
                on:click=move |_| explorer.bar.change(|view| view.no_ghosts = !view.no_ghosts)>
                {tongue.say(Word::Ghosts)}
            </button>
            <ViewMenu/>
            <input id="filter" type="search" class="field slim" data-testid="filter-files" autocomplete="off" spellcheck="false"
                placeholder=tongue.say(Word::FilterFiles) aria-label=tongue.say(Word::FilterFiles) prop:value=filter
                on:input:target=move |event| { let typed = event.target().value(); explorer.bar.adjust(|view| view.filter = typed); }/>
        </header>
    }
}

/// Everything merged, or what the selected layer did.
#[component]
fn Scope() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let layer = Memo::new(move |_| explorer.view.with(|view| view.layer));
    let only = Memo::new(move |_| explorer.view.with(|view| view.only_layer()));
    let pressed = move |is: bool| is.to_string();
    view! {
        <span class="segments" role="group" aria-label=tongue.say(Word::ViewOptions)>
            <button type="button" data-testid="view-merged" aria-pressed=move || pressed(only.get().is_none())
                on:click=move |_| explorer.select_layer(layer.get_untracked(), true)>{tongue.say(Word::Merged)}</button>
            {move || layer.get().map(|layer| view! {
                <button type="button" class="layer" class:of-base=move || layer < explorer.base() style=hues::style(layer) data-testid="view-layer" data-layer=layer
                    aria-pressed=move || pressed(only.get() == Some(layer)) on:click=move |_| explorer.select_layer(Some(layer), false)>
                    <span class="dot"></span>{tongue.with(Word::LayerN, [(layer + 1).to_string()])}
                </button>
            })}
        </span>
    }
}

/// Changes, columns, order; folded away behind a word.
#[component]
fn ViewMenu() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    view! {
        <button type="button" class="quiet" popovertarget="view-menu" data-testid="view-menu">{tongue.say(Word::ViewOptions)}<span aria-hidden="true">" ▾"</span></button>
        <div id="view-menu" popover="auto" class="menu">
            {marks().map(|(word, letter, get, flip)| {
                let checked = move || explorer.view.with(|view| !get(view.hidden_marks()));
                view! {
                    <label><input type="checkbox" prop:checked=checked data-testid=format!("show-{letter}") on:change=move |_| flip_mark(explorer, flip)/>
                        <b class=format!("mark mark-{letter}")>{letter}</b>{tongue.say(word)}</label>
                }
            })}
            <hr/>
            <label><input type="checkbox" data-testid="attributes" prop:checked=move || explorer.view.with(|view| !view.no_attributes)
                on:change=move |_| explorer.bar.change(|view| view.no_attributes = !view.no_attributes)/>{tongue.say(Word::Attributes)}</label>
            <label><input type="checkbox" data-testid="by-size" prop:checked=move || explorer.view.with(|view| view.by_size)
                on:change=move |_| explorer.bar.change(|view| view.by_size = !view.by_size)/>{tongue.say(Word::BySize)}</label>
            <hr/>
            <button type="button" class="quiet" data-testid="expand-all" on:click=move |_| fold_all(explorer, true)>{tongue.say(Word::ExpandAll)}</button>
            <button type="button" class="quiet" data-testid="collapse-all" on:click=move |_| fold_all(explorer, false)>{tongue.say(Word::CollapseAll)}</button>
        </div>
    }
}

type Mark = (Word, char, fn(Marks) -> bool, fn(&mut Marks));

fn marks() -> [Mark; 4] {
    [
        (Word::ShowAdded, 'A', |marks| marks.added, |marks| marks.added ^= true),
        (Word::ShowModified, 'M', |marks| marks.modified, |marks| marks.modified ^= true),
        (Word::ShowDeleted, 'D', |marks| marks.deleted, |marks| marks.deleted ^= true),
        (Word::ShowUnmodified, 'U', |marks| marks.unmodified, |marks| marks.unmodified ^= true),
    ]
}

/// Shows or leaves out a kind of change.
pub(super) fn flip_mark(explorer: Explorer, flip: fn(&mut Marks)) {
    explorer.bar.change(|view| {
        let mut marks = view.hidden_marks();
        flip(&mut marks);
        view.leave_out(marks);
    });
}

/// Opens or closes every directory.
pub(super) fn fold_all(explorer: Explorer, open: bool) {
    explorer.update_tree(|tree| tree.fold_all(open));
    explorer.cursor.set(0);
}
