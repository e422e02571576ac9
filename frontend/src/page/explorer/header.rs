//! Which image this is.

use leptos::prelude::*;

#[cfg(feature = "whole")]
use super::surgery::Surgery;
use super::{outside, use_explorer};
use crate::{
    moments, names,
    page::{dialogs::use_dialogs, dom, marks::CopyButton, tongue::use_tongue},
    shelf::repository_and_tag,
    words::Word,
};

/// Name, id, platform, age, and the command that pulls it again.
#[component]
pub fn Header() -> impl IntoView {
    let (tongue, explorer, dialogs) = (use_tongue(), use_explorer(), use_dialogs());
    let (reference, remote) = explorer.view.with_untracked(|view| (view.reference.clone(), view.remote));
    let (repository, tag) = repository_and_tag(&reference);
    let (repository, tag) = (names::text(repository).into_owned(), names::text(tag).into_owned());
    // Pinned by digest where the image has one, so that the command pulls this image and no later one.
    let pull = Signal::derive({
        let reference = reference.clone();
        move || {
            let pinned = explorer
                .detail
                .with(|detail| detail.as_ref().and_then(|detail| detail.repo_digests.first().cloned()));
            format!("docker pull {}", pinned.unwrap_or_else(|| reference.clone()))
        }
    });
    let run = reference.clone();
    let known = move || {
        explorer.detail.get().map(|detail| {
            let card = &detail.card;
            let created = card.created.as_deref().and_then(moments::parse);
            let stamp = created.map(|then| format!("{} UTC", moments::stamp(then)));
            let id = card.id.digest().clone();
            let platform = names::text(&card.platform.to_string()).into_owned();
            view! {
                <code class="faint" title=id.to_string() data-testid="image-id">{id.short().to_owned()}</code>
                <span class="faint">{platform}</span>
                <span class="faint" title=stamp>{move || created.map(|then| moments::age(then, dom::clock(), tongue.lang()))}</span>
            }
        })
    };
    view! {
        <header class="image-head">
            <h1 data-testid="image-name">{repository}<span class="tag">{tag}</span></h1>
            {known}
            {outside::head()}
            <span class="spring"></span>
            {(!remote).then(|| view! { <button type="button" class="button" data-testid="run-open" on:click=move |_| dialogs.open_run(&run)>{tongue.say(Word::Run)}</button> })}
            {move || (!remote && explorer.layers() > 1).then(|| view! {
                <button type="button" class="button" data-testid="surgery-open" on:click=move |_| explorer.bar.change(|view| view.surgery = true)>{tongue.say(Word::Surgery)}</button>
            })}
            {surgery()}
            <CopyButton text=pull label=Word::CopyPull testid="copy-pull"/>
        </header>
    }
}

/// The dialog is where the program has it; else the address of the open one loads the one that does.
#[cfg(feature = "whole")]
fn surgery() -> impl IntoView {
    view! { <Surgery/> }
}

#[cfg(not(feature = "whole"))]
fn surgery() {}
