//! Builds: beginning one, following it, stopping it, and a shell in what it left.

use leptos::{prelude::*, task::spawn_local};
use strata_api::workshop::{BuildDetail, BuildRequest, BuildState, Origin, Shell};
use web_sys::AbortController;

use super::state::Bench;
use crate::{
    address::{self, Container, Place},
    page::api::Failure,
    workshop::building::Build,
};

/// The page's clock in milliseconds.
pub fn now() -> i64 {
    js_sys::Date::now() as i64
}

impl Bench {
    /// Whether a build is under way, tracked.
    pub fn is_building(self) -> bool {
        self.build.with(|build| build.as_ref().is_some_and(Build::is_running))
    }

    /// Saves what is typed and builds it.
    pub fn run_build(self) {
        if untrack(|| self.is_building()) || self.record.with_untracked(Option::is_none) {
            return;
        }
        let request = BuildRequest { no_cache: self.no_cache.get_untracked(), pull: false };
        let Ok(stop) = AbortController::new() else { return };
        self.refusal.set(None);
        self.shown_step.set(None);
        self.look_ahead();
        self.foreseen.set(self.foresight.get_untracked());
        self.built_text.set(self.text.get_untracked());
        self.build.set(Some(Build::default()));
        let signal = stop.signal();
        self.stop.set_value(Some(stop));
        spawn_local(async move {
            let answer = match self.save_all().await {
                Ok(()) => {
                    let route = self.route("/build");
                    self.client.stream_post(&route, &request, &signal, |piece| self.feed(&piece)).await
                }
                Err(failure) => Err(failure),
            };
            self.ended(answer).await;
        });
    }

    /// Follows a build that runs already.
    fn follow(self, id: String) {
        let Ok(stop) = AbortController::new() else { return };
        self.build.set(Some(Build::of(&id)));
        let signal = stop.signal();
        spawn_local(async move {
            let route = format!("/api/builds/{id}/events");
            let answer = self.client.stream("GET", &route, &signal, |piece| self.feed(&piece)).await;
            self.ended(answer).await;
        });
    }

    fn feed(self, piece: &[u8]) {
        // Nobody may be looking any more; the build goes on as long as its answer is read.
        let _ = self.build.try_update(|build| {
            if let Some(build) = build {
                build.feed(piece, now());
            }
        });
    }

    async fn ended(self, answer: Result<(), Failure>) {
        let cut = match answer {
            Ok(()) => Some(crate::words::Craft::BuildCut.text(self.lang()).to_owned()),
            Err(Failure::Cancelled) => None,
            Err(failure) => Some(failure.say(self.lang())),
        };
        let _ = self.build.try_update(|build| {
            if let Some(build) = build {
                build.cut(cut, now());
            }
        });
        let _ = self.stop.try_set_value(None);
        if self.builds.try_get_untracked().is_some() {
            self.refresh_builds().await;
        }
    }

    /// Stops the build.
    pub fn stop_build(self) {
        let id = self
            .build
            .with_untracked(|build| build.as_ref().map(|build| build.id.clone()).unwrap_or_default());
        let stop = self.stop.try_update_value(Option::take).flatten();
        spawn_local(async move {
            // Whoever only follows a build has to say so to the server.
            if !id.is_empty() {
                drop(self.client.send("DELETE", &format!("/api/builds/{id}")).await);
            }
            if let Some(stop) = stop {
                stop.abort();
            }
        });
    }

    /// Shows the newest build when the page opens: follows it if it runs.
    pub async fn recall_build(self) {
        let Some(Some(newest)) = self.builds.try_with_untracked(|builds| builds.first().cloned()) else {
            return;
        };
        if self.build.with_untracked(Option::is_some) {
            return;
        }
        if newest.state == BuildState::Running {
            self.built_text.set(self.text.get_untracked());
            return self.follow(newest.id);
        }
        let Ok(detail) = self.client.get::<BuildDetail>(&format!("/api/builds/{}", newest.id)).await else {
            return;
        };
        let mut build = Build::of(&newest.id);
        let Ok(stop) = AbortController::new() else { return };
        let route = format!("/api/builds/{}/events", newest.id);
        let told = self.client.stream("GET", &route, &stop.signal(), |piece| build.feed(&piece, now())).await;
        if told.is_err() || build.is_running() {
            build = Build::remembered(&detail);
        }
        let _ = self.built_text.try_set(detail.dockerfile.clone());
        let _ = self.build.try_set(Some(build));
    }

    /// Opens a shell in the file system as a step left it.
    pub fn shell(self, build: &str, step: usize) {
        let route = format!("/api/builds/{build}/steps/{step}/shell");
        spawn_local(async move {
            match self.client.post::<Shell>(&route, None::<&()>).await {
                Ok(shell) => self.bar.go(Place::Container(Box::new(Container::of(&shell.container)))),
                Err(failure) => drop(self.refusal.try_set(Some(failure))),
            }
        });
    }

    /// Opens a shell in the step that failed.
    pub fn shell_where_it_failed(self) {
        let place = self.build.with_untracked(|build| {
            let build = build.as_ref()?;
            Some((build.id.clone(), build.trouble()?.step?))
        });
        if let Some((build, step)) = place {
            self.shell(&build, step);
        }
    }

    /// Makes a workshop of a step, and goes there.
    pub fn branch(self, build: String, step: usize) {
        spawn_local(async move {
            match super::create(self.client, "", Origin::Branch { build, step }).await {
                Ok(workshop) => {
                    let place = address::Workshop::of(&workshop.card.id);
                    self.bar.go(Place::Workshop(Box::new(place)));
                }
                Err(failure) => drop(self.refusal.try_set(Some(failure))),
            }
        });
    }
}
