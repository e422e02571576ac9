//! The tags of a repository; what a row says beyond the name is asked for when it is seen.

use std::sync::Arc;

use leptos::prelude::*;
use strata_api::registry::TagFacts;

use super::{
    state::{Counter, Fact, Missing, use_counter},
    trouble::Trouble,
    window::Window,
};
use crate::{
    address::{Place, Registry},
    moments, names,
    page::{dom, marks::Size, tongue::use_tongue},
    registry::{advice, belongs, kind, platforms},
    words::Talk,
};

/// Platforms that are named in a row.
const PLATFORMS: usize = 3;

/// The list of tags.
#[component]
pub fn Tags() -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let list = counter.tags;
    let repository = Memo::new(move |_| counter.place.with(|place| place.repository.clone()));
    let filter = Memo::new(move |_| counter.place.with(|place| place.filter.clone()));
    let shown = Memo::new(move |_| {
        let typed = filter.get().to_lowercase();
        list.with(|list| match typed.is_empty() {
            true => list.names.clone(),
            false => Arc::new(
                list.names.iter().filter(|name| name.to_lowercase().contains(&typed)).cloned().collect(),
            ),
        })
    });
    let any = Memo::new(move |_| list.with(|list| !list.names.is_empty()));
    let missing = Memo::new(move |_| list.with(|list| list.missing.clone()));
    let count = move || {
        let lang = tongue.lang();
        let (all, shown) = (list.with(|list| list.names.len()), shown.with(|shown| shown.len()));
        let number = |count: usize| crate::figures::grouped(count as u64);
        match (list.with(|list| list.whole), shown == all) {
            (false, _) => Talk::TagsLoading.with(lang, &[&number(all)]),
            (true, true) if all == 1 => Talk::TagsCountOne.with(lang, &[&number(all)]),
            (true, true) => Talk::TagsCount.with(lang, &[&number(all)]),
            (true, false) => Talk::TagsCountSome.with(lang, &[&number(shown), &number(all)]),
        }
    };
    let chosen = Memo::new(move |_| counter.place.with(|place| place.tag.clone()));
    let whole = move || list.with(|list| list.whole && list.missing.is_none());
    // Rows belong to one repository: with another all are made anew.
    let rows = move || {
        repository.get();
        any.get().then(|| {
            view! { <Window id="tags" label=Signal::derive(move || tongue.say(Talk::Tags)().to_owned()) names=shown chosen row=move |at, tag| view! { <Row at tag/> }/> }
        })
    };
    view! {
        <section class="registry-pane tags-pane" aria-label=tongue.say(Talk::Tags)>
            <header class="pane-head">
                {move || repository.get().map(|_| {
                    let to = Place::Registry(Box::new(Registry { repository: None, tag: None, filter: String::new(), ..counter.place.get() })).print();
                    view! { <a class="quiet back" href=to data-testid="tags-back">{tongue.say(Talk::Repositories)}</a> }
                })}
                <h2 class="pane-title">{move || repository.get().map_or_else(|| tongue.say(Talk::Tags)().to_owned(), |name| names::text(&name).into_owned())}</h2>
                {move || any.get().then(|| view! { <span class="faint" role="status" data-testid="tag-count">{count}</span> })}
                <span class="spring"></span>
                {move || any.get().then(|| view! {
                    <input id="filter" type="search" class="field" data-testid="filter-tags" autocomplete="off" spellcheck="false"
                        placeholder=tongue.say(Talk::TagsFilter) aria-label=tongue.say(Talk::TagsFilter)
                        prop:value=filter on:input:target=move |event| counter.filter(event.target().value())/>
                })}
            </header>
            {move || repository.get().is_none().then(|| view! { <p class="pad faint">{tongue.say(Talk::RepositoryChoose)}</p> })}
            {move || missing.get().filter(|_| repository.get().is_some()).map(|missing| view! { <Trouble missing/> })}
            {move || (repository.get().is_some() && !any.get() && !list.with(|list| list.whole)).then(|| view! {
                <div class="pad" aria-busy="true">{[40, 30, 36, 28].map(|width| view! { <p class="ghost-row"><span class="skeleton" style=format!("width:{width}%")></span></p> })}</div>
            })}
            {move || (repository.get().is_some() && whole() && !any.get()).then(|| view! { <p class="pad faint" data-testid="no-tags">{tongue.say(Talk::TagsNone)}</p> })}
            {move || any.get().then(|| view! {
                <div class="tag-row tag-head" aria-hidden="true">
                    {[Talk::ColumnTag, Talk::ColumnSize, Talk::ColumnAge, Talk::ColumnPlatforms, Talk::ColumnKind, Talk::ColumnDigest].map(|word| view! { <span>{tongue.say(word)}</span> })}
                </div>
            })}
            {rows}
            {move || (any.get() && shown.with(|shown| shown.is_empty())).then(|| view! { <p class="pad faint" data-testid="no-match">{tongue.say(Talk::TagsNoMatch)}</p> })}
        </section>
    }
}

