//! The map itself: only the rows in sight are in the document, so that hundreds of images stay fluid.

use std::sync::Arc;

use leptos::{ev, html, prelude::*};

use super::{Known, use_sharing};
use crate::{
    address::{Place, View},
    figures, hues,
    instruction::Instruction,
    names,
    page::{
        bar::{Bar, use_bar},
        dom,
        marks::Size,
        tongue::use_tongue,
    },
    sharing::{Block, handle},
    words::{Lang, Word},
};

/// Pixels of a row; the style sheet knows it too.
const ROW: f64 = 28.0;
/// Rows that are drawn beyond what is in sight.
const MARGIN: usize = 8;

/// The rows of a map.
#[component]
pub fn Map(known: Arc<Known>) -> impl IntoView {
    let (tongue, sharing, bar) = (use_tongue(), use_sharing(), use_bar());
    let scroller = NodeRef::<html::Div>::new();
    let sight = RwSignal::new((0usize, 40usize));
    let look = move || {
        let Some(element) = scroller.get_untracked() else { return };
        let first = (f64::from(element.scroll_top()) / ROW) as usize;
        let rows = (f64::from(element.client_height()) / ROW).ceil() as usize;
        let now = (first.saturating_sub(MARGIN), first + rows + MARGIN);
        if sight.get_untracked() != now {
            sight.set(now);
        }
    };
    Effect::new(move |_| {
        if scroller.get().is_some() {
            request_animation_frame(look);
        }
    });
    let resized = window_event_listener(ev::resize, move |_| look());
    on_cleanup(move || resized.remove());
    let count = known.drawing.rows.len();
    let at = {
        let known = known.clone();
        move || {
            let chosen = sharing.chosen.get_untracked()?;
            known.drawing.rows.iter().position(|row| *row == chosen)
        }
    };
    let on_key = {
        let known = known.clone();
        move |event: ev::KeyboardEvent| {
            let now = at();
            let last = count.saturating_sub(1);
            let page = 12;
            let next = match (event.key().as_str(), now) {
                ("ArrowDown" | "j", Some(now)) => (now + 1).min(last),
                ("ArrowUp" | "k", Some(now)) => now.saturating_sub(1),
                ("PageDown", Some(now)) => (now + page).min(last),
                ("PageUp", Some(now)) => now.saturating_sub(page),
                ("ArrowDown" | "ArrowUp" | "PageDown" | "PageUp" | "j" | "k" | "Home", _) => 0,
                ("End", _) => last,
                ("Enter", Some(now)) => {
                    let image = &known.map.images[known.drawing.rows[now]];
                    return bar.go(Place::Image(Box::new(View::of(&handle(image)))));
                }
                _ => return,
            };
            event.prevent_default();
            choose(&known, bar, next);
            reveal(scroller, next);
        }
    };
    let (ground, canvas) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let point = {
        let known = known.clone();
        move |event: ev::MouseEvent| {
            let (Some(ground), Some(canvas)) = (ground.get_untracked(), canvas.get_untracked()) else {
                return;
            };
            let (ground, canvas) = (ground.get_bounding_client_rect(), canvas.get_bounding_client_rect());
            let row = ((f64::from(event.client_y()) - ground.top()) / ROW) as usize;
            let x = (f64::from(event.client_x()) - canvas.left()) / canvas.width() * 100.0;
            let lit = known.drawing.at(row, x).map(|block| block.layer);
            if sharing.lit.get_untracked() != lit {
                sharing.lit.set(lit);
            }
        }
    };
    let rows = {
        let known = known.clone();
        move || {
            let (first, last) = sight.get();
            (first.min(count)..last.min(count)).map(|row| (row, known.drawing.rows[row])).collect::<Vec<_>>()
        }
    };
    let blocks = {
        let known = known.clone();
        move || {
            let (first, last) = sight.get();
            known.drawing.within(first, last)
        }
    };
    let (for_rows, for_blocks) = (known.clone(), known.clone());
    let active = {
        let known = known.clone();
        move || {
            let chosen = sharing.chosen.get()?;
            let row = known.drawing.rows.iter().position(|row| *row == chosen)?;
            Some(format!("sharing-row-{row}"))
        }
    };
    view! {
        <section class="sharing-map">
            <div class="sharing-head" aria-hidden="true">
                <span>{tongue.say(Word::ColumnName)}</span><span>{tongue.say(Word::ColumnLayers)}</span>
                <span>{tongue.say(Word::SharingUnique)}</span><span>{tongue.say(Word::SharingShared)}</span>
            </div>
            <div id="sharing-rows" class="sharing-scroll" node_ref=scroller tabindex="0" role="listbox" data-testid="sharing-map" data-rows=count
                aria-label=tongue.say(Word::Sharing) aria-activedescendant=active on:scroll=move |_| look() on:keydown=on_key
                on:mouseleave=move |_| sharing.lit.set(None)>
                <div class="sharing-rows" node_ref=ground on:mousemove=point style=format!("height:{}px", count as f64 * ROW)>
                    <For each=rows key=|(_, image)| *image let:one>
                        <Row known=for_rows.clone() row=one.0 image=one.1/>
                    </For>
                    <div class="sharing-blocks" node_ref=canvas>
                        <For each=blocks key=|block| (block.row, block.depth) let:block>
                            <Layer known=for_blocks.clone() block/>
                        </For>
                    </div>
                </div>
            </div>
            <Readout known/>
        </section>
    }
}

