//! The images on this server, and the box that pulls another.

mod card;
mod pull;
mod shelf;

use leptos::prelude::*;

use super::{bar::use_bar, marks::Wrong, tongue::use_tongue};
use crate::{address::Place, names, shelf::rows, words::Word};
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
    let state =
        Memo::new(move |_| match (shelf.is_loaded(), shelf.cards().is_empty(), shown.with(Vec::is_empty)) {
            (false, ..) => State::Loading,
            (_, true, _) => State::Empty,
            (_, _, true) => State::NoMatch,
            _ => State::List,
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
            {move || shelf.failure().map(|failure| {
                let text = Signal::derive(move || failure.say(tongue.lang()));
                view! {
                    <Wrong text/>
                    <button type="button" class="button" on:click=move |_| shelf.refresh()>{tongue.say(Word::TryAgain)}</button>
                }
            })}
            {move || match state.get() {
                State::Loading => view! { <Skeleton/> }.into_any(),
                State::Empty => view! { <NoImages/> }.into_any(),
                State::NoMatch => view! { <NoMatch filter=filter.get()/> }.into_any(),
                State::List => list().into_any(),
            }}
        </div>
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Loading,
    Empty,
    NoMatch,
    List,
}

#[component]
fn Skeleton() -> impl IntoView {
    let row = |width: u32| view! { <div class="shelf-row"><span class="skeleton" style=format!("width:{width}%")></span></div> };
    view! { <div class="shelf" aria-busy="true">{[34, 22, 41, 28].map(row)}</div> }
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

#[component]
fn NoMatch(filter: String) -> impl IntoView {
    let (tongue, bar) = (use_tongue(), use_bar());
    view! {
        <section class="notice" data-testid="no-match">
            <p>{tongue.with(Word::NoMatch, [names::text(&filter).into_owned()])}</p>
            <button type="button" class="button" on:click=move |_| bar.go(Place::Images { filter: String::new() })>
                {tongue.say(Word::ClearFilter)}
            </button>
        </section>
    }
}
