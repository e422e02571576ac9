//! Why a registry shows nothing, and what can be done.

use leptos::prelude::*;
use strata_api::registry::TroubleKind;

use super::state::{Missing, use_counter};
use crate::{
    names,
    page::{dialogs::use_dialogs, marks::Wrong, tongue::use_tongue},
    registry::advice,
    words::{Talk, Word},
};

/// What is missing, why, and a way on.
#[component]
pub fn Trouble(missing: Missing) -> impl IntoView {
    let (tongue, counter, dialogs) = (use_tongue(), use_counter(), use_dialogs());
    let host = counter.host.get_untracked();
    let again = move || {
        view! { <button type="button" class="button" data-testid="registry-again" on:click=move |_| counter.ask_again()>{tongue.say(Talk::Again)}</button> }
    };
    match missing {
        Missing::Failure(failure) => view! {
            <div class="registry-trouble">
                <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/>
                <p class="ways">{again()}</p>
            </div>
        }
        .into_any(),
        Missing::Trouble(trouble) => {
            let (title, how) = advice(trouble.kind);
            let shown = names::text(&host).into_owned();
            let login = matches!(
                trouble.kind,
                TroubleKind::Unauthorized | TroubleKind::Denied | TroubleKind::TooMany
            );
            let is_course = trouble.kind == TroubleKind::NotOffered;
            let said = names::text(&trouble.message).into_owned();
            view! {
                <div class="registry-trouble" data-testid="registry-trouble" data-kind=format!("{:?}", trouble.kind) role=if is_course { "status" } else { "alert" }>
                    <p class:wrong=!is_course><b>{move || title.with(tongue.lang(), &[&shown])}</b></p>
                    <p>{tongue.say(how)}</p>
                    {(!is_course).then(|| view! { <p><code class="said">{said}</code></p> })}
                    <p class="ways">
                        {login.then(|| view! {
                            <button type="button" class="button main" data-testid="trouble-login" on:click=move |_| dialogs.login.set(Some(host.clone()))>{tongue.say(Word::LogIn)}</button>
                        })}
                        {(!is_course).then(again)}
                    </p>
                </div>
            }
            .into_any()
        }
    }
}
