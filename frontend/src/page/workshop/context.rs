//! The context's files.

use std::collections::BTreeSet;

use leptos::{html::Input, prelude::*, task::spawn_local};
use strata_api::path;
use strata_dockerfile::ignore::Ignore;

use super::{editor::use_desk, state::use_bench};
use crate::{
    names,
    page::{dom, marks::Size, tongue::use_tongue},
    words::{Craft, Word},
    workshop::context::{Row, WrongPath, context, ignored_by, typed},
};

/// What is asked for below the buttons.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Nothing,
    Path,
    Git,
}

/// The panel.
#[component]
pub fn ContextPanel() -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let closed = RwSignal::new(BTreeSet::<Vec<u8>>::new());
    let asks = RwSignal::new(Asks::Nothing);
    let over = RwSignal::new(false);
    let shown = Memo::new(move |_| {
        let ignore = bench.ignore.with(|text| Ignore::parse(text));
        bench
            .entries
            .with(|entries| closed.with(|closed| context(entries, closed, |path| ignored_by(&ignore, path))))
    });
    let sent = move || shown.with(|shown| (shown.sent_files, shown.sent_bytes));
    let left = move || shown.with(|shown| (shown.ignored_files, shown.ignored_bytes));
    let figures = move |word: Craft, (files, bytes): (u64, u64)| {
        let (lang, size) = (tongue.lang(), crate::figures::Size::of(bytes).to_string());
        word.with(lang, &[&Craft::FileCountOne.count(Craft::FileCount, lang, files), &size])
    };
    let drop_here = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        bench.take_dropped(&event, Vec::new());
    };
    let ask = move |what: Asks| asks.update(|asks| *asks = if *asks == what { Asks::Nothing } else { what });
    view! {
        <div class="context" class:over=over data-testid="context"
            on:dragover=move |event| { event.prevent_default(); over.set(true); }
            on:dragleave=move |_| over.set(false) on:drop=drop_here>
            <div class="context-bar">
                <button type="button" class="quiet" data-testid="context-add" aria-expanded=move || (asks.get() == Asks::Path).to_string()
                    on:click=move |_| ask(Asks::Path)>{tongue.say(Craft::ContextAdd)}</button>
                <button type="button" class="quiet" data-testid="context-upload" on:click=move |_| bench.take_picked(false, Vec::new())>{tongue.say(Craft::ContextUpload)}</button>
                <button type="button" class="quiet" data-testid="context-folder" on:click=move |_| bench.take_picked(true, Vec::new())>{tongue.say(Craft::ContextFolder)}</button>
                <button type="button" class="quiet" data-testid="context-git" aria-expanded=move || (asks.get() == Asks::Git).to_string()
                    on:click=move |_| ask(Asks::Git)>{tongue.say(Craft::ContextGit)}</button>
            </div>
            {move || match asks.get() {
                Asks::Nothing => ().into_any(),
                Asks::Path => view! { <AddFile close=move || asks.set(Asks::Nothing)/> }.into_any(),
                Asks::Git => view! { <FromGit close=move || asks.set(Asks::Nothing)/> }.into_any(),
            }}
            {move || bench.uploading.get().map(|bytes| {
                let size = crate::figures::Size::of(bytes).to_string();
                view! { <p class="pad faint" role="status" data-testid="uploading">{move || Craft::ContextUploading.with(tongue.lang(), &[&size])}</p> }
            })}
            <div class="context-tree" role="tree" aria-label=tongue.say(Craft::ContextFiles) data-testid="context-tree">
                <For each=move || shown.with(|shown| shown.rows.clone()) key=|row| format!("{row:?}") let:row>
                    <FileRow row closed/>
                </For>
            </div>
            <footer class="context-sum">
                <span data-testid="context-sent" data-bytes=move || sent().1>{move || figures(Craft::ContextSent, sent())}</span>
                {move || (left().0 > 0).then(|| view! { <span class="faint" data-testid="context-ignored">{move || figures(Craft::ContextIgnored, left())}</span> })}
                <span class="spring"></span>
                <span class="faint">{tongue.say(Craft::WorkshopDrop)}</span>
            </footer>
        </div>
    }
}

