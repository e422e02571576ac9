//! What is below the terminal: changes, reads, logs, mount, commit.

use leptos::{ev, prelude::*};

use super::{changes::Changes, commit::Commit, logs::Logs, mount::MountTab, reads::ReadsTab, use_vessel};
use crate::{
    address::{ContainerTab, Place},
    page::{bar::use_bar, dom, tongue::use_tongue},
    words::Word,
};

/// Tabs and what they show.
#[component]
pub fn Panel() -> impl IntoView {
    let (tongue, vessel, bar) = (use_tongue(), use_vessel(), use_bar());
    let tab = Memo::new(move |last: Option<&ContainerTab>| match bar.place() {
        Place::Container(view) => view.tab,
        _ => last.copied().unwrap_or_default(),
    });
    let changes = Memo::new(move |_| {
        vessel.revision.track();
        vessel.with_upper(|upper| upper.sheet(0).1).unwrap_or(0)
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let at = ContainerTab::ALL.iter().position(|one| *one == tab.get_untracked()).unwrap_or(0);
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % ContainerTab::ALL.len(),
            "ArrowLeft" => (at + ContainerTab::ALL.len() - 1) % ContainerTab::ALL.len(),
            _ => return,
        };
        event.prevent_default();
        bar.tab(ContainerTab::ALL[to]);
        request_animation_frame(move || dom::focus(&format!("tab-{}", ContainerTab::ALL[to].name())));
    };
    view! {
        <section class="pane panel" aria-label=tongue.say(Word::Files)>
            <div class="tabs panel-tabs">
                <div role="tablist" on:keydown=on_key>
                    {ContainerTab::ALL.map(|one| view! {
                        <button type="button" role="tab" id=format!("tab-{}", one.name()) data-testid=format!("tab-{}", one.name()) aria-controls="panel"
                            aria-selected=move || (tab.get() == one).to_string() tabindex=move || if tab.get() == one { "0" } else { "-1" }
                            on:click=move |_| bar.tab(one)>
                            {tongue.say(word(one))}
                            {(one == ContainerTab::Changes).then(|| view! { <span class="faint badge">{move || (changes.get() > 0).then(|| changes.get())}</span> })}
                        </button>
                    })}
                </div>
            </div>
            <div id="panel" class="panel-body" role="tabpanel" aria-labelledby=move || format!("tab-{}", tab.get().name())>
                {move || match tab.get() {
                    ContainerTab::Changes => view! { <Changes/> }.into_any(),
                    ContainerTab::Reads => view! { <ReadsTab/> }.into_any(),
                    ContainerTab::Logs => view! { <Logs/> }.into_any(),
                    ContainerTab::Mount => view! { <MountTab/> }.into_any(),
                    ContainerTab::Commit => view! { <Commit/> }.into_any(),
                }}
            </div>
        </section>
    }
}

fn word(tab: ContainerTab) -> Word {
    match tab {
        ContainerTab::Changes => Word::TabChanges,
        ContainerTab::Reads => Word::TabReads,
        ContainerTab::Logs => Word::TabLogs,
        ContainerTab::Mount => Word::TabMount,
        ContainerTab::Commit => Word::TabCommit,
    }
}
