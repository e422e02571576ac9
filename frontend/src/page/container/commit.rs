//! Makes an image of the container: its writable layer becomes a sheet.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local};
use strata_oci::Reference;

use super::use_vessel;
use crate::{
    address::{Place, View},
    hues, names,
    page::{
        api::Failure,
        bar::use_bar,
        dom,
        images::{explain, use_shelf},
        marks::{CopyButton, Wrong},
        seen::pause,
        tongue::use_tongue,
    },
    words::Word,
};

/// The answer of `POST /commit`.
#[derive(serde::Deserialize)]
struct Committed {
    #[serde(rename = "Id")]
    id: String,
}

/// The form.
#[component]
pub fn Commit() -> impl IntoView {
    let (tongue, vessel, bar, shelf) = (use_tongue(), use_vessel(), use_bar(), use_shelf());
    let [repository, tag, message, author] = [(); 4].map(|()| RwSignal::new(String::new()));
    let pauses = RwSignal::new(true);
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    let name = move || {
        let (repository, tag) = (repository.get().trim().to_owned(), tag.get().trim().to_owned());
        if tag.is_empty() { repository } else { format!("{repository}:{tag}") }
    };
    let wrong = Memo::new(move |_| {
        let name = name();
        (!name.is_empty()).then(|| name.parse::<Reference>().err()).flatten()
    });
    let docker = Signal::derive(move || {
        let mut words = vec!["docker commit".to_owned()];
        for (flag, value) in [("-a", author.get()), ("-m", message.get())] {
            if !value.is_empty() {
                words.push(format!("{flag} '{}'", value.replace('\'', "'\\''")));
            }
        }
        words.push(vessel.name.get_value());
        words.push(name());
        words.join(" ").trim_end().to_owned()
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if wrong.with_untracked(Option::is_some) || busy.get_untracked() {
            return;
        }
        let encode =
            |text: RwSignal<String>| strata_api::path::encode(text.get_untracked().trim().as_bytes());
        let path = format!(
            "/commit?container={}&repo={}&tag={}&comment={}&author={}&pause={}",
            vessel.known_id(),
            encode(repository),
            encode(tag),
            encode(message),
            encode(author),
            u8::from(pauses.get_untracked())
        );
        let handle = untrack(name);
        let layer = untrack(|| vessel.layers());
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match vessel.client.post::<Committed>(&path, None::<&()>).await {
                Ok(Committed { id }) => {
                    harden(layer).await;
                    shelf.refresh();
                    let reference = if handle.is_empty() { id } else { handle };
                    let view = View { layer: Some(layer), ..View::of(&reference) };
                    if busy.try_set(false).is_none() {
                        bar.go(Place::Image(Box::new(view)));
                    }
                }
                Err(why) => {
                    let _ = failure.try_set(Some(why));
                    let _ = busy.try_set(false);
                }
            }
        });
    };
    let field = move |id: &'static str, word: Word, value: RwSignal<String>, hint: &'static str| {
        view! {
            <label for=id>{tongue.say(word)}</label>
            <input id=id class="field" class:mono=!hint.is_empty() type="text" data-testid=id autocomplete="off" autocapitalize="off" spellcheck="false" placeholder=hint
                aria-invalid=move || (!hint.is_empty() && wrong.with(Option::is_some)).to_string() aria-describedby="commit-wrong"
                prop:value=value on:input:target=move |event| value.set(event.target().value())/>
        }
    };
    view! {
        <form class="commit" on:submit=submit data-testid="commit-form">
            <p class="faint">{tongue.say(Word::CommitHow)}</p>
            <div class="commit-fields">
                {field("commit-repository", Word::CommitName, repository, "name")}
                {field("commit-tag", Word::CommitTag, tag, "latest")}
                {field("commit-message", Word::CommitMessage, message, "")}
                {field("commit-author", Word::CommitAuthor, author, "")}
                <span></span>
                <label class="check"><input type="checkbox" data-testid="commit-pause" prop:checked=pauses on:change:target=move |event| pauses.set(event.target().checked())/>
                    {tongue.say(Word::CommitPause)}</label>
            </div>
            <div id="commit-wrong">
                {move || wrong.get().map(|why| view! { <p class="wrong" role="alert" data-testid="commit-wrong">{move || explain(&why, tongue.lang())}</p> })}
                {move || failure.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
            </div>
            <footer>
                <button type="submit" class="button main" data-testid="commit" disabled=move || busy.get() || wrong.with(Option::is_some)>
                    {move || if busy.get() { Word::Committing } else { Word::CommitButton }.text(tongue.lang())}</button>
                <CopyButton text=docker label=Word::CopyCommit testid="copy-commit"/>
                <code class="faint commit-command">{move || names::text(&docker.get()).into_owned()}</code>
            </footer>
        </form>
    }
}

/// The writable layer takes the colour that it has as a layer of the new image.
async fn harden(position: usize) {
    let sheet = document().query_selector(".sheet.writable").ok().flatten();
    let Some(sheet) = sheet else { return };
    // Fails for a bad name only.
    let _ = sheet.set_attribute("style", &hues::style(position));
    let _ = sheet.class_list().add_1("hardens");
    let still =
        window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|m| m.matches());
    pause(Duration::from_millis(if still { 0 } else { 420 })).await;
    dom::focus("content");
}