/// A file or a directory.
#[component]
fn FileRow(row: Row, closed: RwSignal<BTreeSet<Vec<u8>>>) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let asked = RwSignal::new(false);
    let (file, directory) = (row.path.clone(), row.kind == 'd');
    let shown = names::bytes(row.name());
    let whole = names::bytes(&row.path);
    let current = {
        let file = row.path.clone();
        move || bench.view.with(|view| view.file.clone()).unwrap_or_else(|| bench.dockerfile()) == file
    };
    let open = {
        let file = file.clone();
        move |_| {
            if !directory {
                return bench.show_file(Some(file.clone()));
            }
            closed.update(|closed| {
                if !closed.remove(&file) {
                    closed.insert(file.clone());
                }
            });
        }
    };
    let desk = use_desk();
    let remove = {
        let file = file.clone();
        move |_| {
            let file = file.clone();
            spawn_local(async move {
                match bench.client.send("DELETE", &bench.file_route(&file)).await {
                    Ok(()) => {
                        bench.papers.forget(&file);
                        desk.forget(&file);
                        if bench.view.with_untracked(|view| view.file.as_ref() == Some(&file)) {
                            bench.show_file(None);
                        }
                        drop(bench.refresh_files().await);
                    }
                    Err(failure) => drop(bench.refusal.try_set(Some(failure))),
                }
            });
        }
    };
    let ignored = row.ignored;
    let mode = crate::figures::rwx(if row.kind == 'f' { '-' } else { row.kind }, row.mode);
    let sign = match row.open {
        Some(true) => "▾",
        Some(false) => "▸",
        None => "",
    };
    let target = row.target.as_deref().map(|target| format!(" → {}", names::bytes(target)));
    let level = (row.depth + 1).to_string();
    let indent = format!("padding-left:{}px", 8 + row.depth * 14);
    let is_dockerfile = {
        let file = row.path.clone();
        move || bench.dockerfile() == file
    };
    let (ask_name, name) = (whole.clone(), whole.clone());
    view! {
        <div class="context-row" class:ignored=ignored.is_some() class:selected=current role="treeitem" style=indent
            attr:aria-level=level aria-expanded=row.open.map(|open| open.to_string())
            data-testid="context-row" data-path=path::encode(&row.path) data-kind=row.kind.to_string() data-ignored=ignored.map(|line| line.to_string())>
            <button type="button" class="context-name" title=format!("{mode} {whole}") on:click=open data-testid="context-open">
                <span class="fold" aria-hidden="true">{sign}</span>{shown}<span class="faint">{target}</span>
            </button>
            {ignored.map(|line| view! { <span class="by faint" data-testid="ignored-by">{tongue.with(Craft::ContextIgnoredBy, [line.to_string()])}</span> })}
            <span class="spring"></span>
            <Size bytes=row.bytes/>
            {move || (!is_dockerfile()).then({
                let (name, remove, ask_name) = (name.clone(), remove.clone(), ask_name.clone());
                move || view! {
                    <button type="button" class="quiet cross" data-testid="context-delete" aria-label=tongue.with(Craft::RemoveFileAsk, [name]) on:click=move |_| {
                        asked.set(true);
                        request_animation_frame(|| dom::focus("remove-yes"));
                    }>"✕"</button>
                    {move || asked.get().then(|| view! {
                        <span class="ask-over" role="alertdialog" on:keydown=move |event| if event.key() == "Escape" { asked.set(false) }>
                            <span>{tongue.with(Craft::RemoveFileAsk, [ask_name.clone()])}</span>
                            <button id="remove-yes" type="button" class="button grave" data-testid="context-delete-yes" on:click=remove.clone()>{tongue.say(Craft::Delete)}</button>
                            <button type="button" class="button" on:click=move |_| asked.set(false)>{tongue.say(Word::Cancel)}</button>
                        </span>
                    })}
                }
            })}
        </div>
    }
}

/// The path of a file that is to be added.
#[component]
fn AddFile(close: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let value = RwSignal::new(String::new());
    let input = NodeRef::<Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let read = Memo::new(move |_| value.with(|value| bench.entries.with(|entries| typed(value, entries))));
    let wrong = move || match read.get() {
        Err(WrongPath::Component) => Some(Craft::PathComponent),
        Err(WrongPath::Taken) => Some(Craft::PathTaken),
        _ => None,
    };
    let add = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Ok(file) = read.get_untracked() else { return };
        spawn_local(async move {
            let route = format!("{}&was=", bench.file_route(&file));
            match bench.client.upload("PUT", &route, b"").await {
                Ok(entry) => {
                    bench.take_entry(entry);
                    // Directories on the way are new too.
                    drop(bench.refresh_files().await);
                    bench.show_file(Some(file));
                    close();
                }
                Err(failure) => drop(bench.refusal.try_set(Some(failure))),
            }
        });
    };
    view! {
        <form class="context-ask" on:submit=add on:keydown=move |event| if event.key() == "Escape" { close() }>
            <input node_ref=input class="field mono" type="text" autocomplete="off" spellcheck="false" data-testid="context-path" placeholder="src/main.c"
                aria-label=tongue.say(Craft::ContextPath) aria-invalid=move || wrong().is_some().to_string()
                prop:value=value on:input:target=move |event| value.set(event.target().value())/>
            <button type="submit" class="button main" data-testid="context-add-do" disabled=move || read.with(Result::is_err)>{tongue.say(Craft::ContextAddDo)}</button>
            {move || wrong().map(|word| view! { <span class="wrong">{tongue.say(word)}</span> })}
        </form>
    }
}

/// The address of a repository.
#[component]
fn FromGit(close: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let url = RwSignal::new(String::new());
    let fetch = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        bench.take_git(url.get_untracked().trim().to_owned());
        close();
    };
    view! {
        <form class="context-ask" on:submit=fetch on:keydown=move |event| if event.key() == "Escape" { close() }>
            <input class="field mono" type="url" autocomplete="off" spellcheck="false" data-testid="context-git-url" placeholder=tongue.say(Craft::GitHint)
                aria-label=tongue.say(Craft::GitAddress) prop:value=url on:input:target=move |event| url.set(event.target().value())/>
            <button type="submit" class="button main" disabled=move || url.with(|url| url.trim().is_empty())>{tongue.say(Craft::GitFetch)}</button>
        </form>
    }
}
