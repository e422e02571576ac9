//! A container: a terminal, and beside it the layers as they are written to.

mod beside;
mod changes;
mod commit;
mod head;
mod logs;
mod mount;
mod panel;
mod reads;
mod stack;
mod state;
mod terminal;
mod tile;
mod version;
mod writable;

use leptos::{context::Provider, prelude::*};

use super::{api::Failure, tongue::use_tongue};
use crate::{names, words::Word};
use beside::Beside;
use head::{Figures, Head};
use panel::Panel;
use stack::StackPane;
use state::{Vessel, use_vessel};
use terminal::TerminalPane;

/// The page at `/container/NAME`.
#[component]
pub fn ContainerPage(name: String, beside: Option<String>) -> impl IntoView {
    let vessel = Vessel::start(&name);
    vessel.yard.measure();
    match beside {
        Some(other) => view! { <Provider value=vessel><Beside other/></Provider> }.into_any(),
        None => view! { <Provider value=vessel><One/></Provider> }.into_any(),
    }
}

#[component]
fn One() -> impl IntoView {
    let vessel = use_vessel();
    let failed = Memo::new(move |_| vessel.failure.get());
    view! {
        <div class="container-page" data-testid="container-page">
            {move || match failed.get() {
                Some(failure) => view! { <Failed failure/> }.into_any(),
                None => view! {
                    <Head/>
                    <div class="bench">
                        <TerminalPane/>
                        <StackPane/>
                        <Panel/>
                    </div>
                    <Figures/>
                }.into_any(),
            }}
        </div>
    }
}

/// The container can't be shown.
#[component]
fn Failed(failure: Failure) -> impl IntoView {
    let tongue = use_tongue();
    let name = names::text(&use_vessel().name.get_value()).into_owned();
    let missing = matches!(failure, Failure::Refused { status: 404, .. });
    view! {
        <section class="notice" role="alert" data-testid="container-failed">
            {if missing {
                view! {
                    <h1>{tongue.with(Word::ContainerMissing, [name])}</h1>
                    <p>{tongue.say(Word::ContainerMissingHow)}</p>
                }.into_any()
            } else {
                view! { <h1 class="wrong">{move || failure.say(tongue.lang())}</h1> }.into_any()
            }}
            <a class="button main" href="/containers">{tongue.say(Word::ToContainers)}</a>
        </section>
    }
}