#[component]
fn Row(at: usize, tag: String) -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let place = counter.place.get_untracked();
    let host = counter.host.get_untracked();
    let repository = place.repository.unwrap_or_default();
    let to = Place::Registry(Box::new(Registry {
        filter: place.filter,
        ..Registry::tag(&host, &repository, &tag)
    }))
    .print();
    // What holds signatures is no image, and nobody needs to be asked what it is.
    let apart = belongs(&tag);
    let fact = (!apart).then(|| counter.want(&tag));
    {
        let tag = tag.clone();
        on_cleanup(move || counter.leave(&tag));
    }
    let name = names::text(&tag).into_owned();
    let current = {
        let tag = tag.clone();
        move || counter.place.with(|place| place.tag.as_ref() == Some(&tag)).then_some("true")
    };
    let cells = move || match &fact {
        None => view! { <span class="tag-said faint">{tongue.say(Talk::TagOf)}</span> }.into_any(),
        Some(fact) => match fact.get() {
            Fact::Waiting => {
                view! { <span class="tag-said"><span class="skeleton"></span></span> }.into_any()
            }
            Fact::Known(facts) => view! { <Cells facts/> }.into_any(),
            Fact::Missing(missing) => view! { <Unknown missing/> }.into_any(),
        },
    };
    view! {
        <a id=format!("tags-{at}") class="tag-row" href=to aria-current=current data-testid="tag-row" data-tag=tag>
            <span class="tag-name" title=name.clone()>{name.clone()}</span>
            {cells}
        </a>
    }
}

#[component]
fn Cells(facts: Arc<TagFacts>) -> impl IntoView {
    let tongue = use_tongue();
    let created = facts.created.as_deref().and_then(moments::parse);
    let age = move || created.map(|then| moments::age(then, dom::clock(), tongue.lang()));
    let title = created.map(moments::stamp).map(|stamp| format!("{stamp} UTC"));
    let (named, more) = platforms(&facts.platforms, PLATFORMS);
    let all = facts.platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let named = named.iter().map(|name| names::text(name).into_owned()).collect::<Vec<_>>().join(" ");
    let what = facts.artifact_type.clone().unwrap_or_else(|| facts.media_type.clone());
    let short = names::text(kind(&what)).into_owned();
    let here = facts.here.clone().map(|name| names::text(&name).into_owned());
    view! {
        <span class="tag-size"><Size bytes=facts.size/></span>
        <span class="tag-age faint" title=title>{age}</span>
        <span class="tag-platforms" title=names::text(&all).into_owned()>{named}{(more > 0).then(|| view! { <span class="faint">{format!(" +{more}")}</span> })}</span>
        <span class="tag-kind faint" title=names::text(&what).into_owned()>{short}</span>
        <span class="tag-digest"><code class="faint">{facts.digest.short().to_owned()}</code>
            {here.map(|name| view! { <span class="here" title=tongue.with(Talk::HereAs, [name])>{tongue.say(Talk::HereMark)}</span> })}</span>
    }
}

/// A tag that the registry doesn't tell of.
#[component]
fn Unknown(missing: Missing) -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let host = counter.host.get_untracked();
    let (says, whole) = match missing {
        Missing::Failure(failure) => {
            let whole = failure.clone();
            (
                Signal::derive(move || failure.say(tongue.lang())),
                Signal::derive(move || whole.say(tongue.lang())),
            )
        }
        Missing::Trouble(trouble) => {
            let (title, _) = advice(trouble.kind);
            let message = names::text(&trouble.message).into_owned();
            (Signal::derive(move || title.with(tongue.lang(), &[&host])), Signal::stored(message))
        }
    };
    view! { <span class="tag-said wrong" title=whole>{says}</span> }
}

/// The name by which docker knows the tag that is looked at, tracked.
pub fn chosen(counter: Counter) -> Option<(String, String, String)> {
    let place = counter.place.get();
    Some((counter.host.get(), place.repository?, place.tag?))
}
