//! The writable layer: a sheet with what was written to it.

use leptos::prelude::*;

use super::{
    tile::{Tile, word},
    use_vessel,
};
use crate::{
    address::{Container, Place},
    names,
    page::{bar::use_bar, marks::Size, tongue::use_tongue},
    words::Word,
};

/// Rows drawn in the sheet; the rest is under "Changes".
const SHOWN: usize = 100;
/// More rows than these scroll by themselves, so that the layers below stay in sight.
const MANY: usize = 16;

/// The sheet on top of the stack.
#[component]
pub fn Writable() -> impl IntoView {
    let (tongue, vessel, bar) = (use_tongue(), use_vessel(), use_bar());
    let rows = Memo::new(move |_| {
        vessel.revision.track();
        let read = vessel.with_upper(|upper| {
            let (rows, all) = upper.sheet(SHOWN);
            let keys = rows.into_iter().map(|row| (row.path.clone(), row.born)).collect::<Vec<_>>();
            (keys, all)
        });
        read.unwrap_or_default()
    });
    let known = Memo::new(move |_| vessel.revision.get() > 0);
    let held = Memo::new(move |_| {
        vessel.revision.track();
        vessel.with_upper(|upper| upper.totals().held).unwrap_or(0)
    });
    // For those who listen: what happened last, in words.
    let told = move || {
        let row = vessel.row(&vessel.latest.get()?)?;
        Some(format!("{} /{}", word(row.did).text(tongue.lang()), names::bytes(&row.path)))
    };
    let more = move || {
        let (shown, all) = rows.with(|(rows, all)| (rows.len(), *all));
        (all > shown).then(|| {
            let name = vessel.name.get_value();
            let to = Place::Container(Box::new(match bar.place() {
                Place::Container(view) => Container { list: true, path: Vec::new(), ..*view },
                _ => Container::of(&name),
            }));
            let count = (all - shown).to_string();
            view! { <li class="more-rows"><a href=to.print()>{tongue.with(Word::MoreRows, [count])}</a></li> }
        })
    };
    view! {
        <li class="layer writable sheet" data-testid="writable-layer" data-rows=move || rows.with(|(_, all)| *all)>
            <span class="stripe"></span>
            <span class="sheet-line">
                <span class="instruction"><b>{tongue.say(Word::Writable)}</b></span>
                <Count all=Signal::derive(move || rows.with(|(_, all)| *all))/>
                {move || view! { <Size bytes=held.get()/> }}
            </span>
            {move || vessel.lost.get().then(|| view! { <p class="note" role="status" data-testid="live-lost">{tongue.say(Word::WritableLost)}</p> })}
            {move || (known.get() && rows.with(|(rows, _)| rows.is_empty())).then(|| view! {
                <p class="note" data-testid="writable-empty">{tongue.say(Word::WritableEmpty)}</p>
            })}
            <span class="unseen" role="status" data-testid="latest">{told}</span>
            <ul class="tiles" class:many=move || rows.with(|(rows, _)| rows.len() > MANY) aria-live="off" data-testid="writable-rows">
                <For each=move || rows.with(|(rows, _)| rows.clone()) key=|key| key.clone() let:key>
                    <Tile path=key.0/>
                </For>
                {more}
            </ul>
        </li>
    }
}

/// How many paths there are.
#[component]
fn Count(all: Signal<usize>) -> impl IntoView {
    let tongue = use_tongue();
    move || {
        let all = all.get();
        (all > 0).then(|| {
            let says = tongue.count(Word::ChangesOne, Word::ChangesMany, all as u64);
            view! { <span class="faint count" data-testid="writable-count">{says}</span> }
        })
    }
}
