//! What a step changed against the step before, as a tree with signs and colours of its changes.

use std::collections::BTreeSet;

use leptos::{ev, prelude::*};
use strata_api::path;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::builds::layer_style;
use crate::{
    address::{Place, View},
    figures, names,
    page::{marks::Size, tongue::use_tongue},
    words::{Craft, Word},
    workshop::step_tree::{Did, Line, lines},
};

/// Lines that are drawn; the explorer has all.
const LISTED: usize = 400;

/// The tree of what a step did; `layers` is how many its image has.
#[component]
pub fn DidTree(image: String, layers: usize, did: Vec<Did>) -> impl IntoView {
    let tongue = use_tongue();
    // With very many changes only the top is open, so that all directories are in sight.
    let folded: BTreeSet<Vec<u8>> = match did.len() > LISTED {
        true => lines(&did, &BTreeSet::new())
            .into_iter()
            .filter(|line| line.depth == 1 && line.below > 0)
            .map(|line| line.path)
            .collect(),
        false => BTreeSet::new(),
    };
    let folded = RwSignal::new(folded);
    let count = |sign: char| did.iter().filter(|one| one.sign == sign).count() as u64;
    let counts = [('A', Word::ShowAdded), ('M', Word::ShowModified), ('D', Word::ShowDeleted)]
        .map(|(sign, word)| (sign, word, count(sign)));
    let drawn = Memo::new(move |_| folded.with(|folded| lines(&did, folded)));
    let more = move || drawn.with(Vec::len).saturating_sub(LISTED);
    let style = layer_style(layers.checked_sub(1));
    let row = move |line: Line| view! { <Row line folded image=image.clone() layers style=style.clone()/> };
    view! {
        <p class="did-counts" data-testid="did-counts">
            {counts.into_iter().filter(|(.., count)| *count > 0).map(|(sign, word, count)| view! {
                <span><b class=format!("mark mark-{sign}")>{sign}</b>{figures::grouped(count)}" "<span class="faint">{tongue.say(word)}</span></span>
            }).collect_view()}
        </p>
        <ul class="did-list" role="tree" aria-label=tongue.say(Craft::TravelDiff) data-testid="did-list" on:keydown=move |event| on_key(&event, folded)>
            <For each=move || drawn.with(|all| all.iter().take(LISTED).cloned().collect::<Vec<_>>())
                key=|line| (line.path.clone(), line.open) children=row/>
        </ul>
        {move || (more() > 0).then(|| view! { <p class="pad faint">{move || Craft::TravelMore.with(tongue.lang(), &[&figures::grouped(more() as u64)])}</p> })}
    }
}

#[component]
fn Row(
    line: Line,
    folded: RwSignal<BTreeSet<Vec<u8>>>,
    image: String,
    layers: usize,
    style: String,
) -> impl IntoView {
    let encoded = path::encode(&line.path);
    let name = names::bytes(line.name());
    let whole = names::bytes(&line.path);
    let sign = line.did.map(|(sign, _)| sign);
    let folds = line.below > 0;
    let level = (line.depth + 1).to_string();
    let view = View { layer: layers.checked_sub(1), path: line.path.clone(), ..View::of(&image) };
    let to = Place::Image(Box::new(view)).print();
    let own = line.path.clone();
    let fold = move |_| toggle(folded, &own);
    view! {
        <li class="layer did-row" class:ghost=sign == Some('D') class:between=sign.is_none() role="treeitem" style=format!("{style};--depth:{}", line.depth)
            prop:ariaLevel=level aria-expanded=folds.then(|| line.open.to_string()) data-testid=if sign.is_some() { "did" } else { "did-between" }
            data-path=encoded data-change=sign.map(String::from)>
            <span class="stripe"></span>
            {if folds {
                view! { <button type="button" class="fold" tabindex="-1" aria-hidden="true" data-testid="did-fold" on:click=fold>{if line.open { "▾" } else { "▸" }}</button> }.into_any()
            } else {
                view! { <span class="fold"></span> }.into_any()
            }}
            <b class=format!("mark mark-{}", sign.unwrap_or('U'))>{sign.map(String::from)}</b>
            <a class="did-path" href=to title=whole>{name}{folds.then_some("/")}</a>
            {(folds && !line.open).then(|| view! { <span class="faint">{figures::grouped(line.below as u64)}</span> })}
            {line.did.filter(|(_, bytes)| *bytes > 0).map(|(_, bytes)| view! { <Size bytes/> })}
        </li>
    }
}

fn toggle(folded: RwSignal<BTreeSet<Vec<u8>>>, path: &[u8]) {
    folded.update(|folded| {
        if !folded.remove(path) {
            folded.insert(path.to_vec());
        }
    });
}

/// Up and down go from line to line, left and right fold and unfold.
fn on_key(event: &ev::KeyboardEvent, folded: RwSignal<BTreeSet<Vec<u8>>>) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(row) = target.and_then(|element| element.closest("li").ok().flatten()) else { return };
    let expanded = row.get_attribute("aria-expanded");
    let next = match (event.key().as_str(), expanded.as_deref()) {
        ("ArrowDown", _) => row.next_element_sibling(),
        ("ArrowUp", _) => row.previous_element_sibling(),
        ("ArrowRight", Some("false")) | ("ArrowLeft", Some("true")) => {
            let path = row.get_attribute("data-path").unwrap_or_default();
            event.prevent_default();
            toggle(folded, &path::decode(&path));
            // The line is drawn anew.
            request_animation_frame(move || {
                let again = document().query_selector(&format!("[role=treeitem][data-path='{path}'] a"));
                focus(again.ok().flatten());
            });
            return;
        }
        _ => return,
    };
    let link = next.and_then(|row| row.query_selector("a").ok().flatten());
    if link.is_some() {
        event.prevent_default();
        focus(link);
    }
}

fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that can't take the focus leaves it where it was.
        let _ = element.focus();
    }
}
