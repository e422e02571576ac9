//! Which files a container reads, and how much of each layer nobody ever does.

mod sheet;
mod state;

use leptos::prelude::*;

use super::use_vessel;
use crate::{
    heat::File,
    hues, names,
    page::{
        marks::{Size, Wrong},
        tongue::use_tongue,
    },
    words::Word,
};
pub use sheet::SheetReads;
use sheet::{Share, sign, word};
pub use state::Reading;

/// Rows drawn at once; the next as many come on demand.
const PAGE: usize = 200;

/// The tab.
#[component]
pub fn ReadsTab() -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let reading = vessel.reading;
    let known = Memo::new(move |_| reading.is_known());
    let ended = move || reading.wanted.get() && !vessel.state().is_live();
    view! {
        <div class="reads" data-testid="reads">
            {move || reading.failure.get().map(|failure| view! {
                <div class="reads-note">
                    <Wrong text=Signal::derive(move || format!("{} {}", Word::ReadsUnavailable.text(tongue.lang()), failure.say(tongue.lang())))/>
                </div>
            })}
            {move || ended().then(|| view! { <p class="faint reads-note" role="status">{tongue.say(Word::ReadsEnded)}</p> })}
            {move || if known.get() {
                view! { <Known/> }.into_any()
            } else {
                view! {
                    <div class="reads-ask">
                        <p>{tongue.say(Word::ReadsHow)}</p>
                        <FollowButton main=true/>
                    </div>
                }.into_any()
            }}
        </div>
    }
}

/// Begins and ends the following.
#[component]
pub fn FollowButton(
    /// As the one thing to do here.
    #[prop(optional)]
    main: bool,
) -> impl IntoView {
    let (tongue, reading) = (use_tongue(), use_vessel().reading);
    let class = if main { "button main" } else { "quiet" };
    let says = move || {
        let word = if main && reading.wanted.get() { Word::ReadsStop } else { Word::ReadsFollow };
        word.text(tongue.lang())
    };
    let testid = if main { "reads-follow" } else { "reads-toggle" };
    view! {
        <button type="button" class=class data-testid=testid title=tongue.say(Word::ReadsHow)
            aria-pressed=move || (!main).then(|| reading.wanted.get().to_string()) on:click=move |_| reading.turn()>{says}</button>
    }
}

/// Layers at the left, files at the right.
#[component]
fn Known() -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let reading = vessel.reading;
    let total = Memo::new(move |_| reading.with(|heat| heat.total()));
    let lost = Memo::new(move |_| reading.with(|heat| heat.is_lost()));
    let layers = Memo::new(move |_| reading.with(|heat| heat.layers()));
    let written = Memo::new(move |_| reading.with(|heat| heat.written()));
    let says = move || {
        let total = total.get();
        (Word::ReadsOne.count(Word::ReadsMany, tongue.lang(), total.files), total.bytes)
    };
    let row = move |position: usize| {
        let warmth = Memo::new(move |_| reading.with(|heat| heat.layer(position)));
        view! {
            <li class="layer read-layer" class:of-base=move || position < vessel.base() class:cold=move || warmth.get().is_cold()
                class:lit=move || vessel.lit.get() == Some(position) style=hues::style(position) data-layer=position data-testid="read-layer"
                data-read=move || warmth.get().read.files data-files=move || warmth.get().all.files>
                <span class="stripe"></span><span class="number">{position + 1}</span>
                <Share warmth=Signal::derive(move || warmth.get())/>
            </li>
        }
    };
    view! {
        <div class="reads-layers">
            <div class="changes-bar">
                <FollowButton/>
                <span class="faint" data-testid="reads-total" data-files=move || total.get().files data-bytes=move || total.get().bytes>
                    {move || says().0}" · "{move || view! { <Size bytes=says().1/> }}</span>
            </div>
            {move || lost.get().then(|| view! { <p class="reads-note" role="note" data-testid="reads-lost">{tongue.say(Word::ReadsLost)}</p> })}
            <ol aria-label=tongue.say(Word::StackLabel)>
                {move || (written.get().files > 0).then(|| {
                    let files = written.get();
                    view! {
                        <li class="layer writable read-layer" data-testid="read-writable"><span class="stripe"></span><span class="number"></span>
                            <span class="share"><b>{tongue.say(Word::Writable)}</b><span class="share-words">{tongue.count(Word::ReadsOne, Word::ReadsMany, files.files)}</span><Size bytes=files.bytes/></span></li>
                    }
                })}
                {move || (0..layers.get()).rev().map(row).collect_view()}
            </ol>
        </div>
        <Files/>
    }
}

/// The files, the latest first.
#[component]
fn Files() -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let reading = vessel.reading;
    let shown = RwSignal::new(PAGE);
    let all = Memo::new(move |_| reading.with(|heat| heat.total().files) as usize);
    let drawn = move || reading.with(|heat| heat.recent().take(shown.get()).cloned().collect::<Vec<_>>());
    let row = move |file: File| {
        let path = format!("/{}", names::bytes(&file.path));
        view! {
            <li class="layer read-row" class:writable=file.layer.is_none() class:of-base=move || file.layer.is_some_and(|layer| layer < vessel.base())
                class:lit=move || file.layer.is_some() && vessel.lit.get() == file.layer style=file.layer.map(hues::style) data-layer=file.layer
                data-testid="read-row" data-path=strata_api::path::encode(&file.path)>
                <span class="stripe"></span>
                <span class="sign" aria-hidden="true">{sign(file.how)}</span>
                <span class="mono change-name" title=path.clone()>{names::middle(&path, 72).into_owned()}</span>
                <span class="faint read-how">{tongue.say(word(file.how))}</span>
                <Size bytes=file.size/>
            </li>
        }
    };
    view! {
        <div class="reads-files">
            {move || (all.get() == 0).then(|| view! { <p class="faint hint" data-testid="reads-none">{tongue.say(Word::ReadsNone)}</p> })}
            <ul aria-label=tongue.say(Word::ReadsRecent) tabindex="0" data-testid="read-rows">
                <For each=drawn key=|file| (file.layer, file.path.clone(), file.how) children=row/>
            </ul>
            {move || (all.get() > shown.get()).then(|| view! {
                <button type="button" class="button more" on:click=move |_| shown.update(|shown| *shown += PAGE)>
                    {move || Word::MoreLines.with(tongue.lang(), &[&shown.get().to_string(), &all.get().to_string()])}</button>
            })}
        </div>
    }
}
