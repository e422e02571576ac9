//! What a page that lists things shows: its rows, or why there are none.

use leptos::prelude::*;

use super::{api::Failure, bar::use_bar, marks::Wrong, tongue::use_tongue};
use crate::{address::Place, names, words::Word};

/// What there is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Not known yet.
    Loading,
    /// There is nothing.
    Empty,
    /// There is something, and the filter leaves nothing of it.
    NoMatch,
    /// Rows.
    Rows,
}

impl Listing {
    /// Of a list that is loaded or not, of which there is `any`, and any that is `shown`.
    pub fn of(loaded: bool, any: bool, shown: bool) -> Self {
        match (loaded, any, shown) {
            (false, ..) => Self::Loading,
            (_, false, _) => Self::Empty,
            (.., false) => Self::NoMatch,
            _ => Self::Rows,
        }
    }
}

/// The shape of rows that are on their way.
#[component]
pub fn Loading() -> impl IntoView {
    let row = |width: u32| view! { <div class="shelf-row"><span class="skeleton" style=format!("width:{width}%")></span></div> };
    view! { <div class="shelf" aria-busy="true">{[34, 22, 41, 28].map(row)}</div> }
}

/// The filter leaves nothing; `all` is the page without it.
#[component]
pub fn NoMatch(filter: String, all: Place) -> impl IntoView {
    let (tongue, bar) = (use_tongue(), use_bar());
    view! {
        <section class="notice" data-testid="no-match">
            <p>{tongue.with(Word::NoMatch, [names::text(&filter).into_owned()])}</p>
            <button type="button" class="button" on:click=move |_| bar.go(all.clone())>{tongue.say(Word::ClearFilter)}</button>
        </section>
    }
}

/// Why the list couldn't be asked for, and a button that asks again.
#[component]
pub fn NotListed(failure: Failure, again: impl Fn() + 'static) -> impl IntoView {
    let tongue = use_tongue();
    let text = Signal::derive(move || failure.say(tongue.lang()));
    view! {
        <Wrong text/>
        <button type="button" class="button" on:click=move |_| again()>{tongue.say(Word::TryAgain)}</button>
    }
}
