//! The tree, of which only the rows on the screen exist.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    keys,
    painter::{Painter, Scene},
};
use crate::page::{explorer::use_explorer, measure::measure, tongue::use_tongue};
use crate::words::Word;

/// Height of a row in pixels; `--row` in the style sheet.
pub const ROW: f64 = 24.0;
/// Rows drawn beyond the edges, so that a flick of the wheel finds them there.
const SPARE: usize = 8;

/// The tree with its scroll bar.
#[component]
pub fn TreeView() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let host = NodeRef::<html::Div>::new();
    let (first, capacity) = (RwSignal::new(0usize), RwSignal::new(60usize));
    let total = Memo::new(move |_| {
        explorer.revision.track();
        explorer.with_tree(|tree| tree.len()).unwrap_or(0)
    });
    measure(host, capacity, ROW);
    let on_scroll = move |_| {
        if let Some(host) = host.get_untracked() {
            let top = (f64::from(host.scroll_top()) / ROW) as usize;
            let start = top.saturating_sub(SPARE);
            // Rows come and go in fours: fewer, larger changes.
            let start = start - start % 4;
            if start != first.get_untracked() {
                first.set(start);
            }
        }
    };
    let range = Memo::new(move |_| {
        let start = first.get().min(total.get());
        (start, (start + capacity.get() + 2 * SPARE + 4).min(total.get()))
    });
    let selected = Memo::new(move |_| {
        let node = explorer.selected()?;
        explorer.with_tree(|tree| tree.row_of(node)).flatten()
    });
    // The next frame may find the tree gone.
    let scroll_to = move |row: usize, from_edge: f64| {
        let Some(Some(host)) = host.try_get_untracked() else { return };
        let (y, top, height) =
            (row as f64 * ROW, f64::from(host.scroll_top()), f64::from(host.client_height()));
        let margin = (height * from_edge).min((height - ROW) / 2.0);
        if y < top {
            host.set_scroll_top((y - margin) as i32);
        } else if y + ROW > top + height {
            host.set_scroll_top((y + ROW - height + margin) as i32);
        }
    };
    // How far from the edge the cursor's row comes to stand: keys move it by the least, an address far inside.
    let margin = StoredValue::new(0.0f64);
    // What the address names comes into view, whether it was clicked, typed or come back to.
    let wanted = Memo::new(move |_| {
        let is_there = explorer.revision.get() > 0;
        explorer.view.with(|view| (is_there, view.path.clone(), view.from, view.only_layer()))
    });
    Effect::new(move |_| {
        let (is_there, path, from, _) = wanted.get();
        host.track();
        if !is_there || path.is_empty() {
            return;
        }
        let node = explorer
            .with_tree(|tree| tree.locate(&path, from).or_else(|| tree.locate(&path, None)))
            .flatten();
        let shown = node.and_then(|node| explorer.with_tree(|tree| tree.row_of(node)).flatten());
        let row = shown.or_else(|| explorer.update_tree(|tree| tree.reveal(node?)).flatten());
        if let Some(row) = row {
            margin.set_value(0.4);
            explorer.cursor.set(row);
            request_animation_frame(move || {
                scroll_to(row, 0.4);
                margin.try_update_value(|margin| *margin = 0.0);
            });
        }
    });
    let fixed_cursor = Memo::new(move |_| explorer.cursor.get().min(total.get().saturating_sub(1)));
    Effect::new(move |_| scroll_to(fixed_cursor.get(), margin.get_value()));
    let window = NodeRef::<html::Div>::new();
    let painter = StoredValue::new_local(None::<Painter>);
    Effect::new(move |_| {
        let Some(window) = window.get() else { return };
        explorer.revision.track();
        let (start, end) = range.get();
        let scene = Scene {
            start,
            end,
            base: explorer.base(),
            lang: tongue.lang(),
            cursor: fixed_cursor.get(),
            selected: selected.get(),
            lit: explorer.lit.get(),
        };
        painter.update_value(|painter| {
            if painter.is_none() {
                *painter = Painter::new(window.into());
            }
            if let Some(painter) = painter {
                explorer.with_tree(|tree| painter.draw(tree, scene));
            }
        });
    });
    let choose = move |event: ev::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let row = target.and_then(|target| target.closest(".row").ok().flatten());
        let Some(row) = row.and_then(|row| row.id().strip_prefix("row-")?.parse().ok()) else { return };
        if event.detail() <= 1 {
            keys::choose(explorer, row);
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let page = capacity.get_untracked().saturating_sub(2).max(1);
        keys::on_key(&event, explorer, page);
    };
    view! {
        <div class="columns" aria-hidden="true"><Columns/></div>
        <div id="tree" class="tree" role="tree" tabindex="0" aria-label=tongue.say(Word::FilesLabel) data-testid="tree" node_ref=host style=move || format!("--rows:{}", total.get())
            aria-activedescendant=move || (total.get() > 0).then(|| format!("row-{}", fixed_cursor.get())) on:scroll=on_scroll on:keydown=on_key>
            <div class="canvas" role="presentation" style:height=move || format!("{}px", total.get() as f64 * ROW)>
                <div class="window" role="presentation" node_ref=window on:click=choose
                    style:transform=move || format!("translateY({}px)", range.get().0 as f64 * ROW)></div>
            </div>
        </div>
    }
}

/// What the columns are; sighted people only, the rows name theirs.
#[component]
fn Columns() -> impl IntoView {
    let tongue = use_tongue();
    view! {
        <span class="spring">{tongue.say(Word::ColumnName)}</span>
        <span class="mode">{tongue.say(Word::Mode)}</span>
        <span class="owner">{tongue.say(Word::Owner)}</span>
        <span class="size">{tongue.say(Word::ColumnSize)}</span>
    }
}
