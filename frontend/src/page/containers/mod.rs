//! The containers on this server.

mod row;
mod run;
mod yard;

use leptos::prelude::*;

use super::{
    bar::use_bar,
    dialogs::use_dialogs,
    images::use_shelf,
    list::{Listing, Loading, NoMatch, NotListed},
    tongue::use_tongue,
};
use crate::{address::Place, containers, names, shelf, words::Word};
use row::Row;
pub use row::{DeedButton, Remove, state_word};
pub use run::Run;
pub use yard::{Yard, use_yard};

/// The page at `/containers`.
#[component]
pub fn ContainersPage() -> impl IntoView {
    let (tongue, bar, yard, dialogs) = (use_tongue(), use_bar(), use_yard(), use_dialogs());
    yard.measure();
    let filter = Memo::new(move |_| match bar.place() {
        Place::Containers { filter } => filter,
        _ => String::new(),
    });
    let shown = Memo::new(move |_| {
        let all = yard.list();
        filter.with(|filter| containers::find(&all, filter))
    });
    let listing = Memo::new(move |_| {
        Listing::of(yard.is_loaded(), !yard.list().is_empty(), !shown.with(Vec::is_empty))
    });
    let columns = [
        Word::ColumnName,
        Word::ColumnImage,
        Word::ColumnCommand,
        Word::ColumnStatus,
        Word::ColumnPorts,
        Word::ColumnCpu,
        Word::ColumnMemory,
    ];
    let list = move || {
        view! {
            <div class="shelf yard" role="table" aria-label=tongue.say(Word::ContainersHere) data-testid="containers">
                <div class="shelf-head yard-head" role="row">
                    {columns.map(|word| view! { <span role="columnheader">{tongue.say(word)}</span> })}
                    <span role="columnheader"><span class="unseen">{tongue.say(Word::ColumnActions)}</span></span>
                </div>
                <For each=move || shown.with(|shown| shown.iter().map(|one| one.id.clone()).collect::<Vec<_>>()) key=String::clone let:id>
                    <Row id/>
                </For>
            </div>
        }
    };
    view! {
        <div class="images-page wide">
            <header class="shelf-bar">
                <h1>{tongue.say(Word::ContainersHere)}</h1>
                <span class="spring"></span>
                <input id="filter" type="search" class="field" data-testid="filter-containers" autocomplete="off" spellcheck="false"
                    placeholder=tongue.say(Word::FilterContainers) aria-label=tongue.say(Word::FilterContainers) prop:value=filter
                    on:input:target=move |event| bar.stay(Place::Containers { filter: event.target().value() })/>
                {move || matches!(listing.get(), Listing::Rows | Listing::NoMatch).then(|| view! {
                    <button type="button" class="button main" data-testid="run-open" on:click=move |_| dialogs.open_run("")>{tongue.say(Word::RunContainer)}</button>
                })}
            </header>
            {move || yard.failure().map(|failure| view! { <NotListed failure again=move || yard.refresh()/> })}
            {move || match listing.get() {
                Listing::Loading if yard.failure().is_some() => ().into_any(),
                Listing::Loading => view! { <Loading/> }.into_any(),
                Listing::Empty => view! { <Empty/> }.into_any(),
                Listing::NoMatch => view! { <NoMatch filter=filter.get() all=Place::Containers { filter: String::new() }/> }.into_any(),
                Listing::Rows => list().into_any(),
            }}
        </div>
    }
}

/// What a container is, and one button that runs one.
#[component]
fn Empty() -> impl IntoView {
    let (tongue, shelf, dialogs) = (use_tongue(), use_shelf(), use_dialogs());
    let image = Memo::new(move |_| shelf::rows(&shelf.cards(), "").first().map(shelf::Row::handle));
    view! {
        <section class="notice empty" data-testid="no-containers">
            <span class="logo large" aria-hidden="true"><i class="writable"></i><i></i><i></i></span>
            <h2>{tongue.say(Word::NoContainers)}</h2>
            <p>{tongue.say(Word::NoContainersHow)}</p>
            {move || match image.get() {
                Some(image) => {
                    let says = tongue.with(Word::RunOf, [names::text(&image).into_owned()]);
                    view! {
                        <button type="button" class="button main" data-testid="run-open" on:click=move |_| dialogs.open_run(&image)>{says}</button>
                    }.into_any()
                }
                None => view! { <a class="button main" href="/">{tongue.say(Word::PullAn)}</a> }.into_any(),
            }}
        </section>
    }
}
