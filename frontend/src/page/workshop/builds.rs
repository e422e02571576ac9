//! Builds that were: what they were made from, what changed between two, and their steps.

use std::sync::Arc;

use leptos::prelude::*;
use strata_api::{
    path,
    workshop::{BuildCard, BuildDetail, BuildState},
};

use super::{
    state::{Bench, use_bench},
    travel::Travel,
};
use crate::{
    diff::{self, Fate},
    figures::Size,
    hues, moments, names,
    page::{dom, marks::Size, tongue::use_tongue},
    words::{Craft, Lang},
    workshop::{
        building::{Build, Step},
        changes::{Changes, FileChange, between},
        foresight::took,
    },
};

/// The panel: the list, or one build, or one step of it.
#[component]
pub fn BuildsPanel() -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let chosen = Memo::new(move |_| bench.view.with(|view| view.build.clone()));
    Effect::new(move |_| {
        let wanted = bench.view.with(|view| [view.build.clone(), view.since.clone()]);
        // What runs has another story each time.
        wanted.into_iter().flatten().for_each(|id| bench.want_build(&id));
        if let Some(before) = chosen.get().and_then(|id| bench_before(bench, &id)) {
            bench.want_build(&before);
        }
    });
    bench.refresh_clients();
    move || {
        match (chosen.get(), bench.view.with(|view| view.step)) {
        (Some(build), Some(step)) => view! { <Travel id=build step/> }.into_any(),
        (Some(build), None) => view! { <One id=build/> }.into_any(),
        (None, _) if bench.builds.with(Vec::is_empty) && bench.clients.with(Vec::is_empty) => view! { <p class="pad faint" data-testid="no-builds">{tongue.say(Craft::BuildsNone)}</p> }.into_any(),
        (None, _) => view! {
            <ol class="builds" data-testid="builds">
                <For each=move || bench.builds.get() key=|card| format!("{}{:?}", card.id, card.state) let:card><BuildRow card/></For>
            </ol>
            {move || (!bench.clients.with(Vec::is_empty)).then(|| view! {
                <h3 class="pad">{tongue.say(Craft::BuildsOfClients)}</h3>
                <ol class="builds" data-testid="client-builds">
                    <For each=move || bench.clients.get() key=|card| format!("{}{:?}", card.id, card.state) let:card><BuildRow card/></For>
                </ol>
            })}
        }.into_any(),
    }
    }
}

/// The build that one is compared with: the workshop's before it, or a docker client's before it with the same name.
fn bench_before(bench: Bench, id: &str) -> Option<String> {
    let own = bench.builds.with(|builds| before(builds, id));
    own.or_else(|| {
        bench.clients.with(|builds| {
            let at = builds.iter().position(|card| card.id == id)?;
            let name = builds[at].names.first();
            let same = |card: &&BuildCard| name.is_some() && card.names.first() == name;
            let found = builds[at + 1..].iter().find(same).or_else(|| builds.get(at + 1));
            found.map(|card| card.id.clone())
        })
    })
}

/// The build before one, in a list that has the newest first.
fn before(builds: &[BuildCard], id: &str) -> Option<String> {
    let at = builds.iter().position(|card| card.id == id)?;
    builds.get(at + 1).map(|card| card.id.clone())
}

/// How a build's state is shown: a class and a word.
pub(super) fn state_mark(state: &BuildState) -> (&'static str, Craft) {
    match state {
        BuildState::Running => ("faint", Craft::BuildRunningShort),
        BuildState::Succeeded => ("right", Craft::BuildSucceeded),
        BuildState::Failed { .. } => ("wrong", Craft::BuildFailedShort),
        BuildState::Cancelled => ("faint", Craft::BuildCancelled),
    }
}

#[component]
fn BuildRow(card: BuildCard) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let (class, word) = state_mark(&card.state);
    let id = card.id.clone();
    let started = card.started / 1000;
    let cached = [card.cached.to_string(), card.steps.to_string()];
    let to = {
        let id = id.clone();
        move || {
            bench.address(|view| {
                view.build = Some(id.clone());
                view.step = None;
                view.since = None;
            })
        }
    };
    view! {
        <li class="build-row" data-testid="build-row" data-build=id>
            <a href=to data-testid="build-link">
                <span class=class>{tongue.say(word)}</span>
                <span title=format!("{} UTC", moments::stamp(started))>{move || moments::age(started, dom::clock(), tongue.lang())}</span>
                <span class="faint">{took(card.milliseconds)}</span>
                <span class="faint">{tongue.with(Craft::BuildCachedOf, cached)}</span>
                <code class="faint">{card.names.first().map(|name| names::text(name).into_owned())}</code>
            </a>
        </li>
    }
}

/// One build.
#[component]
fn One(id: String) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let build = id.clone();
    let detail = Memo::new(move |_| bench.details.with(|details| details.get(&id).cloned()));
    let other = Memo::new(move |_| {
        let since = bench.view.with(|view| view.since.clone());
        let since = since.or_else(|| bench_before(bench, &build))?;
        bench.details.with(|details| details.get(&since).cloned())
    });
    let back = move || bench.address(|view| view.build = None);
    move || {
        let Some(detail) = detail.get() else {
            return view! { <p class="pad" aria-busy="true"><span class="skeleton" style="width:60%"></span></p> }.into_any();
        };
        let lang = tongue.lang();
        let story = match other.get() {
            Some(other) => view! { <ChangesBetween before=other after=detail.clone()/> }.into_any(),
            None => view! { <p class="pad faint">{Craft::ChangesFirst.text(lang)}</p> }.into_any(),
        };
        let (class, word) = state_mark(&detail.card.state);
        let why = match &detail.card.state {
            BuildState::Failed { message, .. } => Some(names::text(message).into_owned()),
            _ => None,
        };
        let steps = Build::remembered(&detail).steps;
        let build = detail.card.id.clone();
        view! {
            <div class="one-build" data-testid="one-build" data-build=build.clone()>
                <p class="pane-line"><a href=back>"← "{Craft::Builds.text(lang)}</a><span class=class>{word.text(lang)}</span><span class="faint">{took(detail.card.milliseconds)}</span></p>
                {why.map(|why| view! { <p class="pad wrong">{why}</p> })}
                <h3>{Craft::StepsOf.text(lang)}</h3>
                <ol class="steps-of">{steps.into_iter().map(|step| step_link(bench, &build, step, lang)).collect_view()}</ol>
                {story}
            </div>
        }.into_any()
    }
}

