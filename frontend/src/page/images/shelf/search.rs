//! Searches registries.

use leptos::{prelude::*, task::spawn_local};

use super::Shelf;
use crate::{
    page::{api::Failure, dom},
    searching::{Found, places},
};

/// What was searched for, and what each registry said.
#[derive(Clone, PartialEq)]
pub struct Search {
    /// What was typed.
    pub typed: String,
    /// Who was asked.
    pub asked: Vec<Asked>,
}

/// A registry that was asked.
#[derive(Clone, PartialEq)]
pub struct Asked {
    /// `docker.io` or `host[:port]`.
    pub registry: String,
    /// What it said; nothing yet, or why nothing came.
    pub answer: Option<Result<Vec<Found>, Failure>>,
}

impl Shelf {
    /// What was searched for last, tracked.
    pub fn found(self) -> Option<Search> {
        self.found.get()
    }

    /// Forgets it.
    pub fn end_search(self) {
        self.found.set(None);
    }

    /// Asks all registries at once that may have what was typed.
    pub fn search(self, typed: &str) {
        let places = places(typed, &dom::host());
        if places.is_empty() {
            return self.end_search();
        }
        let typed = typed.trim().to_owned();
        let asked = places.iter().map(|place| Asked { registry: place.registry.clone(), answer: None });
        self.found.set(Some(Search { typed: typed.clone(), asked: asked.collect() }));
        for (at, place) in places.into_iter().enumerate() {
            let typed = typed.clone();
            spawn_local(async move {
                let term = strata_api::path::encode(place.term.as_bytes());
                let answer = self.client.get(&format!("/images/search?limit=25&term={term}")).await;
                self.found.update(|found| {
                    // Another search may have begun meanwhile.
                    let mine = found.as_mut().filter(|found| found.typed == typed);
                    if let Some(asked) = mine.and_then(|found| found.asked.get_mut(at)) {
                        asked.answer = Some(answer);
                    }
                });
            });
        }
    }
}
