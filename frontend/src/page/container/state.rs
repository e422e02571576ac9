//! What the page knows of a container: its mount, its image's layers, and its writable layer as it changes.
//!
//! The writable layer is in no signal: only `revision` is, so that nothing clones or compares thousands of rows.

use std::{collections::HashMap, sync::Arc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use strata_api::{
    explorer::ImageDetail,
    live::{Batch, ContainerDetail},
};
use strata_oci::DiffId;
use web_sys::AbortSignal;

use super::reads::Reading;
use crate::{
    containers::{State, Summary},
    page::{
        api::{Client, Failure, use_client},
        containers::{Yard, use_yard},
        seen::{pause, while_seen},
    },
    upper::{Motion, Row, Upper},
};

/// A container's state; a copyable handle.
#[derive(Clone, Copy)]
pub struct Vessel {
    /// The way to the server.
    pub client: Client,
    /// The list of containers.
    pub yard: Yard,
    /// Its name as the address has it.
    pub name: StoredValue<String>,
    /// What is below it, once known.
    pub detail: RwSignal<Option<Arc<ContainerDetail>>>,
    /// Its image, once known.
    pub image: RwSignal<Option<Arc<ImageDetail>>>,
    /// Why it can't be shown.
    pub failure: RwSignal<Option<Failure>>,
    /// Why its image's layers can't be shown.
    pub no_image: RwSignal<Option<Failure>>,
    /// Counts changes of the writable layer; 0 until it is known.
    pub revision: RwSignal<u32>,
    /// Whether the engine doesn't tell any more what happens.
    pub lost: RwSignal<bool>,
    /// The path that something happened to last.
    pub latest: RwSignal<Option<Vec<u8>>>,
    /// The layer whose marks are lit.
    pub lit: RwSignal<Option<usize>>,
    /// What it reads, if somebody asked for that.
    pub reading: Reading,
    /// What lists know of it, tracked through [`Vessel::summary`].
    summary: Memo<Option<Summary>>,
    upper: StoredValue<Upper>,
    motions: StoredValue<HashMap<Vec<u8>, Motion>>,
    drawing: StoredValue<bool>,
    /// How long the last drawing took.
    took: StoredValue<Duration>,
}

/// What comes within so short a time is drawn at once.
const BEAT: Duration = Duration::from_millis(16);
/// Nobody waits longer for a drawing.
const MOST: Duration = Duration::from_millis(120);

impl Vessel {
    /// Loads a container and follows what happens to it.
    pub fn start(name: &str) -> Self {
        let yard = use_yard();
        let name = name.to_owned();
        let detail = RwSignal::new(None::<Arc<ContainerDetail>>);
        // By its id once that is known: it may get another name.
        let summary = Memo::new({
            let name = name.clone();
            move |_| {
                let id = detail.with(|detail| detail.as_ref().map(|detail| detail.id.clone()));
                yard.find(id.as_ref().unwrap_or(&name))
            }
        });
        let client = use_client();
        let id = Memo::new(move |_| detail.with(|detail| detail.as_ref().map(|detail| detail.id.clone())));
        let live = Memo::new(move |_| {
            summary.with(|summary| summary.as_ref().is_none_or(|summary| summary.state.is_live()))
        });
        let vessel = Self {
            client,
            yard,
            name: StoredValue::new(name),
            detail,
            image: RwSignal::new(None),
            failure: RwSignal::new(None),
            no_image: RwSignal::new(None),
            revision: RwSignal::new(0),
            lost: RwSignal::new(false),
            latest: RwSignal::new(None),
            lit: RwSignal::new(None),
            reading: Reading::start(client, id, live),
            summary,
            upper: StoredValue::new(Upper::default()),
            motions: StoredValue::new(HashMap::new()),
            drawing: StoredValue::new(false),
            took: StoredValue::new(Duration::ZERO),
        };
        spawn_local(async move {
            if let Err(failure) = vessel.load().await {
                let _ = vessel.failure.try_set(Some(failure));
            }
        });
        Effect::new(move |_| {
            let Some(id) = id.get() else { return };
            while_seen(move |signal| spawn_local(vessel.follow(id.clone(), signal)));
        });
        vessel
    }

    /// What lists know of it, tracked.
    pub fn summary(self) -> Option<Summary> {
        self.summary.get()
    }

    /// Where it is in its life, tracked; running until a list says otherwise.
    pub fn state(self) -> State {
        self.summary.with(|summary| summary.as_ref().map_or(State::Running, |summary| summary.state))
    }

    /// Its id, tracked; empty until known.
    pub fn id(self) -> String {
        self.detail.with(|detail| detail.as_ref().map(|detail| detail.id.clone())).unwrap_or_default()
    }

    /// Its id, not tracked.
    pub fn known_id(self) -> String {
        untrack(|| self.id())
    }

    /// Reads the writable layer; tracks nothing.
    pub fn with_upper<T>(self, read: impl FnOnce(&Upper) -> T) -> Option<T> {
        self.upper.try_with_value(read)
    }

    /// A row of it, tracked.
    pub fn row(self, path: &[u8]) -> Option<Row> {
        self.revision.track();
        self.with_upper(|upper| upper.row(path).cloned()).flatten()
    }

    /// What just happened to a path, told once.
    pub fn motion(self, path: &[u8]) -> Option<Motion> {
        self.motions.try_update_value(|motions| motions.remove(path)).flatten()
    }

    /// How many layers its image has, tracked.
    pub fn layers(self) -> usize {
        self.image.with(|image| image.as_ref().map_or(0, |image| image.card.layers.len()))
    }

    /// How many of them belong to the base image, tracked.
    pub fn base(self) -> usize {
        self.image.with(|image| image.as_ref().and_then(|image| image.base.as_ref()).map_or(0, |b| b.layers))
    }

    /// A layer of its image, not tracked.
    pub fn layer(self, position: usize) -> Option<DiffId> {
        self.image.with_untracked(|image| image.as_ref()?.card.layers.get(position).cloned())
    }

    async fn load(self) -> Result<(), Failure> {
        let name = self.name.get_value();
        let path = format!("/api/containers/{}", strata_api::path::encode(name.as_bytes()));
        let detail: ContainerDetail = self.client.get(&path).await?;
        let image =
            format!("/api/image?ref={}", strata_api::path::encode(detail.image.to_string().as_bytes()));
        if self.detail.try_set(Some(Arc::new(detail))).is_some() {
            return Ok(());
        }
        match self.client.get::<ImageDetail>(&image).await {
            Ok(image) => drop(self.image.try_set(Some(Arc::new(image)))),
            Err(failure) => drop(self.no_image.try_set(Some(failure))),
        }
        Ok(())
    }

    async fn follow(self, id: String, signal: AbortSignal) {
        let path = format!("/api/containers/{id}/live");
        while !signal.aborted() {
            let answer = self.client.lines(&path, &signal, |batches| self.take(batches)).await;
            if signal.aborted() || self.lost.try_set(true).is_some() {
                return;
            }
            if matches!(answer, Err(Failure::Refused { status: 404, .. } | Failure::NoSession)) {
                return;
            }
            pause(Duration::from_secs(1)).await;
        }
    }

    fn take(self, batches: Vec<Batch>) {
        let any = !batches.is_empty();
        for batch in batches {
            let motions = self.upper.try_update_value(|upper| upper.take(batch)).unwrap_or_default();
            if let Some(last) = motions.last() {
                let _ = self.latest.try_set(Some(last.path.clone()));
            }
            self.motions.try_update_value(|all| {
                // What nobody drew by now is old.
                if all.len() > 2000 {
                    all.clear();
                }
                all.extend(motions.into_iter().map(|motion| (motion.path.clone(), motion)));
            });
        }
        if any && self.drawing.try_get_value() == Some(false) {
            self.drawing.set_value(true);
            // Where there is much to draw, most of the time is left for taking what comes.
            set_timeout(move || self.draw(), BEAT.max(self.took.get_value()));
        }
    }

    fn draw(self) {
        let _ = self.drawing.try_set_value(false);
        if self.lost.try_set(false).is_none() {
            let begun = js_sys::Date::now();
            self.revision.update(|revision| *revision += 1);
            let ended = move || {
                let took = (js_sys::Date::now() - begun).max(0.0);
                let _ = self.took.try_set_value(Duration::from_millis(took as u64).min(MOST));
            };
            set_timeout(ended, Duration::ZERO);
        }
    }
}

/// The container.
pub fn use_vessel() -> Vessel {
    expect_context()
}
