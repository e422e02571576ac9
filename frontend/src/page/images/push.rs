//! The dialog that pushes an image.

use leptos::{ev, html, prelude::*, task::spawn_local};
use strata_api::{path, theatre::Deed};
use web_sys::AbortController;

use super::{layer_row::LayerRow, pull::explain, requests::Requests, shelf::follow_transfer, use_shelf};
use crate::{
    names,
    page::{
        api::{Failure, use_client},
        dialogs::{follow, use_dialogs},
        dom,
        logins::use_logins,
        marks::CopyButton,
        tongue::use_tongue,
    },
    pulling::{Outcome, Pulling},
    pushing::{Target, Wrong, suggestion},
    words::{Lang, Word},
};

/// The dialog, open or not.
#[component]
pub fn Push() -> impl IntoView {
    let (tongue, dialogs) = (use_tongue(), use_dialogs());
    let open = RwSignal::new(false);
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, open);
    Effect::new(move |_| open.set(dialogs.push.get().is_some()));
    let close = move || dialogs.push.set(None);
    view! {
        <dialog class="run-dialog push-dialog" node_ref=dialog data-testid="push-dialog" aria-label=tongue.say(Word::Push)
            on:close=move |_| close() on:mousedown=move |event| if dom::is_outside(&event) { close() }>
            {move || dialogs.push.get().map(|image| view! { <Pushing image/> })}
        </dialog>
    }
}

#[component]
fn Pushing(image: String) -> impl IntoView {
    let (tongue, dialogs, client, shelf) = (use_tongue(), use_dialogs(), use_client(), use_shelf());
    use_logins().refresh();
    let typed = RwSignal::new(suggestion(&image, &dom::host()));
    let target = Memo::new(move |_| typed.with(|typed| Target::read(typed)));
    let state = RwSignal::new(None::<Pulling>);
    let stop = StoredValue::new_local(None::<AbortController>);
    let cancel = move || stop.with_value(|stop| stop.iter().for_each(AbortController::abort));
    // A dialog that is closed cancels its push: nobody would see how it goes on.
    on_cleanup(cancel);
    // Known apart, so that the button to cancel isn't made anew under the pointer with each figure.
    let busy = Memo::new(move |_| {
        state.with(|state| state.as_ref().is_some_and(|state: &Pulling| state.outcome.is_none()))
    });
    let own = image.clone();
    let tags = move || target.with(|target| target.as_ref().is_ok_and(|target| target.name() != own));
    let hint = {
        let tags = tags.clone();
        move || match target.get() {
            Ok(target) => {
                let word = if tags() { Word::PushTags } else { Word::PushHow };
                word.with(tongue.lang(), &[&target.registry, &target.name()])
            }
            Err(wrong) => say(&wrong, tongue.lang()),
        }
    };
    // Which push it is, and under which name.
    let round = RwSignal::new(0u32);
    let begun = Memo::new(move |_| {
        let name = || target.get_untracked().map(|target| target.name()).unwrap_or_default();
        state.with(Option::is_some).then(|| (round.get(), name()))
    });
    let handle = image.clone();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let (Ok(target), Ok(halt)) = (target.get_untracked(), AbortController::new()) else { return };
        if busy.get_untracked() {
            return;
        }
        stop.set_value(Some(halt.clone()));
        state.set(Some(Pulling::default()));
        round.update(|round| *round += 1);
        let handle = handle.clone();
        spawn_local(async move {
            let encode = |text: &str| path::encode(text.as_bytes());
            let (repository, tag) = (encode(&target.repository), encode(&target.tag));
            if target.name() != handle {
                let route = format!("/images/{}/tag?repo={repository}&tag={tag}", encode(&handle));
                if let Err(failure) = client.send("POST", &route).await {
                    let _ = state.try_update(|state| fail(state, failure));
                    return;
                }
            }
            let route = format!("/images/{repository}/push?tag={tag}");
            follow_transfer(client, &route, &halt, |change| {
                let _ = state.try_update(|state| state.as_mut().map(change));
            })
            .await;
            shelf.refresh();
        });
    };
    let stop_it = move |event: ev::MouseEvent| {
        // The button that comes in its place would submit the form with this very click.
        event.prevent_default();
        cancel();
    };
    let command = {
        let image = image.clone();
        Signal::derive(move || match target.get() {
            Ok(target) if target.name() == image => format!("docker push {image}"),
            Ok(target) => {
                let name = target.name();
                format!("docker tag {image} {name} && docker push {name}")
            }
            Err(_) => String::new(),
        })
    };
    let wrong = move || target.with(Result::is_err);
    let title = tongue.with(Word::PushImage, [names::text(&image).into_owned()]);
    request_animation_frame(|| dom::focus("push-name"));
    view! {
        <form on:submit=submit novalidate data-testid="push-form">
            <header><h2>{title}</h2>
                <button type="button" class="quiet" data-testid="push-close" on:click=move |_| dialogs.push.set(None)>{tongue.say(Word::Close)}</button></header>
            <div class="run-fields">
                <label for="push-name">{tongue.say(Word::PushAs)}</label>
                <div>
                    <input id="push-name" class="field mono" type="text" data-testid="push-name" autocomplete="off" autocapitalize="off" spellcheck="false"
                        aria-describedby="push-hint" aria-invalid=move || wrong().to_string() disabled=busy
                        prop:value=typed on:input:target=move |event| { typed.set(event.target().value()); state.set(None); }/>
                    <p id="push-hint" class="field-hint" class:wrong=wrong class:faint=move || !wrong() aria-live="polite" data-testid="push-hint">{hint}</p>
                </div>
                {move || target.get().ok().map(|target| view! { <LoginState registry=target.registry/> })}
            </div>
            {move || state.get().map(|state| view! { <Progress state name=target.get_untracked().map(|target| target.name()).unwrap_or_default()/> })}
            {move || begun.get().map(|(_, name)| view! { <Requests deed=Deed::Push name/> })}
            <footer>
                <code class="run-command" data-testid="push-command" title=command>{move || names::text(&command.get()).into_owned()}</code>
                <CopyButton text=command label=Word::CopyPush testid="copy-push"/>
                {move || if busy.get() {
                    view! { <button type="button" class="button" data-testid="push-cancel" on:click=stop_it>{tongue.say(Word::Cancel)}</button> }.into_any()
                } else {
                    view! { <button type="submit" class="button main" data-testid="push" disabled=wrong>{tongue.say(Word::Push)}</button> }.into_any()
                }}
            </footer>
        </form>
    }
}

