//! The repositories of a registry.

use std::sync::Arc;

use leptos::{ev, prelude::*};

use super::{state::use_counter, trouble::Trouble, window::Window};
use crate::{
    address::{Place, Registry},
    names,
    page::tongue::use_tongue,
    words::Talk,
};

/// The list of repositories, or a box for a name where the registry gives none.
#[component]
pub fn Repositories() -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let list = counter.repositories;
    let typed = RwSignal::new(String::new());
    let shown = Memo::new(move |_| {
        let typed = typed.get().to_lowercase();
        list.with(|list| match typed.is_empty() {
            true => list.names.clone(),
            false => Arc::new(list.names.iter().filter(|name| name.contains(&typed)).cloned().collect()),
        })
    });
    let missing = Memo::new(move |_| list.with(|list| list.missing.clone()));
    let any = Memo::new(move |_| list.with(|list| !list.names.is_empty()));
    let is_empty = move || list.with(|list| list.whole && list.missing.is_none() && list.names.is_empty());
    let is_loading = move || list.with(|list| !list.whole && list.names.is_empty());
    let chosen = Memo::new(move |_| counter.place.with(|place| place.repository.clone()));
    let row = move |at: usize, name: String| {
        let host = counter.host.get_untracked();
        let to = Place::Registry(Box::new(Registry::repository(&host, &name))).print();
        let label = names::text(&name).into_owned();
        let title = label.clone();
        let current = move || (chosen.get().as_ref() == Some(&name)).then_some("true");
        view! { <a id=format!("repositories-{at}") class="repository" href=to aria-current=current data-testid="repository" title=title>{label}</a> }
    };
    view! {
        <section class="registry-pane repositories-pane" aria-label=tongue.say(Talk::Repositories)>
            <header class="pane-head">
                <h2>{tongue.say(Talk::Repositories)}</h2>
                <span class="spring"></span>
                {move || any.get().then(|| view! {
                    <input type="search" class="field" data-testid="filter-repositories" autocomplete="off" spellcheck="false"
                        placeholder=tongue.say(Talk::RepositoriesFilter) aria-label=tongue.say(Talk::RepositoriesFilter)
                        prop:value=typed on:input:target=move |event| typed.set(event.target().value())/>
                })}
            </header>
            {move || missing.get().map(|missing| view! { <Trouble missing/> })}
            {move || missing.get().is_some().then(|| view! { <ByName/> })}
            {move || is_loading().then(|| view! { <div class="pad" aria-busy="true">{[70, 50, 60].map(|width| view! { <p class="ghost-row"><span class="skeleton" style=format!("width:{width}%")></span></p> })}</div> })}
            {move || is_empty().then(|| match counter.is_own() {
                true => view! { <NothingPushed/> }.into_any(),
                false => view! { <p class="pad faint" data-testid="no-repositories">{tongue.say(Talk::RepositoriesNoneThere)}</p><ByName/> }.into_any(),
            })}
            {move || any.get().then(|| view! { <Window id="repositories" label=Signal::derive(move || tongue.say(Talk::Repositories)().to_owned()) names=shown chosen row/> })}
        </section>
    }
}

/// A repository by its name.
#[component]
fn ByName() -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let typed =
        RwSignal::new(counter.place.with_untracked(|place| place.repository.clone().unwrap_or_default()));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let host = counter.host.get_untracked();
        let name = typed.get_untracked();
        let name = name.trim();
        // Docker Hub's official images have a first part that nobody types.
        let name = if host == "docker.io" && !name.contains('/') {
            format!("library/{name}")
        } else {
            name.to_owned()
        };
        if let Some(place) = Registry::typed(&format!("{host}/{name}")) {
            counter.go(place);
        }
    };
    view! {
        <form class="by-name" on:submit=submit>
            <input class="field mono" type="text" data-testid="repository-name" autocomplete="off" autocapitalize="off" spellcheck="false"
                aria-label=tongue.say(Talk::RepositoryName) placeholder=tongue.say(Talk::RepositoryName)
                prop:value=typed on:input:target=move |event| typed.set(event.target().value())/>
            <button type="submit" class="button" data-testid="repository-open" disabled=move || typed.with(|typed| typed.trim().is_empty())>{tongue.say(Talk::RepositoryOpen)}</button>
        </form>
    }
}

/// This server's registry is empty: what fills it.
#[component]
fn NothingPushed() -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let own = counter.own();
    view! {
        <div class="registry-trouble" data-testid="nothing-pushed">
            <p><b>{tongue.say(Talk::RepositoriesNone)}</b></p>
            <p>{tongue.say(Talk::RepositoriesNoneHow)}</p>
            <pre class="command">{format!("docker tag demo {own}/demo\ndocker push {own}/demo")}</pre>
        </div>
    }
}
