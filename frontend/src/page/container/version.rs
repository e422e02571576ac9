//! A changed file: what it is now against what is below.

use std::{sync::Arc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use strata_api::explorer::Change;

use super::{tile::word, use_vessel};
use crate::{
    content::{Content, sniff},
    diff::{self, Fate},
    figures::Size,
    hues, names,
    page::{api::Failure, marks::Wrong, seen::pause, tongue::use_tongue},
    text::Reader,
    upper::{Did, Row},
    words::Word,
};

/// Bytes of each version that are fetched; larger files aren't compared here.
const MOST: u64 = 512 * 1024;
/// While a file is being written to, it is looked at no more often.
const REST: Duration = Duration::from_millis(150);

/// Both versions, as far as there are any.
#[derive(Clone)]
struct Pair {
    below: Option<Arc<Vec<u8>>>,
    now: Option<Arc<Vec<u8>>>,
}

/// Which of them is shown.
#[derive(Clone, Copy, PartialEq)]
enum Show {
    Diff,
    Now,
    Below,
}

/// The chosen path.
#[component]
pub fn Version(path: Vec<u8>) -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let row = Memo::new({
        let path = path.clone();
        move |_| vessel.row(&path)
    });
    let shown = format!("/{}", names::bytes(&path));
    let title = shown.clone();
    // The version below is in a layer of the image, which may be known later than the container.
    let below = Memo::new(move |_| vessel.layers() > 0 || vessel.no_image.with(Option::is_some));
    let known = move || vessel.revision.get() > 0 && below.get();
    let body = move || {
        match row.get() {
        Some(row) if row.entry.from.is_none() || below.get() => view! { <Open row/> }.into_any(),
        None if known() => {
            view! { <p class="faint hint" data-testid="change-absent">{tongue.with(Word::NotChanged, [shown.clone()])}</p> }
                .into_any()
        }
        _ => view! { <span class="skeleton" style="width:60%"></span> }.into_any(),
    }
    };
    view! {
        <h3 class="mono version-path" data-testid="change-path" title=title.clone()>{names::middle(&title, 72).into_owned()}</h3>
        {body}
    }
}

#[component]
fn Open(row: Row) -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let pair = RwSignal::new(None::<Result<Pair, Failure>>);
    let kind = row.entry.kind;
    let both = row.did != Did::WhitedOut && row.entry.from.is_some() && row.entry.change == Change::Modified;
    let usual = match row.did {
        Did::WhitedOut => Show::Below,
        _ if both => Show::Diff,
        _ => Show::Now,
    };
    let show = RwSignal::new(usual);
    let has_content = matches!(kind, 'f' | 'w');
    if has_content {
        let row = row.clone();
        spawn_local(async move {
            pause(REST).await;
            if pair.try_get_untracked().is_none() {
                return;
            }
            let _ = pair.try_set(Some(fetch(vessel, &row).await));
        });
    }
    let did = row.did;
    let from = row.entry.from;
    let facts = view! {
        <p class="version-facts">
            <span class="layer writable chip"><span class="stripe"></span>{tongue.say(word(did))}</span>
            {from.map(|layer| view! {
                <span class="layer chip" class:of-base=move || layer < vessel.base() style=hues::style(layer) data-layer=layer><span class="stripe"></span>
                    {tongue.with(Word::FromLayerN, [(layer + 1).to_string()])}</span>
            })}
            {both.then(|| view! {
                <span class="segments" role="group">
                    {[(Show::Diff, Word::TabDiff, "show-diff"), (Show::Now, Word::TabNow, "show-now"), (Show::Below, Word::TabBelow, "show-below")].map(|(is, word, testid)| view! {
                        <button type="button" data-testid=testid aria-pressed=move || (show.get() == is).to_string() on:click=move |_| show.set(is)>{tongue.say(word)}</button>
                    })}
                </span>
            })}
        </p>
        {(did == Did::Attributes || did == Did::Same).then(|| view! { <p class="faint note">{tongue.say(Word::SameContent)}</p> })}
        {(did == Did::WhitedOut).then(|| view! { <p class="faint note">{tongue.say(Word::DeletedHere)}</p> })}
    };
    let size = row.entry.size;
    let body = move || {
        if !has_content {
            return view! { <p class="faint note" data-testid="no-content">{tongue.say(Word::NoContent)}</p> }.into_any();
        }
        match pair.get() {
            None => view! { <div class="reading" aria-busy="true">{[60, 35, 72].map(|width| view! {
            <span class="skeleton row-skeleton" style=format!("width:{width}%")></span> })}</div> }
            .into_any(),
            Some(Err(failure)) => {
                view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> }.into_any()
            }
            Some(Ok(pair)) => match (show.get(), pair.below, pair.now) {
                (Show::Diff, Some(below), Some(now)) => view! { <DiffView below now layer=from/> }.into_any(),
                (Show::Below, Some(bytes), _) => view! { <Plain bytes layer=from size=None/> }.into_any(),
                (_, _, Some(bytes)) => view! { <Plain bytes layer=None size=Some(size)/> }.into_any(),
                _ => view! { <p class="faint note">{tongue.say(Word::NoContent)}</p> }.into_any(),
            },
        }
    };
    view! { {facts}{body} }
}

