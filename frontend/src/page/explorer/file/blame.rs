//! Which layers touched a path, and by which instruction.

use leptos::prelude::*;
use strata_layer::{Deed, LayerPath, Touch, blame};

use super::use_explorer;
use crate::{
    hues,
    instruction::Instruction,
    names,
    page::{marks::Size, tongue::use_tongue},
    sheets,
    words::Word,
};

/// The layers, top first; each opens its version of the file.
#[component]
pub fn Blame(path: Vec<u8>, shown: usize) -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let instructions =
        explorer.detail.with_untracked(|detail| detail.as_ref().map(|detail| sheets::instructions(detail)));
    let touches = explorer.stack.with_untracked(|stack| {
        LayerPath::parse(&path).ok().and_then(|path| Some(blame(stack.as_ref()?, &path))).unwrap_or_default()
    });
    let instructions = instructions.unwrap_or_default();
    let rows = touches.into_iter().rev().map(|touch| {
        let instruction = instructions.get(touch.layer).cloned().unwrap_or_default();
        view! { <Row touch instruction is_shown=touch.layer == shown/> }
    });
    let rows = rows.collect_view();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="blame" data-testid="blame" aria-label=tongue.say(Word::Blame)>
                <h3 title=tongue.say(Word::BlameHow)>{tongue.say(Word::Blame)}</h3>
                <ol>{rows}</ol>
            </section>
        }
    })
}

#[component]
fn Row(touch: Touch, instruction: Instruction, is_shown: bool) -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let layer = touch.layer;
    let (word, letter) = match touch.deed {
        Deed::Added => (Word::ChangeAdded, "A"),
        Deed::Modified => (Word::ChangeModified, "M"),
        Deed::Metadata => (Word::ChangeMetadata, "m"),
        Deed::Same => (Word::ChangeSame, "="),
        Deed::Deleted(_) => (Word::ChangeDeleted, "D"),
    };
    let is_deleted = matches!(touch.deed, Deed::Deleted(_));
    let open = move |_| {
        explorer.bar.change(|view| {
            view.from = Some(layer);
            view.tab = None;
        });
    };
    let line = names::text(&instruction.line()).into_owned();
    let keyword = instruction.keyword.clone();
    let arguments = names::text(&instruction.arguments).into_owned();
    view! {
        <li class="layer blame-row" class:of-base=layer < explorer.base() class:lit=move || explorer.lit.get() == Some(layer) class:shown=is_shown
            style=hues::style(layer) data-layer=layer data-testid="blame-row" title=line>
            <span class="stripe"></span>
            <button type="button" disabled=is_deleted aria-pressed=(!is_deleted).then(|| is_shown.to_string()) on:click=open>
                <span class="number">{layer + 1}</span>
                <span class=format!("mark mark-{letter}") aria-hidden="true">{letter}</span>
                <span class="deed">{tongue.say(word)}</span>
                <span class="instruction mono"><b>{keyword}</b>" "{arguments}</span>
                <Size bytes=touch.size sign=if is_deleted { "−" } else { "" }/>
            </button>
        </li>
    }
}