fn choose(known: &Known, bar: Bar, row: usize) {
    if let Some(image) = known.drawing.rows.get(row).and_then(|image| known.map.images.get(*image)) {
        bar.stay(Place::Sharing { image: handle(image) });
    }
}

fn reveal(scroller: NodeRef<html::Div>, row: usize) {
    let Some(element) = scroller.get_untracked() else { return };
    let (top, height) = (row as f64 * ROW, f64::from(element.client_height()));
    let shown = f64::from(element.scroll_top());
    if top < shown {
        element.set_scroll_top(top as i32);
    } else if top + ROW > shown + height {
        element.set_scroll_top((top + ROW - height) as i32);
    }
}

/// An image: its name and its figures; its layers are drawn over all rows.
#[component]
fn Row(known: Arc<Known>, row: usize, image: usize) -> impl IntoView {
    let (sharing, bar) = (use_sharing(), use_bar());
    let found = &known.map.images[image];
    let name = handle(found);
    let more = found.names.len().saturating_sub(1);
    let is_chosen = move || sharing.chosen.get() == Some(image);
    let (size, shared) = (found.size, found.shared);
    let shown = names::text(&name).into_owned();
    let click = {
        let known = known.clone();
        move |_| {
            choose(&known, bar, row);
            dom::focus("sharing-rows");
        }
    };
    view! {
        <div id=format!("sharing-row-{row}") class="sharing-row" role="option" aria-selected=move || is_chosen().to_string() class:selected=is_chosen
            style=format!("top:{}px", row as f64 * ROW) data-testid="sharing-row" data-image=name on:click=click>
            <span class="sharing-name" title=shown.clone()><span class="wide">{names::middle(&shown, 32)}</span><span class="narrow">{names::middle(&shown, 15)}</span>{(more > 0).then(|| view! { <span class="faint">" +"{more}</span> })}</span>
            <span></span>
            <span data-testid="sharing-unique" data-bytes=size - shared><Size bytes=size - shared/></span>
            <span data-testid="sharing-shared" data-bytes=shared><Size bytes=shared/></span>
        </div>
    }
}

/// A layer, over all rows that have it there.
#[component]
fn Layer(known: Arc<Known>, block: Block) -> impl IntoView {
    let sharing = use_sharing();
    let Block { layer, depth, row, rows, left, width } = block;
    let style = format!(
        "{};top:{}px;height:{}px;left:{left:.3}%;width:{width:.3}%",
        hues::style(depth),
        row as f64 * ROW,
        rows as f64 * ROW
    );
    let shared = known.users[layer] > 1;
    let elsewhere = known.users[layer] > rows;
    let diff_id = known.map.layers[layer].diff_id.clone();
    let goes = move || {
        sharing.outlook.with(|outlook| {
            outlook
                .as_ref()
                .is_some_and(|outlook| outlook.as_ref().is_ok_and(|one| one.layers.contains(&diff_id)))
        })
    };
    view! {
        <i class="layer block" class:of-base=shared class:elsewhere=elsewhere class:goes=goes class:lit=move || sharing.lit.get() == Some(layer)
            style=style data-testid="sharing-block" data-layer=layer data-rows=rows></i>
    }
}

/// What the layer under the pointer is.
#[component]
fn Readout(known: Arc<Known>) -> impl IntoView {
    let (tongue, sharing) = (use_tongue(), use_sharing());
    move || {
        let lang = tongue.lang();
        let said = sharing.lit.get().map(|layer| {
            let found = &known.map.layers[layer];
            let line = names::text(&Instruction::read(&found.created_by).line()).into_owned();
            view! { <b>{figures::Size::of(found.unpacked).to_string()}</b><code>{names::middle(&line, 110)}</code><span>{spread(known.users[layer], lang)}</span> }
        });
        view! { <p class="sharing-readout faint" data-testid="sharing-readout">{said}</p> }
    }
}

/// How many other images have a layer.
pub fn spread(users: usize, lang: Lang) -> String {
    match users {
        0 | 1 => Word::SharingOwn.text(lang).to_owned(),
        more => Word::SharingWithOne.count(Word::SharingWith, lang, more as u64 - 1),
    }
}
