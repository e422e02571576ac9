//! What keys do in the tree.

use std::time::Duration;

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};

use super::{
    Explorer,
    toolbar::{flip_mark, fold_all},
};
use crate::{
    keymap::{Action, Pane, action},
    page::dom,
};

/// How long the cursor rests before what it is on is opened.
const REST: Duration = Duration::from_millis(90);

/// Does what a key asks for; `page` rows fit on the screen.
pub fn on_key(event: &ev::KeyboardEvent, explorer: Explorer, page: usize) {
    let ctrl = event.ctrl_key() || event.meta_key();
    if event.alt_key() || event.key() == "Tab" && event.shift_key() || dom::is_typing(event) {
        return;
    }
    let Some(action) = action(Pane::Tree, &event.key(), ctrl) else { return };
    event.prevent_default();
    event.stop_propagation();
    let row = explorer.cursor.get_untracked();
    match action {
        Action::Up => go(explorer, row.saturating_sub(1)),
        Action::Down => go(explorer, row + 1),
        Action::PageUp => go(explorer, row.saturating_sub(page)),
        Action::PageDown => go(explorer, row + page),
        Action::First => go(explorer, 0),
        Action::Last => go(explorer, usize::MAX),
        Action::Open => unfold(explorer, row),
        Action::Close => fold(explorer, row),
        Action::Fold => toggle(explorer, row),
        Action::FoldAll => fold_all(explorer, false),
        Action::UnfoldAll => fold_all(explorer, true),
        Action::Added => flip_mark(explorer, |marks| marks.added ^= true),
        Action::Removed => flip_mark(explorer, |marks| marks.deleted ^= true),
        Action::Modified => flip_mark(explorer, |marks| marks.modified ^= true),
        Action::Unmodified => flip_mark(explorer, |marks| marks.unmodified ^= true),
        Action::Attributes => explorer.bar.change(|view| view.no_attributes = !view.no_attributes),
        Action::Sort => explorer.bar.change(|view| view.by_size = !view.by_size),
        Action::OnlyLayer => {
            let layer = explorer.view.with_untracked(|view| view.layer);
            let own =
                explorer.with_tree(|tree| Some(tree.union().node(tree.node(row)?).layer as usize)).flatten();
            explorer.select_layer(layer.or(own), false);
        }
        Action::NextPane => dom::focus("file"),
        _ => {}
    }
}

/// Does what a click on a row does: selects it, and folds or unfolds a directory.
pub fn choose(explorer: Explorer, row: usize) {
    let open = state(explorer, row);
    explorer.select_row(row, true);
    if let Some(open) = open {
        set(explorer, row, !open);
    }
}

/// Moves the cursor now and opens what it is on when it rests.
fn go(explorer: Explorer, row: usize) {
    thread_local! {
        static RESTING: std::cell::RefCell<Option<TimeoutHandle>> = const { std::cell::RefCell::new(None) };
    }
    let last = explorer.with_tree(|tree| tree.len()).unwrap_or(0).saturating_sub(1);
    let row = row.min(last);
    explorer.cursor.set(row);
    let rest = move || {
        if explorer.cursor.try_get_untracked() == Some(row) {
            explorer.select_row(row, false);
        }
    };
    let handle = set_timeout_with_handle(rest, REST).ok();
    if let Some(earlier) = RESTING.replace(handle) {
        earlier.clear();
    }
}

/// Whether a row is a directory, and open.
fn state(explorer: Explorer, row: usize) -> Option<bool> {
    explorer.with_tree(|tree| tree.row(row)).flatten()?.open
}

fn set(explorer: Explorer, row: usize, open: bool) {
    explorer.update_tree(|tree| {
        if let Some(node) = tree.node(row) {
            tree.fold(node, open);
        }
    });
}

fn unfold(explorer: Explorer, row: usize) {
    match state(explorer, row) {
        Some(false) => set(explorer, row, true),
        Some(true) => go(explorer, row + 1),
        None => {}
    }
}

fn fold(explorer: Explorer, row: usize) {
    match state(explorer, row) {
        Some(true) => set(explorer, row, false),
        _ => {
            if let Some(parent) = explorer.with_tree(|tree| tree.parent_row(row)).flatten() {
                go(explorer, parent);
            }
        }
    }
}

fn toggle(explorer: Explorer, row: usize) {
    match state(explorer, row) {
        Some(open) => set(explorer, row, !open),
        None => explorer.select_row(row, true),
    }
}
