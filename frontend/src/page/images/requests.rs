//! The requests that a pull or push makes, for whoever wants to see them.

use leptos::prelude::*;
use strata_api::theatre::Deed;

use crate::{page::tongue::use_tongue, words::Word};

/// They are drawn here, where the program has the theatre.
#[cfg(feature = "whole")]
#[component]
pub fn Requests(deed: Deed, name: String) -> impl IntoView {
    use crate::page::theatre::Live;
    let tongue = use_tongue();
    view! {
        <details class="requests" data-testid="requests">
            <summary>{tongue.say(Word::RequestsSeen)}</summary>
            <Live deed name/>
        </details>
    }
}

/// They are drawn in a tab of their own: leaving this page would stop the transfer.
#[cfg(not(feature = "whole"))]
#[component]
pub fn Requests(deed: Deed, name: String) -> impl IntoView {
    let _ = (deed, name);
    let tongue = use_tongue();
    view! { <p class="requests"><a href="/registry/theatre" target="_blank" data-testid="requests">{tongue.say(Word::RequestsSeen)}</a></p> }
}
