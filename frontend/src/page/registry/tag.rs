//! A tag: what it is, what can be done with it, what it is made of.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use strata_api::registry::TagDetail;

use super::{
    commands::Commands,
    parts::{Images, Referrers},
    remove::Remove,
    state::{Counter, Missing, use_counter},
    tags::chosen,
    transfer::{PullButton, Requests, Transfer},
    trouble::Trouble,
};
use crate::{
    address::{Place, Registry, View},
    moments, names,
    page::{
        dom,
        marks::{CopyButton, Size},
        tongue::use_tongue,
    },
    registry::kind,
    words::{Talk, Word},
};

/// What is known of the tag that is looked at.
#[derive(Clone, PartialEq)]
enum Known {
    Waiting,
    Told(Arc<TagDetail>),
    Missing(Missing),
}

/// The pane; empty without a tag.
#[component]
pub fn TagPane() -> impl IntoView {
    let counter = use_counter();
    let which = Memo::new(move |_| chosen(counter));
    move || which.get().map(|(host, repository, tag)| view! { <Shown host repository tag/> })
}

#[component]
fn Shown(host: String, repository: String, tag: String) -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let known = RwSignal::new(Known::Waiting);
    let transfer = Transfer::start();
    let reference = Counter::reference(&host, &repository, &tag);
    let load = {
        let reference = reference.clone();
        move || {
            let reference = reference.clone();
            spawn_local(async move {
                let answer = counter.detail(&reference).await;
                let _ = known.try_set(match answer {
                    Ok(detail) => Known::Told(Arc::new(detail)),
                    Err(missing) => Known::Missing(missing),
                });
            });
        }
    };
    load();
    let back = Place::Registry(Box::new(Registry::repository(&host, &repository))).print();
    let title = format!("{repository}{}{tag}", if tag.contains(':') { "@" } else { ":" });
    let title = names::text(&names::middle(&title, 48)).into_owned();
    let (label, named) = (title.clone(), reference.clone());
    let asked = Signal::stored(reference.clone());
    let body = move || {
        match known.get() {
        Known::Waiting => view! {
            <div class="pad" aria-busy="true">{[60, 40, 70, 52].map(|width| view! { <p class="ghost-row"><span class="skeleton" style=format!("width:{width}%")></span></p> })}</div>
        }
        .into_any(),
        Known::Missing(missing) => view! { <Trouble missing/> }.into_any(),
        Known::Told(detail) => view! { <Told detail reference=asked transfer again=load.clone()/> }.into_any(),
    }
    };
    view! {
        <section class="registry-pane tag-pane" aria-label=label data-testid="tag" data-reference=named>
            <header class="pane-head">
                <h2 class="pane-title" title=reference>{title}</h2>
                <span class="spring"></span>
                <a class="quiet" href=back data-testid="tag-close">{tongue.say(Talk::TagClose)}</a>
            </header>
            <div class="tag-body">{body}</div>
        </section>
    }
}

#[component]
fn Told(
    detail: Arc<TagDetail>,
    reference: Signal<String>,
    transfer: Transfer,
    again: impl Fn() + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let (tongue, counter) = (use_tongue(), use_counter());
    let facts = detail.facts.clone();
    let created = facts.created.as_deref().and_then(moments::parse);
    let age = move || created.map(|then| moments::age(then, dom::clock(), tongue.lang()));
    let stamp = created.map(moments::stamp).map(|stamp| format!("{stamp} UTC"));
    let digest = facts.digest.to_string();
    let here = facts.here.clone();
    let explorer = here.as_ref().map(|name| Place::Image(Box::new(View::of(name))).print());
    let look = (facts.artifact_type.is_none() && here.is_none())
        .then(|| Place::Image(Box::new(View::outside(&reference.get_untracked()))).print());
    let media = names::text(&facts.media_type).into_owned();
    let artifact = facts.artifact_type.clone().map(|kind| names::text(&kind).into_owned());
    let pullable = artifact.is_none();
    view! {
        <dl class="tag-facts">
            <div><dt>{tongue.say(Talk::FactDigest)}</dt><dd><code title=digest.clone() data-testid="tag-digest">{names::middle(&digest, 30).into_owned()}</code>
                <CopyButton text=Signal::stored(digest) label=Word::Copy testid="copy-digest"/></dd></div>
            <div><dt>{tongue.say(Word::ColumnSize)}</dt><dd><Size bytes=facts.size/>" "<span class="faint">{tongue.say(Talk::FactSize)}</span></dd></div>
            {created.map(|_| view! { <div><dt>{tongue.say(Talk::FactCreated)}</dt><dd title=stamp>{age}</dd></div> })}
            <div><dt>{tongue.say(Talk::FactMedia)}</dt><dd title=media.clone()>{names::text(kind(&media)).into_owned()}</dd></div>
            {artifact.map(|artifact| view! { <div><dt>{tongue.say(Talk::FactArtifact)}</dt><dd>{artifact}</dd></div> })}
        </dl>
        {here.map(|name| view! { <p class="pad right" data-testid="tag-here">{tongue.with(Talk::HereAs, [names::text(&name).into_owned()])}</p> })}
        <div class="tag-deeds">
            {explorer.map(|to| view! { <a class="button main" href=to data-testid="tag-explore">{tongue.say(Talk::Explore)}</a> })}
            {look.map(|to| view! { <a class="button" href=to data-testid="tag-look" title=tongue.with(Word::LookInsideOf, [names::text(&reference.get_untracked()).into_owned()])>{tongue.say(Word::LookInside)}</a> })}
            {pullable.then(|| view! { <PullButton transfer reference here=facts.here.is_some() done=again.clone()/> })}
            {untrack(|| counter.is_own()).then(|| view! { <Remove reference/> })}
            <Requests transfer/>
        </div>
        <Commands reference facts=detail.facts.clone()/>
        <Images detail=detail.clone()/>
        <Referrers referrers=detail.referrers.clone()/>
    }
}
