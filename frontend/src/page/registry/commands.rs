//! Commands that do the same in a terminal.

use leptos::prelude::*;
use strata_api::registry::TagFacts;
use strata_oci::Reference;

use crate::{
    page::{marks::CopyButton, tongue::use_tongue},
    words::{Talk, Word},
};

/// What is copied, each with what it does.
#[component]
pub fn Commands(reference: Signal<String>, facts: TagFacts) -> impl IntoView {
    let tongue = use_tongue();
    let name = reference.get_untracked();
    let (familiar, pinned) = match name.parse::<Reference>() {
        Ok(parsed) => {
            let repository = parsed.repository();
            (parsed.familiar(), repository.with_digest(facts.digest.clone()).familiar())
        }
        Err(_) => (name.clone(), name.clone()),
    };
    let file = familiar.rsplit('/').next().unwrap_or_default().replace([':', '@'], "-");
    let commands = [
        ("copy-pull", format!("docker pull {familiar}")),
        ("copy-pull-digest", format!("docker pull {pinned}")),
        ("copy-skopeo", format!("skopeo copy docker://{name} oci:{file}")),
        ("copy-crane", format!("crane manifest {name}")),
    ];
    view! {
        <ul class="commands" aria-label=tongue.say(Talk::CopyCommands)>
            {commands.map(|(testid, command)| view! {
                <li><code title=command.clone()>{command.clone()}</code><CopyButton text=Signal::stored(command) label=Word::Copy testid/></li>
            })}
        </ul>
    }
}
