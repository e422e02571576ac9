//! The stack: sheets top first, each switched on or off, and the curtain over them.

mod curtain;
mod sheet;

use leptos::{ev, prelude::*};

use super::use_explorer;
use crate::{
    keymap::{Action, Pane, action},
    names,
    page::{dom, tongue::use_tongue},
    sheets::{self, Row},
    words::Word,
};
use curtain::Curtain;
use sheet::SheetRow;

/// The left pane.
#[component]
pub fn StackPane() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let rows = Memo::new(move |_| explorer.detail.get().map(|detail| sheets::rows(&detail)));
    let some_off = move || explorer.view.with(|view| view.upto.is_some() || !view.off.is_empty());
    let all_on = move |_| {
        explorer.bar.change(|view| {
            view.upto = None;
            view.off.clear();
        })
    };
    let row = move |row: Row| match row {
        Row::Sheet(sheet) => {
            let position = sheet.card.position;
            view! { <Curtain above=position/><SheetRow sheet=*sheet/> }.into_any()
        }
        Row::Hairline { instruction } => {
            let line = names::text(&instruction.line()).into_owned();
            let title = move || format!("{line} ({})", Word::EmptyRow.text(tongue.lang()));
            let keyword = instruction.keyword.clone();
            let arguments = names::text(&instruction.arguments).into_owned();
            view! { <li class="hairline" title=title data-testid="empty-row"><span><b>{keyword}</b>" "{arguments}</span></li> }.into_any()
        }
        Row::Base { name } => {
            let name = names::text(&name).into_owned();
            view! { <li class="boundary" data-testid="base-boundary"><span>{tongue.with(Word::BaseIs, [name])}</span></li> }.into_any()
        }
    };
    view! {
        <section class="pane stack-pane" aria-label=tongue.say(Word::Stack)>
            <header class="pane-head">
                <h2>{tongue.say(Word::Stack)}</h2>
                <span class="faint">{move || {
                    let layers = explorer.layers();
                    (layers > 0).then(|| Word::LayerCountOne.count(Word::LayerCount, tongue.lang(), layers as u64))
                }}</span>
                <span class="spring"></span>
                {move || some_off().then(|| view! {
                    <button type="button" class="quiet" data-testid="all-on" on:click=all_on>{tongue.say(Word::AllOn)}</button>
                })}
            </header>
            <ol id="stack" class="stack" tabindex="0" aria-label=tongue.say(Word::StackLabel) data-testid="stack"
                on:keydown=move |event| on_key(&event, explorer)>
                {move || match rows.get() {
                    Some(rows) => rows.into_iter().map(row).collect_view().into_any(),
                    None => (0..5).map(|at| view! {
                        <li class="sheet"><span class="skeleton" style=format!("width:{}%", 80 - at * 9)></span></li>
                    }).collect_view().into_any(),
                }}
            </ol>
        </section>
    }
}

fn on_key(event: &ev::KeyboardEvent, explorer: super::Explorer) {
    let ctrl = event.ctrl_key() || event.meta_key();
    let shift_tab = event.key() == "Tab" && event.shift_key();
    if event.alt_key() || shift_tab || dom::is_typing(event) {
        return;
    }
    let on_sheet = event.current_target() == event.target();
    let Some(action) = action(Pane::Stack, &event.key(), ctrl) else { return };
    // A checkbox or button inside keeps its own Space, Enter and Tab.
    if !on_sheet && matches!(event.key().as_str(), " " | "Enter" | "Tab") {
        return;
    }
    let (layers, view) = (explorer.layers(), explorer.view.get_untracked());
    let Some(top) = layers.checked_sub(1) else { return };
    let select = |layer: usize| explorer.select_layer(Some(layer.min(top)), view.merged);
    match action {
        // Up is up in the picture, towards the top layer.
        Action::Up => select(view.layer.map_or(0, |layer| layer + 1)),
        Action::Down => select(view.layer.map_or(top, |layer| layer.saturating_sub(1))),
        Action::First => select(top),
        Action::Last => select(0),
        Action::SwitchSheet => {
            if let Some(layer) = view.layer {
                explorer.switch_sheet(layer);
            }
        }
        Action::OnlyLayer => explorer.select_layer(Some(view.layer.unwrap_or(top)), false),
        Action::Merged if view.layer.is_some() && event.key() == "Escape" => {
            explorer.select_layer(None, true)
        }
        Action::Merged => explorer.select_layer(view.layer, true),
        Action::NextPane => dom::focus("tree"),
        _ => return,
    }
    event.prevent_default();
    event.stop_propagation();
}
