//! What is shipped in vain: path, bytes, and the layers that ship it.

use std::sync::Arc;

use leptos::prelude::*;
use strata_layer::{Waste, WastedPath};

use super::use_explorer;
use crate::{
    address::{Place, View},
    figures, hues, names,
    page::{marks::Size, tongue::use_tongue},
    words::Word,
};

/// Paths drawn at once; the next as many come on demand.
const PAGE: usize = 200;

/// The panel, if the address has it open.
#[component]
pub fn WastePanel() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let open = Memo::new(move |_| explorer.view.with(|view| view.waste));
    let shown = RwSignal::new(PAGE);
    let close = move |_| explorer.bar.change(|view| view.waste = false);
    let body = move |waste: Arc<Waste>| {
        let count = waste.paths.len();
        let share = waste.wasted_of_user.is_finite().then(|| figures::percent(waste.wasted_of_user));
        let rows = move || {
            let rows = waste.paths.iter().take(shown.get()).cloned();
            rows.map(|path| view! { <Path path/> }).collect_view()
        };
        view! {
            <p class="faint">
                {tongue.say(Word::WasteHow)}" "{tongue.count(Word::WastedPathsOne, Word::WastedPaths, count as u64)}
                {share.map(|share| view! { " · "{tongue.with(Word::WastedShare, [share])} })}
            </p>
            {(count == 0).then(|| view! { <p class="right">{tongue.say(Word::NoWaste)}</p> })}
            <ul class="wasted">{rows}</ul>
            {move || (shown.get() < count).then(|| view! {
                <button type="button" class="button" on:click=move |_| shown.update(|shown| *shown += PAGE)>
                    {tongue.with(Word::MoreLines, [figures::grouped(shown.get() as u64), figures::grouped(count as u64)])}
                </button>
            })}
        }
    };
    move || {
        open.get().then(|| {
            view! {
                <section id="waste" class="waste-panel" data-testid="waste-panel" aria-label=tongue.say(Word::WastePanel)>
                    <header>
                        <h2>{tongue.say(Word::WastePanel)}</h2>
                        <span class="spring"></span>
                        <button type="button" class="quiet" data-testid="close-waste" on:click=close>{tongue.say(Word::Close)}</button>
                    </header>
                    {move || explorer.waste.get().map(body)}
                </section>
            }
        })
    }
}

#[component]
fn Path(path: WastedPath) -> impl IntoView {
    let explorer = use_explorer();
    let base = explorer.base();
    let shown = names::bytes(&path.path);
    // The path in the whole image, whatever the view left out.
    let target = View { path: path.path.to_vec(), waste: true, ..explorer.view.with_untracked(View::image) };
    let part = move |(layer, bytes): &(usize, u64)| {
        let (layer, bytes) = (*layer, *bytes);
        view! {
            <span class="layer part" class:of-base=layer < base class:lit=move || explorer.lit.get() == Some(layer)
                style=hues::style(layer) data-layer=layer><span class="stripe"></span><b>{layer + 1}</b>" "<Size bytes/></span>
        }
    };
    view! {
        <li data-testid="wasted-path">
            <Size bytes=path.bytes/>
            <a class="path mono" href=Place::Image(Box::new(target)).print() title=shown.clone()>{names::middle(&shown, 90).into_owned()}</a>
            <span class="parts">{path.layers.iter().map(part).collect_view()}</span>
        </li>
    }
}