/// Brings the versions that there are.
async fn fetch(vessel: super::Vessel, row: &Row) -> Result<Pair, Failure> {
    // All that is asked of the page is asked now: it may be gone before the first answer is here.
    let (path, id) = (strata_api::path::encode(&row.path), vessel.known_id());
    let get = |url: String| async move {
        match vessel.client.bytes(&url, Some((0, MOST)), None).await {
            Ok(part) => Ok(Some(Arc::new(part.bytes))),
            // An empty file has no range; a directory or a link below has no bytes.
            Err(Failure::Refused { status: 416, .. }) => Ok(Some(Arc::default())),
            Err(Failure::Refused { status: 400 | 404 | 409, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    };
    let wants_below = row.did == Did::WhitedOut || row.entry.change == Change::Modified;
    let below = match row.entry.from.filter(|_| wants_below).and_then(|layer| vessel.layer(layer)) {
        Some(diff_id) => get(format!("/api/layers/{diff_id}/file?path={path}")).await?,
        None => None,
    };
    let now = match row.did {
        Did::WhitedOut => None,
        _ if row.entry.size == 0 => Some(Arc::default()),
        _ => get(format!("/api/containers/{id}/file?path={path}")).await?,
    };
    Ok(Pair { below, now })
}

/// A version by itself, with the stripe of the layer that it is in.
#[component]
fn Plain(bytes: Arc<Vec<u8>>, layer: Option<usize>, size: Option<u64>) -> impl IntoView {
    let tongue = use_tongue();
    if bytes.is_empty() {
        return view! { <p class="faint note" data-testid="change-text">{tongue.say(Word::EmptyFile)}</p> }
            .into_any();
    }
    let length = size.unwrap_or(bytes.len() as u64);
    if sniff(&bytes[..bytes.len().min(4096)]) != Content::Text {
        let size = Size::of(length).to_string();
        return view! { <p class="faint note" data-testid="change-binary">{tongue.with(Word::NotTextNow, [size])}</p> }
            .into_any();
    }
    let block = Reader::default().push(&bytes, true);
    let style = layer.map(hues::style);
    let cut = bytes.len() as u64 >= MOST;
    view! {
        {cut.then(|| view! { <p class="faint note">{tongue.with(Word::OnlyFirst, [Size::of(MOST).to_string()])}</p> })}
        <div class="lines layer striped" class:writable=layer.is_none() style=style tabindex="0" data-testid="change-text">
            {block.map(|block| view! { <div class="block"><pre class="line-numbers" aria-hidden="true">{block.numbers()}</pre><pre class="code">{block.text}</pre></div> })}
        </div>
    }
    .into_any()
}

/// Both versions line by line.
#[component]
fn DiffView(below: Arc<Vec<u8>>, now: Arc<Vec<u8>>, layer: Option<usize>) -> impl IntoView {
    let tongue = use_tongue();
    let sizes = [&below, &now].map(|bytes| Size::of(bytes.len() as u64).to_string());
    let is_text = |bytes: &[u8]| bytes.is_empty() || sniff(&bytes[..bytes.len().min(4096)]) == Content::Text;
    if !is_text(&below) || !is_text(&now) {
        return view! { <p class="faint note" data-testid="change-binary">{tongue.with(Word::NotText, sizes)}</p> }.into_any();
    }
    if below.len() as u64 >= MOST || now.len() as u64 >= MOST {
        return view! { <p class="faint note" data-testid="change-binary">{tongue.with(Word::TooLarge, sizes)}</p> }.into_any();
    }
    let diff = diff::compare(&below, &now);
    if diff.hunks.is_empty() {
        return view! { <p class="faint note" data-testid="diff">{tongue.say(Word::SameLines)}</p> }
            .into_any();
    }
    let line = move |line: &diff::Line<'_>| {
        let (class, sign, style) = match line.fate {
            Fate::Kept => ("diff-line", " ", None),
            Fate::Removed => ("layer diff-line removed", "−", layer.map(hues::style)),
            Fate::Added => ("layer writable diff-line added", "+", None),
        };
        let number = |shown: bool, number: usize| shown.then(|| number.to_string());
        view! {
            <div class=class style=style data-testid="diff-line" data-fate=match line.fate { Fate::Kept => "kept", Fate::Removed => "removed", Fate::Added => "added" }>
                <span class="stripe"></span>
                <span class="diff-number">{number(line.fate != Fate::Added, line.old)}</span>
                <span class="diff-number">{number(line.fate != Fate::Removed, line.new)}</span>
                <span class="diff-sign">{sign}</span>
                <span class="diff-text">{names::content(line.text)}</span>
            </div>
        }
    };
    let hunks = diff
        .hunks
        .iter()
        .map(|hunk| view! { <div class="hunk">{hunk.lines.iter().map(line).collect_view()}</div> })
        .collect_view();
    view! {
        <p class="faint note diff-sums">
            <span data-testid="lines-added">{tongue.with(Word::LinesAdded, [diff.added.to_string()])}</span>" · "
            <span data-testid="lines-removed">{tongue.with(Word::LinesRemoved, [diff.removed.to_string()])}</span></p>
        <div class="diff mono" tabindex="0" data-testid="diff">{hunks}</div>
    }
    .into_any()
}
