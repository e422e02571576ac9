//! A layer's sheet.

use leptos::{ev, html, prelude::*};

use crate::{
    figures, hues, moments, names,
    page::{
        dom,
        explorer::{outside, use_explorer},
        marks::{CopyButton, Size},
        tongue::use_tongue,
    },
    sheets::Sheet,
    words::Word,
};

/// Stripe, switch, number, instruction, sizes; more of it when selected.
#[component]
pub fn SheetRow(sheet: Sheet) -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let (position, is_base) = (sheet.card.position, sheet.base);
    let number = position + 1;
    let is_on = Memo::new(move |_| explorer.view.with(|view| view.is_on(position)));
    let is_selected = Memo::new(move |_| explorer.view.with(|view| view.layer == Some(position)));
    let host = NodeRef::<html::Li>::new();
    Effect::new(move |_| {
        if let (true, Some(sheet)) = (is_selected.get(), host.get()) {
            request_animation_frame(move || {
                if let Some(stack) = dom::by_id("stack") {
                    dom::reveal(&stack, &sheet);
                }
            });
        }
    });
    let select = move |event: ev::MouseEvent| {
        // Text of an opened sheet can be marked and copied.
        if window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed()) {
            return;
        }
        event.stop_propagation();
        let again = is_selected.get_untracked();
        explorer.select_layer((!again).then_some(position), false);
    };
    let hides = move || explorer.sums.with(|sums| sums.as_ref().map_or(0, |sums| sums.hides[position]));
    let arguments = names::text(&sheet.instruction.arguments).into_owned();
    let keyword = sheet.instruction.keyword.clone();
    let nameless = sheet.instruction.line().is_empty();
    let card = sheet.card.clone();
    let whole = names::text(&sheet.instruction.line()).into_owned();
    view! {
        <li node_ref=host class="layer sheet" class:of-base=is_base class:off=move || !is_on.get() class:selected=is_selected
            class:lit=move || explorer.lit.get() == Some(position) style=hues::style(position)
            data-layer=position data-testid="sheet" aria-current=move || is_selected.get().then_some("true") on:click=select>
            <span class="stripe"></span>
            <input type="checkbox" class="switch" data-testid="sheet-switch" tabindex="-1" aria-label=tongue.with(Word::SheetOn, [number.to_string()])
                prop:checked=is_on on:click=|event| event.stop_propagation() on:change=move |_| explorer.switch_sheet(position)/>
            <button type="button" class="sheet-line" tabindex="-1" data-testid="sheet-select">
                <span class="number">{number}</span>
                <span class="instruction mono" title=whole>
                    {if nameless {
                        view! { <em class="faint">{tongue.say(Word::NoInstruction)}</em> }.into_any()
                    } else {
                        view! { <b>{keyword}</b>" "{arguments} }.into_any()
                    }}
                </span>
                {move || outside::is_read(position).then(|| view! { <Size bytes=card.unpacked/> })}
            </button>
            <span class="sheet-more">
                <span><Size bytes=card.stored/>" "<span class="faint">{tongue.say(Word::Stored)}</span></span>
                {move || (hides() > 0).then(|| view! {
                    <span class="hides" data-testid="sheet-hides">"− "{tongue.with(Word::HidesBytes, [figures::Size::of(hides()).to_string()])}</span>
                })}
                {outside::sheet(position)}
            </span>
            {move || is_selected.get().then(|| view! { <Facts sheet=sheet.clone()/> })}
        </li>
    }
}

/// What is known of a selected sheet.
#[component]
fn Facts(sheet: Sheet) -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let card = sheet.card;
    let position = card.position;
    let unpacked = card.unpacked;
    let net = move || {
        let hides = explorer.sums.with(|sums| sums.as_ref().map(|sums| sums.hides[position]))?;
        Some(if unpacked >= hides {
            view! { <Size bytes=unpacked - hides sign="+"/> }
        } else {
            view! { <Size bytes=hides - unpacked sign="−"/> }
        })
    };
    let lost = move || {
        let lost = explorer.sums.with(|sums| sums.as_ref().map_or(0, |sums| sums.lost[position]));
        (lost > 0).then(|| view! { <dt>{tongue.say(Word::LostLater)}</dt><dd><Size bytes=lost/></dd> })
    };
    let digest = card.digest.map(|digest| {
        let text = digest.to_string();
        view! {
            <dt>{tongue.say(Word::Digest)}</dt>
            <dd><code class="break">{text.clone()}</code><CopyButton text=Signal::stored(text) label=Word::Copy testid="copy-digest"/></dd>
        }
    });
    let created = sheet.created.as_deref().and_then(moments::parse).map(|then| {
        view! {
            <dt>{tongue.say(Word::Created)}</dt><dd>{moments::stamp(then)}" UTC"</dd>
        }
    });
    let comment = (!sheet.comment.is_empty()).then(|| {
        view! {
            <dt>{tongue.say(Word::Comment)}</dt><dd>{names::text(&sheet.comment).into_owned()}</dd>
        }
    });
    let shared = (!card.shared_with.is_empty()).then(|| {
        let list = card.shared_with.iter().map(|name| names::text(name).into_owned()).collect::<Vec<_>>().join(", ");
        view! { <dd class="wide faint" data-testid="shared-with">{tongue.with(Word::SharedWith, [list])}</dd> }
    });
    let media_type = (!card.media_type.is_empty()).then(|| view! {
        <dt>{tongue.say(Word::MediaType)}</dt><dd><code class="break">{names::text(&card.media_type).into_owned()}</code></dd>
    });
    let line = names::text(&sheet.instruction.line()).into_owned();
    view! {
        <dl class="facts" data-testid="sheet-facts" on:click=|event| event.stop_propagation()>
            <dd class="wide mono break">{line}</dd>
            {untrack(|| outside::is_read(position)).then(|| view! {
                <dt>{tongue.say(Word::Gain)}</dt><dd>{net}</dd>
                <dt>{tongue.say(Word::Unpacked)}</dt>
                <dd><Size bytes=unpacked/><span class="faint">" · "{tongue.count(Word::EntriesOne, Word::Entries, card.entries)}</span></dd>
            })}
            {lost}{created}{comment}{media_type}{digest}
            <dt>{tongue.say(Word::DiffId)}</dt><dd><code class="break">{card.diff_id.to_string()}</code></dd>
            {shared}
        </dl>
    }
}
