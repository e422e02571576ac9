//! A path of the writable layer, drawn as what happened to it.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::use_vessel;
use crate::{
    address::{Container, ContainerTab, Place},
    figures, hues, names,
    page::{bar::use_bar, tongue::use_tongue},
    upper::{Changed, Did, Row},
    words::{Lang, Word},
};

/// A row: sign, path, what it is in words. It lifts from the layer that it came from when it is made by a copy-up.
#[component]
pub fn Tile(path: Vec<u8>) -> impl IntoView {
    let (tongue, vessel, bar) = (use_tongue(), use_vessel(), use_bar());
    let host = NodeRef::<html::Li>::new();
    let row = Memo::new({
        let path = path.clone();
        move |last: Option<&Option<Row>>| vessel.row(&path).or_else(|| last.cloned().flatten())
    });
    let touched = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.touched)));
    Effect::new({
        let path = path.clone();
        move |_| {
            touched.track();
            let (Some(element), Some(motion)) = (host.get(), vessel.motion(&path)) else { return };
            match motion.from {
                Some(layer) => lift(&element, layer),
                None => restart(&element, "appears"),
            }
        }
    });
    let shown = format!("/{}", names::bytes(&path));
    let short = names::middle(&shown, 48).into_owned();
    let did = Memo::new(move |_| row.with(|row| row.as_ref().map_or(Did::Created, |row| row.did)));
    let from = Memo::new(move |_| row.with(|row| row.as_ref().and_then(|row| row.entry.from)));
    let letter = move || row.with(|row| row.as_ref().map_or('A', Row::letter)).to_string();
    let copied = Memo::new(move |_| row.with(|row| row.as_ref().map_or(0, |row| row.entry.copied)));
    let changed = Memo::new(move |_| row.with(|row| row.as_ref().map(Row::changed)));
    let moved = Memo::new(move |_| {
        let from = row.with(|row| row.as_ref().filter(|row| row.did == Did::Renamed)?.from.clone());
        from.map(|from| names::middle(&names::bytes(&from), 40).into_owned())
    });
    let is_directory =
        Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.entry.kind == 'd')));
    let to = {
        let path = path.clone();
        move || {
            let name = vessel.name.get_value();
            let view = match bar.place() {
                Place::Container(view) if view.name == name => *view,
                _ => Container::of(&name),
            };
            Place::Container(Box::new(Container {
                tab: ContainerTab::Changes,
                path: path.clone(),
                beside: None,
                ..view
            }))
            .print()
        }
    };
    let origin = move || {
        let layer = from.get()?;
        Some(view! {
            <span class="layer chip" class:of-base=move || layer < vessel.base() class:lit=move || vessel.lit.get() == Some(layer) style=hues::style(layer) data-layer=layer>
                <span class="stripe"></span>{tongue.with(Word::FromLayerN, [(layer + 1).to_string()])}</span>
        })
    };
    let ghost_style = move || from.get().filter(|_| did.get() == Did::WhitedOut).map(hues::style);
    view! {
        <li node_ref=host class="tile" class:layer=move || did.get() == Did::WhitedOut class:ghost=move || did.get() == Did::WhitedOut
            class:of-base=move || from.get().is_some_and(|layer| layer < vessel.base()) style=ghost_style
            data-testid="writable-row" data-path=strata_api::path::encode(&path) data-deed=move || did.get().name()
            data-change=letter data-from=move || from.get() data-copied=copied
            data-changed=move || changed.get().filter(|changed| changed.whole).map(|changed| changed.bytes)>
            <span class="stripe"></span>
            <span class="sign" aria-hidden="true">{move || did.get().sign()}</span>
            <a class="tile-path mono" href=to title=shown>{short}{move || is_directory.get().then_some("/")}</a>
            <span class="did">{move || match moved.get() {
                    Some(from) => Word::MovedFrom.with(tongue.lang(), &[&from]),
                    None => word(did.get()).text(tongue.lang()).to_owned(),
                }}
                {move || (copied.get() > 0 && !is_directory.get()).then(|| {
                    let says = bytes(copied.get(), changed.get(), tongue.lang());
                    view! { <span class="faint" data-testid="copied-for">" · "{says}</span> }
                })}</span>
            {origin}
        </li>
    }
}

/// What was copied, and for how much that was needed.
fn bytes(copied: u64, changed: Option<Changed>, lang: Lang) -> String {
    let size = |bytes| figures::Size::of(bytes).to_string();
    match changed {
        Some(Changed { bytes, whole: true }) => Word::CopiedFor.with(lang, &[&size(copied), &size(bytes)]),
        Some(Changed { bytes, whole: false }) if bytes > 0 => {
            Word::CopiedForLeast.with(lang, &[&size(copied), &size(bytes)])
        }
        _ => Word::CopiedBytes.with(lang, &[&size(copied)]),
    }
}

/// What happened, in words.
pub fn word(did: Did) -> Word {
    match did {
        Did::Created => Word::DidCreated,
        Did::Renamed => Word::DidRenamed,
        Did::CopiedUp => Word::DidCopiedUp,
        Did::Replaced => Word::DidReplaced,
        Did::Attributes => Word::DidAttributes,
        Did::Same => Word::DidSame,
        Did::MadeOpaque => Word::DidOpaque,
        Did::WhitedOut => Word::DidDeleted,
    }
}

/// Lets a tile come from its layer's sheet: it starts there and moves to where it is.
fn lift(tile: &HtmlElement, layer: usize) {
    let stack = tile.closest(".stack-root, .stack").ok().flatten();
    let sheet = stack.and_then(|stack| {
        let inside = stack.query_selector(&format!("[data-sheet='{layer}']")).ok().flatten();
        inside.or_else(|| document().query_selector(&format!("[data-sheet='{layer}']")).ok().flatten())
    });
    if let Some(sheet) = sheet {
        let (from, to) = (sheet.get_bounding_client_rect(), tile.get_bounding_client_rect());
        let style = tile.style();
        // Fails for a bad property name only.
        let _ = style.set_property("--lift-y", &format!("{:.0}px", from.top() - to.top()));
        let _ = style.set_property("--lift-x", &format!("{:.0}px", from.left() - to.left()));
        if let Ok(sheet) = sheet.dyn_into::<HtmlElement>() {
            restart(&sheet, "gives");
        }
    }
    restart(tile, "lifts");
}

/// Plays an animation again from its beginning.
fn restart(element: &HtmlElement, class: &str) {
    let list = element.class_list();
    let _ = list.remove_2("lifts", "appears");
    let _ = list.remove_1(class);
    // Asking for its size makes the browser take note that the class was gone.
    let _ = element.offset_width();
    let _ = list.add_1(class);
}
