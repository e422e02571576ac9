//! What registries have under a word.

use leptos::prelude::*;

use super::{shelf::Asked, use_shelf};
use crate::{
    address::{Place, View},
    figures::grouped,
    names,
    page::{dom, tongue::use_tongue},
    searching::{Found as Repository, pull_name},
    words::Word,
};

/// The last search, if there was one.
#[component]
pub fn Found() -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    move || {
        shelf.found().map(|search| {
            let typed = names::text(&search.typed).into_owned();
            view! {
                <div class="progress found" data-testid="search-results">
                    <div class="progress-head"><span>{tongue.with(Word::SearchFound, [typed.clone()])}</span><span class="spring"></span>
                        <button type="button" class="quiet" data-testid="search-close" on:click=move |_| shelf.end_search()>{tongue.say(Word::Close)}</button></div>
                    {search.asked.into_iter().map(|asked| view! { <Registry asked typed=typed.clone()/> }).collect_view()}
                </div>
            }
        })
    }
}

#[component]
fn Registry(asked: Asked, typed: String) -> impl IntoView {
    let tongue = use_tongue();
    let (registry, at) = (asked.registry.clone(), asked.registry.clone());
    let own =
        (registry == dom::host()).then(|| view! { <span class="faint">{tongue.say(Word::LoginOwn)}</span> });
    let (count, rows) = match asked.answer {
        None => (None, view! { <p class="pad faint" aria-busy="true">{tongue.say(Word::SearchAsking)}</p> }.into_any()),
        Some(Err(failure)) => (None, view! {
            <p class="pad faint" role="status" data-testid="search-failed">{move || Word::SearchFailed.with(tongue.lang(), &[&failure.say(tongue.lang())])}</p>
        }.into_any()),
        Some(Ok(found)) if found.is_empty() => {
            (None, view! { <p class="pad faint" role="status" data-testid="search-nothing">{tongue.with(Word::SearchNothing, [typed])}</p> }.into_any())
        }
        Some(Ok(found)) => (Some(found.len()), view! {
            <ul>{found.into_iter().map(|repository| view! { <Row repository registry=registry.clone()/> }).collect_view()}</ul>
        }.into_any()),
    };
    view! {
        <section data-testid="search-place" data-registry=at>
            <h3><code>{asked.registry}</code>{own}<span class="faint">{count}</span></h3>
            {rows}
        </section>
    }
}

#[component]
fn Row(repository: Repository, registry: String) -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    let name = pull_name(&registry, &repository.name);
    let look = Place::Image(Box::new(View::outside(&name))).print();
    let (shown, pulled) = (names::text(&name).into_owned(), name.clone());
    let stars = grouped(u64::try_from(repository.star_count).unwrap_or(0));
    let starred = repository.star_count > 0;
    let mark = move |on: bool, word: Word, testid: &'static str| {
        on.then(|| view! { <span class="word-mark" data-testid=testid>{tongue.say(word)}</span> })
    };
    view! {
        <li class="found-row" data-testid="found" data-name=pulled>
            <span class="found-name"><b>{names::text(&repository.name).into_owned()}</b>
                {mark(repository.is_official, Word::SearchOfficial, "found-official")}
                {mark(repository.is_automated, Word::SearchAutomated, "found-automated")}</span>
            <span class="found-about faint" title=repository.description.clone()>{names::text(&repository.description).into_owned()}</span>
            <span class="found-stars">{starred.then(|| view! { <span data-testid="found-stars" aria-label=tongue.with(Word::SearchStars, [stars.clone()])>"★ "{stars.clone()}</span> })}</span>
            <a class="button" data-testid="found-look" href=look aria-label=tongue.with(Word::LookInsideOf, [shown.clone()])>{tongue.say(Word::LookInside)}</a>
            <button type="button" class="button" data-testid="found-pull" aria-label=tongue.with(Word::PullSuggested, [shown])
                on:click=move |_| shelf.pull(&name)>{tongue.say(Word::Pull)}</button>
        </li>
    }
}
