//! The files: a toolbar and the tree.

mod keys;
mod painter;
mod slot;
mod toolbar;
mod tree;

use leptos::prelude::*;

use super::{Explorer, outside, use_explorer};
use crate::{address::Marks, names, page::tongue::use_tongue, words::Word};
use toolbar::Toolbar;
use tree::TreeView;

/// The middle pane.
#[component]
pub fn FilesPane() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let is_loaded = Memo::new(move |_| explorer.revision.get() > 0);
    let reading = move || {
        let (here, all) = explorer.read.get();
        Word::ReadingLayers.with(tongue.lang(), &[&here.to_string(), &all.to_string()])
    };
    let share = move || {
        let (here, all) = explorer.read.get();
        format!("width:{}%", 100 * here / all.max(1))
    };
    view! {
        <section class="pane files-pane" aria-label=tongue.say(Word::Files) class:no-attributes=move || explorer.view.with(|view| view.no_attributes)>
            <Toolbar/>
            {move || if is_loaded.get() {
                view! { <TreeView/><Nothing/> }.into_any()
            } else {
                view! {
                    <div class="reading" aria-busy="true" data-testid="reading">
                        <p class="faint" role="status">{reading}</p>
                        <div class="bar"><i style=share></i></div>
                        {[46, 30, 52, 38, 44, 26, 35].map(|width| view! { <span class="skeleton row-skeleton" style=format!("width:{width}%")></span> })}
                    </div>
                }.into_any()
            }}
        </section>
    }
}

/// Why there is no row, and the one thing to do about it.
#[component]
fn Nothing() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let empty = Memo::new(move |_| {
        explorer.revision.track();
        explorer.with_tree(|tree| tree.is_empty()).unwrap_or(false)
    });
    let reason = move || {
        let lang = tongue.lang();
        let only = explorer.view.with(|view| view.only_layer());
        if let Some(unread) = outside::unread(only, lang) {
            return unread;
        }
        explorer.view.with(|view| {
            let on = (0..explorer.layers()).any(|layer| view.is_on(layer));
            match view.only_layer() {
                _ if !view.filter.is_empty() => Word::NoMatch.with(lang, &[&names::text(&view.filter)]),
                Some(layer) => Word::LayerDidNothing.with(lang, &[&(layer + 1).to_string()]),
                None if explorer.layers() == 0 => Word::EmptyImage.text(lang).to_owned(),
                None if !on => Word::AllOff.text(lang).to_owned(),
                None => Word::NothingLeft.text(lang).to_owned(),
            }
        })
    };
    let everything = move |_| explorer.bar.change(show_everything);
    move || {
        empty.get().then(|| view! {
            <div class="notice small" data-testid="no-rows">
                <p>{reason}</p>
                <button type="button" class="button" on:click=everything>{tongue.say(Word::ShowEverything)}</button>
            </div>
        })
    }
}

fn show_everything(view: &mut crate::address::View) {
    view.filter.clear();
    view.merged = view.layer.is_some();
    view.leave_out(Marks::default());
    view.no_ghosts = false;
    view.upto = None;
    view.off.clear();
}
