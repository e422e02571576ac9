//! A file as lines; the rest comes on demand.

use leptos::{prelude::*, task::spawn_local};

use super::content::Head;
use crate::{
    figures::Size,
    page::{
        api::{Failure, use_client},
        marks::Wrong,
        tongue::use_tongue,
    },
    text::{Block, Reader},
    words::Word,
};

/// Bytes that "load more" adds.
const MORE: u64 = 256 * 1024;

/// The lines that are here and a button for more.
#[component]
pub fn TextView(head: Head) -> impl IntoView {
    let (tongue, client) = (use_tongue(), use_client());
    let Head { url, size, bytes, .. } = head;
    let reader = StoredValue::new(Reader::default());
    let blocks = RwSignal::new(Vec::<Block>::new());
    let loaded = RwSignal::new(0u64);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let take = move |bytes: &[u8]| {
        let now = loaded.get_untracked() + bytes.len() as u64;
        let last = now >= size || bytes.is_empty();
        if let Some(Some(block)) = reader.try_update_value(|reader| reader.push(bytes, last)) {
            let _ = blocks.try_update(|blocks| blocks.push(block));
        }
        // A file that turns out shorter than its entry says ends here.
        let _ = loaded.try_set(if bytes.is_empty() { size } else { now });
    };
    take(&bytes);
    let more = move |_| {
        let (url, from) = (url.clone(), loaded.get_untracked());
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match client.bytes(&url, Some((from, (from + MORE).min(size))), None).await {
                Ok(part) => take(&part.bytes),
                Err(why) => drop(failure.try_set(Some(why))),
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <div class="lines" tabindex="0" data-testid="text">
            <For each=move || blocks.get() key=|block| block.first let:block>
                <div class="block"><pre class="line-numbers" aria-hidden="true">{block.numbers()}</pre><pre class="code">{block.text}</pre></div>
            </For>
            {move || failure.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
            {
                let more = more.clone();
                move || (loaded.get() < size).then(|| view! {
                    <button type="button" class="button more" data-testid="load-more" disabled=busy on:click=more.clone()>
                        {tongue.with(Word::MoreLines, [Size::of(loaded.get()).to_string(), Size::of(size).to_string()])}
                    </button>
                })
            }
        </div>
    }
}
