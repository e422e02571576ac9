//! Registries: this server's own and any other, looked into without pulling.

mod commands;
mod layers;
mod parts;
mod remove;
mod repositories;
mod state;
mod tag;
mod tags;
mod transfer;
mod trouble;
mod window;

use leptos::{ev, prelude::*};

use super::{bar::use_bar, dialogs::use_dialogs, tongue::use_tongue};
use crate::{
    address::{Place, Registry},
    words::{Talk, Word},
};
use repositories::Repositories;
use state::{Counter, use_counter};
use tag::TagPane;
use tags::Tags;

/// The page at `/registry`.
#[component]
pub fn RegistryPage() -> impl IntoView {
    let counter = Counter::start();
    // On a narrow screen the deepest of the three panes is the one that is seen.
    let depth = move || {
        counter.place.with(|place| match (&place.repository, &place.tag) {
            (None, _) => "depth-0",
            (_, None) => "depth-1",
            _ => "depth-2",
        })
    };
    view! {
        <div class=move || format!("registry-page {}", depth()) data-testid="registry">
            <Head/>
            <div class="registry-panes">
                <Repositories/>
                <Tags/>
                <TagPane/>
            </div>
        </div>
    }
}

/// The box that takes any registry, and those that are known.
#[component]
fn Head() -> impl IntoView {
    let (tongue, counter, bar, dialogs) = (use_tongue(), use_counter(), use_bar(), use_dialogs());
    let typed = RwSignal::new(String::new());
    let wrong = RwSignal::new(false);
    // The box says where the page is, until somebody types.
    Effect::new(move |_| {
        let place = counter.place.get();
        let host = counter.host.get();
        typed.set(match (&place.repository, &place.tag) {
            (Some(repository), Some(tag)) => Counter::reference(&host, repository, tag),
            (Some(repository), None) => format!("{host}/{repository}"),
            _ => host,
        });
        wrong.set(false);
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        match Registry::typed(&typed.get_untracked()) {
            Some(place) => counter.go(place),
            None => wrong.set(true),
        }
    };
    let chip = move |host: String, label: Option<Talk>| {
        let to = if label.is_some() { Registry::default() } else { Registry::of(&host) };
        let address = Place::Registry(Box::new(to)).print();
        let (name, at) = (host.clone(), host.clone());
        let current = move || counter.host.with(|now| *now == name).then_some("true");
        view! {
            <a class="chip" href=address aria-current=current data-testid="registry-host" data-host=at>
                {match label {
                    Some(label) => view! { {tongue.say(label)} }.into_any(),
                    None => view! { {host} }.into_any(),
                }}
            </a>
        }
    };
    let login = move |_| dialogs.login.set(Some(counter.host.get_untracked()));
    let theatre = move || matches!(bar.place(), Place::Theatre { .. }).then_some("page");
    view! {
        <header class="registry-head">
            <h1>{tongue.say(Talk::RegistryTitle)}</h1>
            <form class="registry-form" on:submit=submit data-testid="registry-form">
                <input id="registry-place" class="field mono" type="text" data-testid="registry-place" autocomplete="off" autocapitalize="off" spellcheck="false"
                    aria-label=tongue.say(Talk::RegistryPlace) placeholder=tongue.say(Talk::RegistryHint) title=tongue.say(Talk::RegistryHint)
                    aria-invalid=move || wrong.get().to_string()
                    prop:value=typed on:input:target=move |event| { typed.set(event.target().value()); wrong.set(false); }/>
                <button type="submit" class="button" data-testid="registry-go">{tongue.say(Talk::RegistryGo)}</button>
            </form>
            <nav class="registry-hosts" aria-label=tongue.say(Talk::RegistryKnown)>
                {chip(counter.own(), Some(Talk::RegistryOwn))}
                {move || counter.hosts().into_iter().map(|host| chip(host, None)).collect_view()}
            </nav>
            <span class="spring"></span>
            <button type="button" class="quiet" data-testid="registry-login" on:click=login>{tongue.say(Word::LogInTo)}</button>
            <a class="quiet" href="/registry/theatre" aria-current=theatre data-testid="to-theatre">{tongue.say(Talk::TheatreLink)}</a>
            {move || wrong.get().then(|| view! { <p class="wrong" role="alert" data-testid="registry-wrong">{tongue.say(Talk::RegistryTypedWrong)}</p> })}
        </header>
    }
}
