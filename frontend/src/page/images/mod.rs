//! The images on this server, and the box that pulls another.

mod card;
mod chosen;
mod layer_row;
mod loads;
mod outlook;
mod pull;
mod push;
mod requests;
mod search;
mod shelf;

use leptos::prelude::*;

use super::{
    bar::use_bar,
    dialogs::use_dialogs,
    list::{Listing, Loading, NoMatch, NotListed},
    tongue::use_tongue,
};
use crate::{address::Place, shelf::rows, words::Word};
use card::Card;
use chosen::{Chosen, ChosenBar};
pub use loads::Loads;
use loads::{LoadButton, LoadList, drop_handlers, use_loads};
#[cfg(feature = "whole")]
pub use outlook::{frees, parts, removal};
use pull::PullBox;
pub use pull::explain;
pub use push::Push;
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
    let (chosen, loads, dialogs) = (Chosen::start(), use_loads(), use_dialogs());
    Effect::new(move |_| {
        let cards = shelf.cards();
        let there: Vec<String> = rows(&cards, "").iter().map(|row| row.handle()).collect();
        chosen.keep(|name| there.iter().any(|other| other == name));
    });
    let all = move || shown.with(|rows| rows.iter().all(|row| chosen.has(&row.handle())));
    let choose_all = move |on: bool| {
        shown.with_untracked(|rows| rows.iter().for_each(|row| chosen.set(&row.handle(), on)))
    };
    let over = RwSignal::new(false);
    let (hover, dropped) = drop_handlers(loads, over);
    let list = move || {
        view! {
            <div class="shelf" role="table" aria-label=tongue.say(Word::ImagesHere) data-testid="images">
                <div class="shelf-head" role="row">
                    <span role="columnheader" class="pick"><input type="checkbox" data-testid="choose-all" aria-label=tongue.say(Word::SelectAll)
                        prop:checked=all on:change:target=move |event| choose_all(event.target().checked())/></span>
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
        <div class="images-page" class:over=over on:dragover=hover on:drop=dropped on:dragleave=move |_| over.set(false)
            data-drop=tongue.say(Word::LoadDropHere) data-testid="images-page">
            <PullBox/>
            <p class="begin">
                <LoadButton/>
                <span class="spring"></span>
                <a class="quiet" href="/sharing" data-testid="sharing-open">{tongue.say(Word::SharingOpen)}</a>
                <button type="button" class="quiet" data-testid="logins-open" on:click=move |_| dialogs.login.set(Some(String::new()))>{tongue.say(Word::Logins)}</button>
            </p>
            <LoadList/>
            <header class="shelf-bar">
                <h1>{tongue.say(Word::ImagesHere)}</h1>
                <input id="filter" type="search" class="field" data-testid="filter-images" autocomplete="off" spellcheck="false"
                    placeholder=tongue.say(Word::FilterImages) aria-label=tongue.say(Word::FilterImages) prop:value=filter
                    on:input:target=move |event| bar.stay(Place::Images { filter: event.target().value() })/>
            </header>
            <ChosenBar/>
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
