//! What is in a file: text, hex, a picture, or a download.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use web_sys::AbortController;

use super::{Subject, hex::HexView, picture::PictureView, text::TextView, use_explorer};
use crate::{
    address::Tab,
    content::{Content as What, sniff},
    page::{
        api::{Failure, use_client},
        marks::Wrong,
        tongue::use_tongue,
    },
    words::Word,
};

/// Bytes that the beginning of a file is judged by; they are also the first that are drawn.
pub const HEAD: u64 = 64 * 1024;

/// The beginning of a file.
#[derive(Clone)]
pub struct Head {
    /// Where the file is.
    pub url: String,
    /// Its size.
    pub size: u64,
    /// Its first bytes.
    pub bytes: Arc<Vec<u8>>,
    /// What it is.
    pub what: What,
}

/// Tabs and what they show; only the beginning is fetched until more is asked for.
#[component]
pub fn Content(subject: Subject) -> impl IntoView {
    let (tongue, explorer, client) = (use_tongue(), use_explorer(), use_client());
    let head = RwSignal::new(None::<Result<Head, Failure>>);
    let stop = StoredValue::new_local(AbortController::new().ok());
    let (url, size) = (subject.url(), subject.size);
    spawn_local({
        let url = url.clone();
        async move {
            let signal = stop.try_with_value(|stop| stop.as_ref().map(AbortController::signal)).flatten();
            let answer = match size {
                0 => Ok(Vec::new()),
                _ => client
                    .bytes(&url, Some((0, HEAD.min(size))), signal.as_ref())
                    .await
                    .map(|part| part.bytes),
            };
            let _ = head.try_set(Some(answer.map(|bytes| Head {
                what: sniff(&bytes),
                url,
                size,
                bytes: Arc::new(bytes),
            })));
        }
    });
    on_cleanup(move || {
        if let Some(Some(stop)) = stop.try_get_value() {
            stop.abort();
        }
    });
    let chosen = Memo::new(move |_| explorer.view.with(|view| view.tab));
    let shown = move || match head.get() {
        None => view! { <div class="reading" aria-busy="true">{[60, 35, 72, 48, 20].map(|width| view! {
            <span class="skeleton row-skeleton" style=format!("width:{width}%")></span>
        })}</div> }
        .into_any(),
        Some(Err(failure)) => {
            view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> }.into_any()
        }
        Some(Ok(head)) if head.size == 0 => {
            view! { <p class="faint hint">{tongue.say(Word::EmptyFile)}</p> }.into_any()
        }
        Some(Ok(head)) => match (chosen.get().unwrap_or(head.what.usual_tab()), head.what) {
            (Tab::Picture, What::Picture { media_type, .. }) => {
                view! { <PictureView head media_type/> }.into_any()
            }
            (Tab::Text, _) => view! { <TextView head/> }.into_any(),
            _ => view! { <HexView head/> }.into_any(),
        },
    };
    let what = move || head.get().and_then(Result::ok).map(|head| head.what);
    view! {
        <div class="tabs">
            <div role="tablist" aria-label=tongue.say(Word::File)>
                {[(Tab::Text, Word::TabText), (Tab::Hex, Word::TabHex), (Tab::Picture, Word::TabPicture)].map(|(tab, word)| {
                    let is_shown = move || chosen.get().or(what().map(What::usual_tab)) == Some(tab);
                    let is_there = move || tab != Tab::Picture || matches!(what(), Some(What::Picture { .. }));
                    view! {
                        <button type="button" role="tab" data-testid=format!("tab-{}", tab.name()) aria-controls="file-content"
                            hidden=move || !is_there() aria-selected=move || is_shown().to_string()
                            on:click=move |_| explorer.bar.change(|view| view.tab = Some(tab))>{tongue.say(word)}</button>
                    }
                })}
            </div>
            <span class="faint">{move || what().and_then(What::name)}</span>
            <span class="spring"></span>
            <a class="quiet" data-testid="download" href=url download=subject.file_name()>{tongue.say(Word::Download)}</a>
        </div>
        <div id="file-content" class="file-content" role="tabpanel" data-testid="file-content">{shown}</div>
    }
}
