//! Pulls an image and follows how it goes.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use strata_api::progress::Message;
use strata_oci::Reference;
use web_sys::AbortController;

use super::{Pull, Shelf};
use crate::{
    page::api::{Client, Failure},
    pulling::{Lines, Outcome, Pulling},
    shelf::pull_query,
};

impl Shelf {
    /// Pulls what was typed; nothing happens while a pull is under way or when it isn't a reference.
    pub fn pull(self, typed: &str) {
        let busy =
            self.pull.with_untracked(|pull| pull.as_ref().is_some_and(|pull| pull.state.outcome.is_none()));
        let Ok(reference) = typed.trim().parse::<Reference>() else { return };
        let Ok(stop) = AbortController::new() else { return };
        if busy {
            return;
        }
        self.typed.set(typed.to_owned());
        self.pull.set(Some(Pull { reference: reference.clone(), state: Pulling::default() }));
        self.stop.set_value(Some(stop.clone()));
        spawn_local(self.run_pull(reference, stop));
    }

    /// Stops the pull.
    pub fn cancel(self) {
        self.stop.with_value(|stop| {
            if let Some(stop) = stop {
                stop.abort();
            }
        });
    }

    /// Forgets a pull that ended.
    pub fn dismiss(self) {
        self.pull.set(None);
    }

    async fn run_pull(self, reference: Reference, stop: AbortController) {
        let (image, tag) = pull_query(&reference);
        let encode = |text: &str| strata_api::path::encode(text.as_bytes());
        let path = format!("/images/create?fromImage={}&tag={}", encode(&image), encode(&tag));
        follow_transfer(self.client, &path, &stop, |change| {
            self.pull.update(|pull| {
                if let Some(pull) = pull {
                    change(&mut pull.state);
                }
            });
        })
        .await;
        let outcome =
            self.pull.with_untracked(|pull| pull.as_ref().and_then(|pull| pull.state.outcome.clone()));
        if matches!(outcome, Some(Outcome::Pulled | Outcome::UpToDate)) {
            self.typed.set(String::new());
            self.fresh.set(Some(reference.familiar()));
            set_timeout(move || self.fresh.set(None), Duration::from_secs(4));
        }
        self.refresh();
    }
}

/// Follows docker's stream about a pull or a push until it has an outcome; `edit` is given what changes.
pub async fn follow_transfer(
    client: Client,
    path: &str,
    stop: &AbortController,
    edit: impl Fn(&mut dyn FnMut(&mut Pulling)),
) {
    let mut lines = Lines::default();
    let take = |chunk: Vec<u8>| {
        let messages: Vec<Message> =
            lines.push(&chunk).iter().filter_map(|line| serde_json::from_slice(line).ok()).collect();
        edit(&mut |state| messages.iter().for_each(|message| state.take(message.clone())));
    };
    let outcome = match client.stream("POST", path, &stop.signal(), take).await {
        Err(Failure::Cancelled) => Outcome::Cancelled,
        Err(Failure::Refused { message, .. }) => Outcome::Failed(message),
        _ => Outcome::Failed(String::new()),
    };
    edit(&mut |state| {
        state.outcome.get_or_insert(outcome.clone());
    });
}
