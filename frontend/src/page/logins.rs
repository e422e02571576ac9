//! Logins at registries: which the server keeps, and the dialog that adds one or takes one away.
//!
//! A password is in the field that it was typed into and in the one request that brings it to the server, nowhere else.

use leptos::{ev, html, prelude::*, task::spawn_local};
use strata_api::{
    logins::{KeptLogin, NewLogin},
    path,
};

use super::{
    api::{Client, Failure},
    dialogs::{follow, use_dialogs},
    dom,
    marks::Wrong,
    tongue::use_tongue,
};
use crate::{names, words::Word};

/// The logins that the server keeps; a copyable handle.
#[derive(Clone, Copy)]
pub struct Logins {
    client: Client,
    list: RwSignal<Vec<KeptLogin>>,
}

impl Logins {
    /// None known yet.
    pub fn start(client: Client) {
        provide_context(Self { client, list: RwSignal::default() });
    }

    /// Asks which there are.
    pub fn refresh(self) {
        spawn_local(async move {
            if let Ok(list) = self.client.get("/api/logins").await {
                self.list.set(list);
            }
        });
    }

    /// Who is logged in at a registry, tracked.
    pub fn user(self, registry: &str) -> Option<String> {
        self.list.with(|list| {
            list.iter().find(|login| login.registry == registry).map(|login| login.username.clone())
        })
    }
}

/// The logins.
pub fn use_logins() -> Logins {
    expect_context()
}

/// The dialog, open or not.
#[component]
pub fn Login() -> impl IntoView {
    let (tongue, dialogs) = (use_tongue(), use_dialogs());
    let open = RwSignal::new(false);
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, open);
    Effect::new(move |_| open.set(dialogs.login.get().is_some()));
    let close = move || dialogs.login.set(None);
    view! {
        <dialog class="run-dialog login-dialog" node_ref=dialog data-testid="login-dialog" aria-label=tongue.say(Word::Logins)
            on:close=move |_| close() on:mousedown=move |event| if dom::is_outside(&event) { close() }>
            {move || dialogs.login.get().map(|registry| view! { <Form registry/> })}
        </dialog>
    }
}

#[component]
fn Form(registry: String) -> impl IntoView {
    let (tongue, dialogs, logins) = (use_tongue(), use_dialogs(), use_logins());
    logins.refresh();
    let first = if registry.is_empty() { "login-registry" } else { "login-user" };
    let (registry, user, password) =
        (RwSignal::new(registry), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let outcome = RwSignal::new(None::<Result<KeptLogin, Failure>>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        outcome.set(None);
        let new = NewLogin {
            registry: registry.get_untracked().trim().to_owned(),
            username: user.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        spawn_local(async move {
            let answer = logins.client.post::<KeptLogin>("/api/logins", Some(&new)).await;
            if answer.is_ok() {
                let _ = password.try_set(String::new());
                logins.refresh();
            }
            let _ = busy.try_set(false);
            let _ = outcome.try_set(Some(answer));
        });
    };
    let said = move || {
        outcome.get().map(|outcome| match outcome {
            Ok(login) => view! {
                <p class="right" role="status" data-testid="login-done">{tongue.with(Word::LoginDone, [login.registry, names::text(&login.username).into_owned()])}</p>
            }
            .into_any(),
            Err(failure) => {
                let at = registry.get_untracked();
                let at = if at.trim().is_empty() { "docker.io".to_owned() } else { names::text(&at).into_owned() };
                let text = Signal::derive(move || {
                    let lang = tongue.lang();
                    Word::LoginRefused.with(lang, &[&at, &failure.say(lang)])
                });
                view! { <Wrong text/> }.into_any()
            }
        })
    };
    let field = move |id: &'static str, word: Word, kind: &'static str, value: RwSignal<String>| {
        view! {
            <label for=id>{tongue.say(word)}</label>
            <div><input id=id class="field mono" type=kind data-testid=id autocomplete="off" autocapitalize="off" spellcheck="false"
                prop:value=value on:input:target=move |event| value.set(event.target().value())/></div>
        }
    };
    request_animation_frame(move || dom::focus(first));
    view! {
        <form on:submit=submit novalidate data-testid="login-form">
            <header><h2>{tongue.say(Word::Logins)}</h2>
                <button type="button" class="quiet" data-testid="login-close" on:click=move |_| dialogs.login.set(None)>{tongue.say(Word::Close)}</button></header>
            <Kept/>
            <div class="run-fields">
                {field("login-registry", Word::LoginRegistry, "text", registry)}
                <p class="field-hint faint">{tongue.say(Word::LoginRegistryHow)}</p>
                {field("login-user", Word::LoginUser, "text", user)}
                {field("login-password", Word::LoginPassword, "password", password)}
            </div>
            {said}
            <footer>
                <p class="run-command wraps faint">{tongue.say(Word::LoginsHow)}</p>
                <button type="submit" class="button main" data-testid="log-in"
                    disabled=move || busy.get() || user.with(String::is_empty) || password.with(String::is_empty)>
                    {move || if busy.get() { Word::LoginTrying } else { Word::LogIn }.text(tongue.lang())}</button>
            </footer>
        </form>
    }
}

/// The logins that there are, each with a way out.
#[component]
fn Kept() -> impl IntoView {
    let (tongue, logins) = (use_tongue(), use_logins());
    let out = move |registry: String| {
        spawn_local(async move {
            let path = format!("/api/logins/{}", path::encode(registry.as_bytes()));
            // Whatever the answer is, the list tells what holds now.
            let _ = logins.client.send("DELETE", &path).await;
            logins.refresh();
        });
    };
    let row = move |login: KeptLogin| {
        let (registry, at) = (login.registry.clone(), login.registry.clone());
        view! {
            <li data-testid="kept-login" data-registry=at.clone()>
                <code>{at.clone()}</code>
                <span>{names::text(&login.username).into_owned()}</span>
                <button type="button" class="quiet" data-testid="log-out" aria-label=tongue.with(Word::LogOutOf, [login.registry])
                    on:click=move |_| out(registry.clone())>{tongue.say(Word::LogOut)}</button>
            </li>
        }
    };
    view! {
        <ul class="kept-logins" data-testid="kept-logins">
            {move || logins.list.get().into_iter().map(row).collect_view()}
        </ul>
        {move || logins.list.with(Vec::is_empty).then(|| view! { <p class="kept-logins faint">{tongue.say(Word::LoginsNone)}</p> })}
    }
}
