//! What is read of a layer, drawn in its sheet.

use leptos::prelude::*;
use strata_api::live::How;

use super::super::use_vessel;
use crate::{
    heat::{File, Warmth},
    names,
    page::tongue::use_tongue,
    words::Word,
};

/// In a layer's sheet: its share that was read, and the files that are read just now.
#[component]
pub fn SheetReads(position: usize) -> impl IntoView {
    let reading = use_vessel().reading;
    let warmth = Memo::new(move |_| reading.layer(position));
    let lit = Memo::new(move |_| reading.lit(position));
    move || {
        warmth.get().map(|_| {
            view! {
                <span class="sheet-reads">
                    <Share warmth=Signal::derive(move || warmth.get().unwrap_or_default())/>
                    <ul class="tiles lit-tiles">
                        <For each=move || lit.get() key=|file| file.path.clone() let:file><Tile file/></For>
                    </ul>
                </span>
            }
        })
    }
}

/// A bar and the same in words.
#[component]
pub fn Share(
    /// How much of it was read.
    warmth: Signal<Warmth>,
) -> impl IntoView {
    let tongue = use_tongue();
    let says = move || {
        let Warmth { read, all } = warmth.get();
        let count = crate::figures::grouped;
        match (read.files, all.files) {
            (0, 0) => Word::ReadsNoFiles.text(tongue.lang()).to_owned(),
            (0, all) => Word::ReadsNever.with(tongue.lang(), &[&count(all)]),
            (read, all) => Word::ReadsOf.with(tongue.lang(), &[&count(read), &count(all)]),
        }
    };
    let bytes = move || {
        let Warmth { read, all } = warmth.get();
        let size = |bytes| crate::figures::Size::of(bytes).to_string();
        (read.files > 0).then(|| Word::ReadsBytes.with(tongue.lang(), &[&size(read.bytes), &size(all.bytes)]))
    };
    let width = move || format!("width:{:.1}%", warmth.get().share() * 100.0);
    view! {
        <span class="share" class:cold=move || warmth.get().is_cold()>
            <span class="share-bar" aria-hidden="true"><i style=width></i></span>
            <span class="share-words">{says}</span>
            <span class="share-bytes faint" title=tongue.say(Word::ReadsBytesHow)>{bytes}</span>
        </span>
    }
}

/// A file that lights up in its layer.
#[component]
fn Tile(file: File) -> impl IntoView {
    let shown = format!("/{}", names::bytes(&file.path));
    view! {
        <li class="tile read" data-testid="lit-tile" data-path=strata_api::path::encode(&file.path)>
            <span class="sign" aria-hidden="true">{sign(file.how)}</span>
            <span class="tile-path mono" title=shown.clone()>{names::middle(&shown, 48).into_owned()}</span>
        </li>
    }
}

/// What was done with a file, as a sign.
pub fn sign(how: How) -> &'static str {
    match how {
        How::Opened => "○",
        How::Read => "●",
        How::Executed => "▶",
    }
}

/// The same in words.
pub fn word(how: How) -> Word {
    match how {
        How::Opened => Word::HowOpened,
        How::Read => Word::HowRead,
        How::Executed => Word::HowExecuted,
    }
}
