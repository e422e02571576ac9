//! Two containers side by side: what each wrote above what both share.

use leptos::{context::Provider, prelude::*};

use super::{
    Failed, head::Figures, stack::Sheets, state::Vessel, terminal::TerminalPane, use_vessel,
    writable::Writable,
};
use crate::{
    address::{Container, Place},
    figures::Size,
    names,
    page::{containers::state_word, tongue::use_tongue},
    shelf::shared_layers,
    words::Word,
};

/// The page at `/container/A/beside/B`; the first container is the context's.
#[component]
pub fn Beside(other: String) -> impl IntoView {
    let tongue = use_tongue();
    let (first, second) = (use_vessel(), Vessel::start(&other));
    let shared = Memo::new(move |_| {
        first.image.with(|a| {
            second.image.with(|b| match (a, b) {
                (Some(a), Some(b)) => Some(shared_layers(&a.card.layers, &b.card.layers)),
                _ => None,
            })
        })
    });
    // What the shared layers hold is on disk once, however many containers stand on it.
    let bytes = move || {
        let count = shared.get()?;
        first.image.with(|image| {
            let layers = image.as_ref()?.rows.iter().filter_map(|row| row.layer.as_ref());
            Some(layers.filter(|layer| layer.position < count).map(|layer| layer.unpacked).sum::<u64>())
        })
    };
    let base = move || {
        shared.get().map(|count| match count {
            0 => view! { <p class="faint hint" data-testid="shared-nothing">{tongue.say(Word::SharedNothing)}</p> }.into_any(),
            _ => {
                let size = Size::of(bytes().unwrap_or(0)).to_string();
                view! {
                    <h2 data-testid="shared-bytes" data-bytes=bytes>{tongue.with(Word::SharedBase, [size])}</h2>
                    <ol class="stack"><Provider value=first><Sheets from=0 to=count/></Provider></ol>
                }.into_any()
            }
        })
    };
    view! {
        <div class="container-page beside stack-root" data-testid="beside-page">
            <div class="beside-columns">
                <Provider value=first><Column shared first=true/></Provider>
                <Provider value=second><Column shared first=false/></Provider>
            </div>
            <section class="shared-base" data-testid="shared-base" aria-label=tongue.say(Word::FigureShared)>{base}</section>
        </div>
    }
}

/// One of them.
#[component]
fn Column(shared: Memo<Option<usize>>, first: bool) -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let failed = Memo::new(move |_| vessel.failure.get());
    let name = vessel.name.get_value();
    let to = Place::Container(Box::new(Container::of(&name))).print();
    let shown = names::text(&name).into_owned();
    let state = move || vessel.state();
    let image = move || vessel.detail.get().map(|detail| names::text(&detail.image_name).into_owned());
    let label = shown.clone();
    view! {
        <section class="beside-column" aria-label=label data-testid=if first { "beside-first" } else { "beside-second" } data-container=name>
            {move || match failed.get() {
                Some(failure) => view! { <Failed failure/> }.into_any(),
                None => view! {
                    <header class="image-head container-head">
                        <h1><a href=to.clone()>{shown.clone()}</a></h1>
                        <span class=move || format!("state state-{}", state().name())><span aria-hidden="true">{move || state().sign()}</span>" "{move || state_word(state()).text(tongue.lang())}</span>
                        <span class="faint">{image}</span>
                    </header>
                    <TerminalPane main=first/>
                    <ol class="stack" tabindex="0" aria-label=tongue.say(Word::StackLabel)>
                        <Writable/>
                        {move || shared.get().map(|count| view! { <Sheets from=count/> })}
                    </ol>
                    <Figures/>
                }.into_any(),
            }}
        </section>
    }
}