/// Whether somebody is logged in where the image goes.
#[component]
fn LoginState(registry: String) -> impl IntoView {
    let (tongue, dialogs, logins) = (use_tongue(), use_dialogs(), use_logins());
    let own = registry == dom::host();
    let at = registry.clone();
    let user = Memo::new(move |_| logins.user(&at));
    let says = move || match user.get() {
        Some(user) => Word::LoginIs.with(tongue.lang(), &[&names::text(&user)]),
        None if own => Word::LoginOwn.text(tongue.lang()).to_owned(),
        None => Word::LoginNone.text(tongue.lang()).to_owned(),
    };
    view! {
        <span class="run-label">{tongue.say(Word::LoginRegistry)}</span>
        <p class="login-state"><code>{registry.clone()}</code><span class="faint" data-testid="login-state">{says}</span>
            <button type="button" class="quiet" data-testid="push-login" on:click=move |_| dialogs.login.set(Some(registry.clone()))>{tongue.say(Word::LogInTo)}</button></p>
    }
}

#[component]
fn Progress(state: Pulling, name: String) -> impl IntoView {
    let tongue = use_tongue();
    let (class, word, value) = match &state.outcome {
        None => ("", Word::PushGoing, name),
        Some(Outcome::Cancelled) => ("faint", Word::PushCancelled, String::new()),
        Some(Outcome::Failed(message)) if message.is_empty() => ("wrong", Word::PushCut, String::new()),
        Some(Outcome::Failed(message)) => ("wrong", Word::PushFailed, names::text(message).into_owned()),
        Some(_) => ("right", Word::PushDone, name),
    };
    let rows = state.layers.into_iter().enumerate();
    let role = if class == "wrong" { "alert" } else { "status" };
    view! {
        <div class="progress inside" data-testid="push-progress">
            <div class="progress-head">
                <span class=class role=role data-testid=if class.is_empty() { "push-going" } else { "push-outcome" }>{tongue.with(word, [value])}</span>
                {state.digest.map(|digest| view! { <span class="spring"></span><code class="faint digest" data-testid="push-digest" title=digest.clone()>{names::middle(&digest, 26)}</code> })}
            </div>
            <ul>{rows.map(|(position, layer)| view! { <LayerRow position layer testid="push-layer"/> }).collect_view()}</ul>
        </div>
    }
}

fn say(wrong: &Wrong, lang: Lang) -> String {
    match wrong {
        Wrong::Name(error) => explain(error, lang),
        Wrong::Digest => Word::PushNeedsTag.text(lang).to_owned(),
    }
}

fn fail(state: &mut Option<Pulling>, failure: Failure) {
    if let (Some(state), Failure::Refused { message, .. }) = (state, failure) {
        state.outcome.get_or_insert(Outcome::Failed(message));
    }
}
