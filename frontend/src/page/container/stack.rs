//! The stack of a container: the writable layer on top, the image's sheets below.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    reads::{FollowButton, SheetReads},
    use_vessel,
    writable::Writable,
};
use crate::{
    hues, names,
    page::{
        marks::{Size, Wrong},
        tongue::use_tongue,
    },
    sheets::{self, Row, Sheet},
    words::Word,
};

/// The right pane.
#[component]
pub fn StackPane() -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    // Whatever has a layer's stripe names it in `data-layer`; one listener lights all of them.
    let light = move |event: ev::PointerEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let mark = element.and_then(|element| element.closest("[data-layer]").ok().flatten());
        let layer = mark.and_then(|mark| mark.get_attribute("data-layer")?.parse().ok());
        if vessel.lit.get_untracked() != layer {
            vessel.lit.set(layer);
        }
    };
    view! {
        <section class="pane container-stack" aria-label=tongue.say(Word::Stack) on:pointerover=light
            on:pointerleave=move |_| vessel.lit.set(None)>
            <header class="pane-head">
                <h2>{tongue.say(Word::Stack)}</h2>
                <span class="faint">{move || {
                    let layers = vessel.layers();
                    (layers > 0).then(|| Word::LayerCountOne.count(Word::LayerCount, tongue.lang(), layers as u64 + 1))
                }}</span>
                <span class="spring"></span>
                <FollowButton/>
            </header>
            <ol id="container-stack" class="stack" tabindex="0" aria-label=tongue.say(Word::StackLabel) data-testid="container-stack">
                <Writable/>
                <Sheets from=0/>
            </ol>
        </section>
    }
}

/// The image's sheets from a position up, top first.
#[component]
pub fn Sheets(from: usize, #[prop(optional)] to: Option<usize>) -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let rows = Memo::new(move |_| vessel.image.get().map(|image| sheets::rows(&image)));
    let covered = Memo::new(move |_| {
        vessel.revision.track();
        // A layer that two containers stand on is covered by each in another way.
        if to.is_some() {
            return Vec::new();
        }
        let layers = vessel.layers();
        vessel.with_upper(|upper| upper.covered(layers)).unwrap_or_default()
    });
    let within = move |position: usize| position >= from && to.is_none_or(|to| position < to);
    let row = move |row: Row| match row {
        Row::Sheet(sheet) if within(sheet.card.position) => {
            view! { <SheetRow sheet=*sheet covered/> }.into_any()
        }
        Row::Base { name } if from == 0 => {
            let name = names::text(&name).into_owned();
            view! { <li class="boundary" data-testid="base-boundary"><span>{tongue.with(Word::BaseIs, [name])}</span></li> }.into_any()
        }
        _ => ().into_any(),
    };
    move || {
        if let Some(failure) = vessel.no_image.get() {
            return view! { <li class="pad"><Wrong text=Signal::derive(move || failure.say(tongue.lang()))/></li> }
                .into_any();
        }
        match rows.get() {
            Some(rows) => rows.into_iter().map(row).collect_view().into_any(),
            None => (0..3)
                .map(|at| view! { <li class="sheet"><span class="skeleton" style=format!("width:{}%", 80 - at * 9)></span></li> })
                .collect_view()
                .into_any(),
        }
    }
}

/// A layer of the image; nothing can be done to it, which is the point.
#[component]
fn SheetRow(sheet: Sheet, covered: Memo<Vec<usize>>) -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let position = sheet.card.position;
    let arguments = names::text(&sheet.instruction.arguments).into_owned();
    let keyword = sheet.instruction.keyword.clone();
    let nameless = sheet.instruction.line().is_empty();
    let hidden = Memo::new(move |_| covered.with(|all| all.get(position).copied().unwrap_or(0)));
    let cold = Memo::new(move |_| vessel.reading.layer(position).is_some_and(|warmth| warmth.is_cold()));
    view! {
        <li class="layer sheet still" class:of-base=sheet.base class:lit=move || vessel.lit.get() == Some(position) class:cold=move || cold.get() style=hues::style(position)
            data-layer=position data-sheet=position data-testid="sheet">
            <span class="stripe"></span>
            <span class="sheet-line">
                <span class="number">{position + 1}</span>
                <span class="instruction mono">
                    {if nameless {
                        view! { <em class="faint">{tongue.say(Word::NoInstruction)}</em> }.into_any()
                    } else {
                        view! { <b>{keyword}</b>" "{arguments} }.into_any()
                    }}
                </span>
                {move || (hidden.get() > 0).then(|| view! {
                    <span class="hides" title=tongue.say(Word::CoveredHow) data-testid="sheet-covered">{tongue.with(Word::Covered, [hidden.get().to_string()])}</span>
                })}
                <Size bytes=sheet.card.unpacked/>
            </span>
            <SheetReads position/>
        </li>
    }
}
