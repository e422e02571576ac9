//! Why the registry doesn't show the image, and what can be done.

use leptos::prelude::*;
use strata_api::registry::TroubleKind;

use super::{outside, reading::host};
use crate::{
    names,
    page::{dialogs::use_dialogs, tongue::use_tongue},
    registry::advice,
    words::{Look, Talk, Word},
};

/// Title, advice, the registry's words, and a way on; nothing if it isn't the registry's doing.
pub fn trouble() -> Option<impl IntoView> {
    let outside = outside()?;
    let trouble = outside.trouble.get_untracked()?;
    let (tongue, dialogs) = (use_tongue(), use_dialogs());
    let reference = outside.explorer.view.with_untracked(|view| view.reference.clone());
    let host = host(&reference);
    let (title, how) = advice(trouble.kind);
    let shown = names::text(&host).into_owned();
    let login =
        matches!(trouble.kind, TroubleKind::Unauthorized | TroubleKind::Denied | TroubleKind::TooMany);
    let name = names::text(&reference).into_owned();
    Some(view! {
        <h1>{tongue.with(Look::Refused, [name])}</h1>
        <p data-testid="outside-trouble" data-kind=format!("{:?}", trouble.kind)><b>{tongue.with(title, [shown])}</b></p>
        <p>{tongue.say(how)}</p>
        <p><code class="said">{names::text(&trouble.message).into_owned()}</code></p>
        <p class="ways">
            {login.then(|| view! {
                <button type="button" class="button main" data-testid="trouble-login" on:click=move |_| dialogs.login.set(Some(host.clone()))>{tongue.say(Word::LogIn)}</button>
            })}
            <button type="button" class="button" data-testid="outside-again" on:click=move |_| outside.ask()>{tongue.say(Talk::Again)}</button>
        </p>
    })
}