fn step_link(bench: Bench, build: &str, step: Step, lang: Lang) -> impl IntoView + use<> {
    let (build, number) = (build.to_owned(), step.number);
    let to = move || {
        bench.address(|view| {
            view.build = Some(build.clone());
            view.step = Some(number);
        })
    };
    let text = crate::instruction::Instruction::read(&step.instruction).line();
    view! {
        <li><a href=to data-testid="travel-to" data-step=number>
            <span class="step-number faint">{number}</span>
            <code class="step-text">{names::text(&names::middle(&text, 70)).into_owned()}</code>
            <span class="faint">{super::drawer::step_word(step.state).text(lang)}</span>
            <span class="step-time">{took(step.milliseconds)}</span>
            <span class="step-bytes">{(step.bytes > 0).then(|| view! { <Size bytes=step.bytes sign="+"/> })}</span>
        </a></li>
    }
}

#[component]
fn ChangesBetween(before: Arc<BuildDetail>, after: Arc<BuildDetail>) -> impl IntoView {
    let tongue = use_tongue();
    let changes = between(&before, &after);
    let started = before.card.started / 1000;
    move || {
        let lang = tongue.lang();
        let age = moments::age(started, dom::clock(), lang);
        view! {
            <section class="changes-between" data-testid="changes-between">
                <h3>{Craft::ChangesSince.with(lang, &[&age])}</h3>
                {changes.is_same().then(|| view! { <p class="faint">{Craft::ChangesNothing.text(lang)}</p> })}
                {changes.text.then(|| view! { <h4>{Craft::ChangesText.text(lang)}</h4> <TextDiff before=before.dockerfile.clone() after=after.dockerfile.clone()/> })}
                {files(&changes, lang)}
                {pairs(Craft::ChangesArgs, &changes.args, lang)}
                {pairs(Craft::ChangesBases, &changes.bases, lang)}
                {changes.target.clone().map(|(old, new)| pairs(Craft::ChangesTarget, &[(String::new(), old, new)], lang))}
                {changes.no_cache.map(|on| view! { <p>{Craft::BuildNoCache.text(lang)}": "{if on { "✓" } else { "✕" }}</p> })}
                <p class="faint">{format!("{} → {} · {} → {}", took(changes.time.0), took(changes.time.1), Size::of(changes.bytes.0), Size::of(changes.bytes.1))}</p>
            </section>
        }
    }
}

fn files(changes: &Changes, lang: Lang) -> Option<AnyView> {
    let Some(files) = &changes.files else {
        return Some(view! { <p class="faint">{Craft::ChangesUnknown.text(lang)}</p> }.into_any());
    };
    if files.is_empty() {
        return None;
    }
    let row = |(file, change): &(String, FileChange)| {
        let what = match change {
            FileChange::Added => Craft::ChangeFileAdded.text(lang).to_owned(),
            FileChange::Removed => Craft::ChangeFileRemoved.text(lang).to_owned(),
            FileChange::Kind => Craft::ChangeFileKind.text(lang).to_owned(),
            FileChange::Content(old, new) => format!("{} → {}", Size::of(*old), Size::of(*new)),
            FileChange::Mode(old, new) => format!("{old:o} → {new:o}"),
        };
        view! { <li data-testid="changed-file"><code>{names::bytes(&path::decode(file))}</code><span class="faint">{what}</span></li> }
    };
    Some(view! { <h4>{Craft::ChangesFiles.text(lang)}</h4> <ul>{files.iter().take(500).map(row).collect_view()}</ul> }.into_any())
}

fn pairs(title: Craft, list: &[(String, Option<String>, Option<String>)], lang: Lang) -> Option<AnyView> {
    if list.is_empty() {
        return None;
    }
    let shown = |value: &Option<String>| match value {
        Some(value) => names::text(value).into_owned(),
        None => Craft::ChangeNone.text(lang).to_owned(),
    };
    let rows = list.iter().map(|(name, old, new)| view! { <li><code>{names::text(name).into_owned()}</code><span>{shown(old)}" → "{shown(new)}</span></li> });
    Some(view! { <h4>{title.text(lang)}</h4> <ul>{rows.collect_view()}</ul> }.into_any())
}

/// Two texts, line by line.
#[component]
fn TextDiff(before: String, after: String) -> impl IntoView {
    let compared = diff::compare(before.as_bytes(), after.as_bytes());
    let lines = compared.hunks.iter().flat_map(|hunk| &hunk.lines).map(|line| {
        let (class, sign) = match line.fate {
            Fate::Kept => ("kept", " "),
            Fate::Removed => ("removed", "−"),
            Fate::Added => ("added", "+"),
        };
        view! { <span class=format!("text-line {class}") data-testid="text-line" data-fate=class>{sign}" "{names::content(line.text)}"\n"</span> }
    });
    view! { <pre class="text-diff">{lines.collect_view()}</pre> }
}

/// The style of a layer's marks.
pub fn layer_style(layer: Option<usize>) -> String {
    layer.map(hues::style).unwrap_or_default()
}
