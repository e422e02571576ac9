//! What `docker diff` tells, and the chosen file against the version below.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{use_vessel, version::Version};
use crate::{
    address::{Container, Place},
    hues, names,
    page::{bar::use_bar, marks::Size, tongue::use_tongue},
    upper::{Did, Row},
    words::Word,
};

/// Rows drawn at once; the next as many come on demand.
const PAGE: usize = 300;

/// A line of the list or of the tree.
#[derive(Clone, PartialEq)]
struct Line {
    depth: usize,
    text: String,
    path: Vec<u8>,
    row: Option<Row>,
}

/// The tab.
#[component]
pub fn Changes() -> impl IntoView {
    let (tongue, vessel, bar) = (use_tongue(), use_vessel(), use_bar());
    let view = Memo::new(move |last: Option<&Container>| match bar.place() {
        Place::Container(view) => *view,
        _ => last.cloned().unwrap_or_default(),
    });
    let list = Memo::new(move |_| view.with(|view| view.list));
    let path = Memo::new(move |_| view.with(|view| view.path.clone()));
    let shown = RwSignal::new(PAGE);
    let lines = Memo::new(move |_| {
        vessel.revision.track();
        let list = list.get();
        let read = vessel.with_upper(|upper| match list {
            true => {
                let line = |row: &Row| Line {
                    depth: 0,
                    text: format!("/{}", names::bytes(&row.path)),
                    path: row.path.clone(),
                    row: Some(row.clone()),
                };
                upper.rows().map(line).collect::<Vec<_>>()
            }
            false => upper
                .tree()
                .into_iter()
                .map(|branch| Line {
                    depth: branch.depth,
                    text: names::bytes(&branch.name),
                    path: branch.path,
                    row: branch.row.cloned(),
                })
                .collect(),
        });
        read.unwrap_or_default()
    });
    let count = move || lines.with(Vec::len);
    let none = Memo::new(move |_| count() == 0);
    let known = move || vessel.revision.get() > 0;
    let drawn = move || lines.with(|lines| lines.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    let line = move |line: Line| view! { <LineRow line list=list.get_untracked() chosen=path/> };
    view! {
        <div class="changes">
            <div class="changes-list">
                <div class="changes-bar">
                    <span class="segments" role="group" aria-label=tongue.say(Word::ViewOptions)>
                        {[(false, Word::AsTree, "as-tree"), (true, Word::AsList, "as-list")].map(|(is, word, testid)| view! {
                            <button type="button" data-testid=testid aria-pressed=move || (list.get() == is).to_string()
                                on:click=move |_| bar.turn(|view| view.list = is, true)>{tongue.say(word)}</button>
                        })}
                    </span>
                    <code class="faint">{move || vessel.name.with_value(|name| format!("docker diff {}", names::text(name)))}</code>
                </div>
                {move || (known() && count() == 0).then(|| view! { <p class="faint hint" data-testid="no-changes">{tongue.say(Word::NoChanges)}</p> })}
                <ul class="change-rows" data-testid="changes" on:keydown=on_key>
                    <For each=drawn key=|line| (line.path.clone(), line.depth, line.row.as_ref().map(|row| row.touched)) children=line/>
                </ul>
                {move || (count() > shown.get()).then(|| view! {
                    <button type="button" class="button more" on:click=move |_| shown.update(|shown| *shown += PAGE)>
                        {move || Word::MoreLines.with(tongue.lang(), &[&shown.get().to_string(), &count().to_string()])}</button>
                })}
            </div>
            <div class="change-version" data-testid="change">
                {move || {
                    let path = path.get();
                    match path.is_empty() {
                        true if none.get() => ().into_any(),
                        true => view! { <p class="faint hint">{tongue.say(Word::ChooseChange)}</p> }.into_any(),
                        false => view! { <Version path/> }.into_any(),
                    }
                }}
            </div>
        </div>
    }
}

#[component]
fn LineRow(line: Line, list: bool, chosen: Memo<Vec<u8>>) -> impl IntoView {
    let (vessel, bar) = (use_vessel(), use_bar());
    let Line { depth, text, path, row } = line;
    let indent = format!("padding-left:{}px", 14 + depth * 14);
    let base = move |layer: Option<usize>| layer.is_some_and(|layer| layer < vessel.base());
    let Some(row) = row else {
        return view! { <li class="change-row between" style=indent><span class="mono faint">{text}"/"</span></li> }.into_any();
    };
    let is_chosen = {
        let path = path.clone();
        move || chosen.with(|chosen| *chosen == path).then_some("true")
    };
    let ghost = row.did == Did::WhitedOut;
    let letter = row.letter();
    let from = row.entry.from;
    let layer = from.filter(|_| ghost);
    let directory = row.entry.kind == 'd';
    let to = {
        let path = path.clone();
        move || {
            let view = match bar.place() {
                Place::Container(view) => *view,
                _ => Container::of(&vessel.name.get_value()),
            };
            Place::Container(Box::new(Container { path: path.clone(), ..view })).print()
        }
    };
    view! {
        <li class="layer change-row" class:writable=!ghost class:ghost=ghost class:of-base=move || base(layer)
            style=layer.map(hues::style) data-testid="change-row" data-path=strata_api::path::encode(&path) data-change=letter.to_string() data-layer=from>
            <span class="stripe"></span>
            <a href=to style=indent aria-current=is_chosen data-testid="change-link">
                <b class=format!("mark mark-{}", if letter == 'C' { 'M' } else { letter })>{letter.to_string()}</b>
                <span class="mono change-name">{text}{(directory && !list).then_some("/")}</span>
                {(!directory && !ghost).then(|| view! { <Size bytes=row.entry.size/> })}
            </a>
        </li>
    }
    .into_any()
}

/// Up and down go from change to change.
fn on_key(event: ev::KeyboardEvent) {
    let forward = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    let row = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|element| element.closest("li").ok().flatten());
    let mut next = row;
    while let Some(row) = next {
        next = if forward { row.next_element_sibling() } else { row.previous_element_sibling() };
        let link = next.as_ref().and_then(|row| row.query_selector("a").ok().flatten());
        if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
            event.prevent_default();
            let _ = link.focus();
            return;
        }
    }
}
