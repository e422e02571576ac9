//! The images as the server has them now, kept fresh by its events; and the pull that is under way.

mod pull;
mod search;

pub use pull::follow_transfer;
pub use search::Asked;

use leptos::{prelude::*, task::spawn_local};
use strata_api::explorer::ImageCard;
use strata_oci::Reference;
use web_sys::AbortController;

use crate::{
    page::{
        api::{Client, Failure},
        dom,
        pulse::use_pulse,
    },
    pulling::Pulling,
    shelf::base_layers,
};

/// The images and the pull; a copyable handle.
#[derive(Clone, Copy)]
pub struct Shelf {
    client: Client,
    cards: RwSignal<Vec<ImageCard>>,
    loaded: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    typed: RwSignal<String>,
    pull: RwSignal<Option<Pull>>,
    stop: StoredValue<Option<AbortController>, LocalStorage>,
    fresh: RwSignal<Option<String>>,
    suggestion: RwSignal<String>,
    found: RwSignal<Option<search::Search>>,
}

/// The answer of `GET /v2/_catalog`.
#[derive(serde::Deserialize)]
struct Catalog {
    repositories: Vec<String>,
}

/// A pull, under way or ended.
#[derive(Clone, PartialEq)]
pub struct Pull {
    /// What is pulled, as it was typed.
    pub reference: Reference,
    /// How far it is.
    pub state: Pulling,
}

impl Shelf {
    /// Asks for the images, and again whenever something happened to one.
    pub fn start(client: Client) -> Self {
        let shelf = Self {
            client,
            cards: RwSignal::new(Vec::new()),
            loaded: RwSignal::new(false),
            failure: RwSignal::new(None),
            typed: RwSignal::new(String::new()),
            pull: RwSignal::new(None),
            stop: StoredValue::new_local(None),
            fresh: RwSignal::new(None),
            suggestion: RwSignal::new("busybox".to_owned()),
            found: RwSignal::new(None),
        };
        provide_context(shelf);
        super::Loads::start(shelf);
        let pulse = use_pulse();
        Effect::new(move |_| {
            pulse.track_images();
            shelf.refresh();
        });
        shelf
    }

    /// The images, newest first, tracked.
    pub fn cards(self) -> Vec<ImageCard> {
        self.cards.get()
    }

    /// How many layers of an image are those of another one here, not tracked.
    pub fn base_layers(self, card: &ImageCard) -> usize {
        self.cards.with_untracked(|cards| base_layers(card, cards))
    }

    /// Whether the images are known, tracked.
    pub fn is_loaded(self) -> bool {
        self.loaded.get()
    }

    /// Why the images aren't known, tracked.
    pub fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    /// What stands in the pull box.
    pub fn typed(self) -> RwSignal<String> {
        self.typed
    }

    /// The pull, tracked.
    pub fn current(self) -> Option<Pull> {
        self.pull.get()
    }

    /// Whether this name was just pulled, tracked.
    pub fn is_fresh(self, name: &str) -> bool {
        self.fresh.with(|fresh| fresh.as_deref() == Some(name))
    }

    /// An image that can be pulled, tracked: one of the embedded registry if it has any.
    pub fn suggestion(self) -> String {
        self.suggestion.get()
    }

    /// Looks what the embedded registry has; it answers at the page's own address.
    pub fn look_for_suggestion(self) {
        spawn_local(async move {
            let Ok(catalog) = self.client.get::<Catalog>("/v2/_catalog").await else { return };
            let host = dom::host();
            let demo = catalog.repositories.iter().find(|name| *name == "demo");
            if let Some(name) = demo.or(catalog.repositories.first()) {
                self.suggestion.set(format!("{host}/{name}"));
            }
        });
    }

    /// Asks for the images again.
    pub fn refresh(self) {
        spawn_local(async move {
            match self.client.get::<Vec<ImageCard>>("/api/images").await {
                Ok(cards) => {
                    if self.cards.get_untracked() != cards {
                        self.cards.set(cards);
                    }
                    self.failure.set(None);
                    self.loaded.set(true);
                }
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }

    /// Removes an image or a name of it.
    pub async fn remove(self, name: &str) -> Result<(), Failure> {
        let path = format!("/images/{}", strata_api::path::encode(name.as_bytes()));
        let answer = self.client.send("DELETE", &path).await;
        self.refresh();
        answer
    }
}

/// The images and the pull.
pub fn use_shelf() -> Shelf {
    expect_context()
}
