//! The line of figures; each can be traced.

use leptos::prelude::*;

use super::use_explorer;
use crate::{
    figures,
    page::{marks::Size, tongue::use_tongue},
    words::Word,
};

/// Total, hidden, wasted, efficiency.
#[component]
pub fn BottomLine() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let is_open = move || explorer.view.with(|view| view.waste).to_string();
    let toggle = move |_| explorer.bar.change(|view| view.waste = !view.waste);
    let figures = move || {
        let (sums, waste) = (explorer.sums.get()?, explorer.waste.get()?);
        Some(view! {
            <span data-testid="total"><span class="faint">{tongue.say(Word::Total)}</span>" "<Size bytes=sums.total/></span>
            <span data-testid="hidden"><Size bytes=sums.hidden/>" "<span class="faint">{tongue.say(Word::HiddenTotal)}</span></span>
            <button type="button" class="quiet trace" data-testid="open-waste" aria-expanded=is_open aria-controls="waste" on:click=toggle>
                {tongue.with(Word::Wasted, [figures::Size::of(waste.wasted).to_string()])}<span aria-hidden="true">" ▴"</span>
            </button>
            {(sums.metadata > 0).then(|| view! {
                <span data-testid="metadata"><Size bytes=sums.metadata/>" "<span class="faint">{tongue.say(Word::OnlyMetadata)}</span></span>
            })}
            <span data-testid="efficiency"><span class="faint">{tongue.say(Word::Efficiency)}</span>" "{figures::percent(waste.efficiency)}</span>
        })
    };
    view! {
        <footer class="bottom" data-testid="bottom-line">
            {move || figures().map_or_else(
                || view! { <span class="skeleton" style="width:240px"></span> }.into_any(),
                IntoAny::into_any,
            )}
            <span class="spring"></span>
            <span class="faint rows-shown" data-testid="row-count">{move || {
                explorer.revision.track();
                explorer.with_tree(|tree| Word::RowCountOne.count(Word::RowCount, tongue.lang(), tree.len() as u64))
            }}</span>
        </footer>
    }
}
