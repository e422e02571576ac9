//! A pull from here, with every request that it makes.

use leptos::{prelude::*, task::spawn_local};
use strata_api::theatre::{Begin, Deed, End};
use web_sys::AbortController;

use super::state::use_counter;
use crate::{
    page::{
        api::{Client, Failure},
        images::{Shelf, use_shelf},
        marks::Wrong,
        theatre::{Stage, take},
        tongue::use_tongue,
    },
    pulling::Lines,
    theatre,
    words::Talk,
};

/// A pull of one tag, under way, ended, or not begun; a copyable handle. Stops with the page that it is on.
#[derive(Clone, Copy)]
pub struct Transfer {
    client: Client,
    shelf: Shelf,
    stage: RwSignal<Option<theatre::Stage>>,
    failure: RwSignal<Option<Failure>>,
    stop: StoredValue<Option<AbortController>, LocalStorage>,
}

impl Transfer {
    /// None begun.
    pub fn start() -> Self {
        let transfer = Self {
            client: use_counter().client,
            shelf: use_shelf(),
            stage: RwSignal::new(None),
            failure: RwSignal::new(None),
            stop: StoredValue::new_local(None),
        };
        on_cleanup(move || transfer.halt());
        transfer
    }

    fn halt(self) {
        if let Some(Some(stop)) = self.stop.try_update_value(Option::take) {
            stop.abort();
        }
    }

    fn is_going(self) -> bool {
        self.stage.with(|stage| stage.as_ref().is_some_and(|stage| stage.play.is_none() || stage.is_going()))
    }

    /// Pulls; `done` is called when the image is here.
    async fn run(self, image: String, controller: AbortController, done: impl Fn()) {
        let signal = controller.signal();
        let mut lines = Lines::default();
        let piece = |chunk: Vec<u8>| {
            let _ = self.stage.try_update(|stage| take(stage.get_or_insert_default(), lines.push(&chunk)));
        };
        let begin = Begin { deed: Deed::Pull, image };
        match self.client.stream_post("/api/theatre", &begin, &signal, piece).await {
            Err(Failure::Cancelled) => drop(self.stage.try_set(None)),
            Err(refused) => {
                let _ = self.stage.try_set(None);
                let _ = self.failure.try_set(Some(refused));
            }
            Ok(()) => {
                self.shelf.refresh();
                let end = self.stage.try_with_untracked(|stage| {
                    stage.as_ref().and_then(|stage| stage.play.as_ref()).and_then(|play| play.end.clone())
                });
                if end.flatten() == Some(End::Done) {
                    done();
                }
            }
        }
    }
}

/// The button that begins it, or stops it.
#[component]
pub fn PullButton(
    transfer: Transfer,
    reference: Signal<String>,
    /// Whether the image is here already.
    here: bool,
    /// Called when it came.
    done: impl Fn() + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let tongue = use_tongue();
    let pull = move |_| {
        let Ok(controller) = AbortController::new() else { return };
        transfer.stage.set(Some(theatre::Stage::default()));
        transfer.failure.set(None);
        transfer.stop.set_value(Some(controller.clone()));
        spawn_local(transfer.run(reference.get_untracked(), controller, done.clone()));
    };
    move || {
        match transfer.is_going() {
        true => view! { <button type="button" class="button" data-testid="tag-stop" on:click=move |_| transfer.halt()>{tongue.say(Talk::Stop)}</button> }.into_any(),
        false => view! { <button type="button" class="button" class:main=!here data-testid="tag-pull" on:click=pull.clone()>{tongue.say(if here { Talk::PullAgain } else { Talk::PullTag })}</button> }.into_any(),
    }
    }
}

/// The requests that it made, or why it didn't begin.
#[component]
pub fn Requests(transfer: Transfer) -> impl IntoView {
    let tongue = use_tongue();
    let shown = Memo::new(move |_| transfer.stage.get().unwrap_or_default());
    let any = Memo::new(move |_| transfer.stage.with(Option::is_some));
    view! {
        {move || transfer.failure.get().map(|failure| view! { <div class="transfer"><Wrong text=Signal::derive(move || failure.say(tongue.lang()))/></div> })}
        {move || any.get().then(|| view! { <div class="transfer" data-testid="transfer"><Stage stage=shown/></div> })}
    }
}
