//! A layer on its way, here or to a registry.

use leptos::prelude::*;

use crate::{
    hues, names,
    page::{marks::Size, tongue::use_tongue},
    pulling::{Layer, Phase},
    words::Word,
};

/// A layer's row.
#[component]
pub fn LayerRow(
    /// Gives it its colour.
    position: usize,
    /// How far it is.
    layer: Layer,
    /// For tests.
    testid: &'static str,
) -> impl IntoView {
    let tongue = use_tongue();
    let word = match layer.phase {
        Phase::Waiting => Word::PhaseWaiting,
        Phase::Downloading => Word::PhaseDownloading,
        Phase::Downloaded => Word::PhaseDownloaded,
        Phase::Extracting => Word::PhaseExtracting,
        Phase::Done => Word::PhaseDone,
        Phase::Present => Word::PhasePresent,
        Phase::Pushing => Word::PhasePushing,
        Phase::Pushed => Word::PhasePushed,
        Phase::Exists => Word::PhaseExists,
        Phase::Mounted => Word::PhaseMounted,
    };
    let share = layer.share();
    let width = format!("width:{:.1}%", share.unwrap_or(0.0) * 100.0);
    let moving =
        matches!(layer.phase, Phase::Downloading | Phase::Extracting | Phase::Pushing) && layer.total > 0;
    let percent = share.map(|share| format!("{:.0}", share * 100.0));
    let (from, title) = (names::text(&layer.from).into_owned(), layer.from.clone());
    view! {
        <li class="layer bar-row" style=hues::style(position) data-testid=testid data-phase=format!("{:?}", layer.phase)>
            <span class="stripe"></span>
            <code>{names::text(&layer.id).into_owned()}</code>
            <span class="faint phase" title=title>{tongue.with(word, [from])}</span>
            <span class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent aria-label=layer.id.clone()
                class:unpacking=layer.phase == Phase::Extracting><i style=width></i></span>
            <span class="amount">
                {moving.then(|| view! { <Size bytes=layer.current/><span class="faint">" / "</span> })}
                {(layer.total > 0).then(|| view! { <Size bytes=layer.total/> })}
            </span>
        </li>
    }
}
