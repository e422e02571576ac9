//! The images on this server, and the box that pulls another.

mod card;
mod pull;
mod shelf;

use leptos::prelude::*;

use super::{
    bar::use_bar,
    list::{Listing, Loading, NoMatch, NotListed},
    tongue::use_tongue,
};
use crate::{address::Place, shelf::rows, words::Word};
use card::Card;
use pull::PullBox;
pub use pull::explain;
pub use shelf::{Shelf, use_shelf};

/// The page at `/`.
#[component]
pub fn ImagesPage() -> impl IntoView {
    let (tongue, bar, shelf) = (use_tongue(), use_bar(), use_shelf());
    let filter = Memo::new(move |_| match bar.place() {
        Place::Images { filter } => filter,
        _ => String::new(),
    });
    let shown = Memo::new(move |_| {
        let cards = shelf.cards();
        filter.with(|filter| rows(&cards, filter))
    });
    let listing = Memo::new(move |_| {
        Listing::of(shelf.is_loaded(), !shelf.cards().is_empty(), !shown.with(Vec::is_empty))
    });
    let list = move || {
        view! {
            <div class="shelf" role="table" aria-label=tongue.say(Word::ImagesHere) data-testid="images">
                <div class="shelf-head" role="row">
                    {[Word::ColumnName, Word::ColumnLayers, Word::ColumnId, Word::ColumnPlatform, Word::ColumnCreated, Word::ColumnSize]
                        .map(|word| view! { <span role="columnheader">{tongue.say(word)}</span> })}
                    <span role="columnheader"><span class="unseen">{tongue.say(Word::ColumnActions)}</span></span>
                </div>
                <For each=move || shown.get() key=|row| (row.card.id.clone(), row.name.clone()) let:row>
                    <Card row/>
                </For>
            </div>
        }
    };
    view! {
        <div class="images-page">
            <PullBox/>
            <header class="shelf-bar">
                <h1>{tongue.say(Word::ImagesHere)}</h1>
                <input id="filter" type="search" class="field" data-testid="filter-images" autocomplete="off" spellcheck="false"
                    placeholder=tongue.say(Word::FilterImages) aria-label=tongue.say(Word::FilterImages) prop:value=filter
                    on:input:target=move |event| bar.stay(Place::Images { filter: event.target().value() })/>
            </header>
            {move || shelf.failure().map(|failure| view! { <NotListed failure again=move || shelf.refresh()/> })}
            {move || match listing.get() {
                Listing::Loading if shelf.failure().is_some() => ().into_any(),
                Listing::Loading => view! { <Loading/> }.into_any(),
                Listing::Empty => view! { <NoImages/> }.into_any(),
                Listing::NoMatch => view! { <NoMatch filter=filter.get() all=Place::Images { filter: String::new() }/> }.into_any(),
                Listing::Rows => list().into_any(),
            }}
        </div>
    }
}

#[component]
fn NoImages() -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    shelf.look_for_suggestion();
    let suggestion = move || shelf.suggestion();
    view! {
        <section class="notice empty" data-testid="no-images">
            <span class="logo large" aria-hidden="true"><i></i><i></i><i></i></span>
            <h2>{tongue.say(Word::NoImages)}</h2>
            <p>{tongue.say(Word::NoImagesHow)}</p>
            <button type="button" class="button main" data-testid="pull-suggested"
                on:click=move |_| shelf.pull(&suggestion())>
                {move || Word::PullSuggested.with(tongue.lang(), &[&suggestion()])}
            </button>
        </section>
    }
}
