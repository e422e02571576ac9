//! The containers as the engine has them now, kept fresh by its events; and their figures while somebody looks.

use std::{collections::HashMap, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use web_sys::AbortSignal;

use crate::{
    containers::{Deed, Summary},
    page::{
        api::{Client, Failure},
        pulse::use_pulse,
        seen::{pause, while_seen},
    },
    run::Create,
    stats::{Figures, Sample},
};

/// Between two looks at the figures.
const BEAT: Duration = Duration::from_secs(2);

/// The containers; a copyable handle.
#[derive(Clone, Copy)]
pub struct Yard {
    client: Client,
    list: RwSignal<Vec<Summary>>,
    loaded: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    asked: StoredValue<(bool, bool)>,
    figures: RwSignal<HashMap<String, Figures>>,
    samples: StoredValue<HashMap<String, Sample>>,
}

/// What `GET /containers/{id}/json` begins with.
#[derive(serde::Deserialize)]
struct Inspect {
    #[serde(rename = "Name")]
    name: String,
}

/// The answer of `POST /containers/create`.
#[derive(serde::Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: String,
}

impl Yard {
    /// Asks for the containers, and again whenever something happened to one.
    pub fn start(client: Client) -> Self {
        let yard = Self {
            client,
            list: RwSignal::new(Vec::new()),
            loaded: RwSignal::new(false),
            failure: RwSignal::new(None),
            asked: StoredValue::new((false, false)),
            figures: RwSignal::new(HashMap::new()),
            samples: StoredValue::new(HashMap::new()),
        };
        let pulse = use_pulse();
        Effect::new(move |_| {
            pulse.track_containers();
            yard.refresh();
        });
        provide_context(yard);
        yard
    }

    /// The containers, newest first, tracked.
    pub fn list(self) -> Vec<Summary> {
        self.list.get()
    }

    /// One of them by name or id, tracked.
    pub fn find(self, handle: &str) -> Option<Summary> {
        self.list.with(|list| list.iter().find(|one| one.is(handle)).cloned())
    }

    /// Whether the containers are known, tracked.
    pub fn is_loaded(self) -> bool {
        self.loaded.get()
    }

    /// Why they aren't known, tracked.
    pub fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    /// A container's figures, tracked.
    pub fn figures(self, id: &str) -> Option<Figures> {
        self.figures.with(|figures| figures.get(id).copied())
    }

    /// Asks for the containers again. While an answer is awaited one more question is kept, no more: events come in
    /// bursts.
    pub fn refresh(self) {
        let (under_way, _) = self.asked.get_value();
        self.asked.set_value((true, under_way));
        if under_way {
            return;
        }
        spawn_local(async move {
            match self.client.get::<Vec<Summary>>("/containers/json?all=1").await {
                Ok(list) => {
                    if self.list.get_untracked() != list {
                        self.list.set(list);
                    }
                    self.failure.set(None);
                    self.loaded.set(true);
                }
                Err(failure) => self.failure.set(Some(failure)),
            }
            let (_, again) = self.asked.get_value();
            self.asked.set_value((false, false));
            if again {
                self.refresh();
            }
        });
    }

    /// Does something to a container.
    pub async fn act(self, id: &str, deed: Deed) -> Result<(), Failure> {
        let answer = self.client.send("POST", &format!("/containers/{id}/{}", deed.name())).await;
        self.refresh();
        answer
    }

    /// Removes a container with its anonymous volumes, running or not.
    pub async fn remove(self, id: &str) -> Result<(), Failure> {
        let answer = self.client.send("DELETE", &format!("/containers/{id}?force=1&v=1")).await;
        self.refresh();
        answer
    }

    /// Makes a container and starts it; gives its name. One that can't be started isn't kept.
    pub async fn run(self, name: &str, body: &Create) -> Result<String, Failure> {
        let query = match name {
            "" => String::new(),
            name => format!("?name={}", strata_api::path::encode(name.as_bytes())),
        };
        let path = format!("/containers/create{query}");
        let Created { id } = self.client.post(&path, Some(body)).await?;
        if let Err(failure) = self.act(&id, Deed::Start).await {
            // What made the start fail is what matters.
            let _ = self.remove(&id).await;
            return Err(failure);
        }
        if !name.is_empty() {
            return Ok(name.to_owned());
        }
        // One that is removed when it ends may be gone already.
        let made = self.client.get::<Inspect>(&format!("/containers/{id}/json")).await;
        Ok(made.map_or(id, |made| made.name.trim_start_matches('/').to_owned()))
    }

    /// Measures the running containers while the caller's owner is there and somebody looks: one question at a time,
    /// since a stream for each would use up the browser's connections.
    pub fn measure(self) {
        while_seen(move |signal| spawn_local(self.beat(signal)));
    }

    async fn beat(self, signal: AbortSignal) {
        while !signal.aborted() {
            let live = self.list.with_untracked(|list| {
                let live = list.iter().filter(|one| one.state.is_live());
                live.map(|one| one.id.clone()).collect::<Vec<_>>()
            });
            let mut all = HashMap::new();
            let mut samples = HashMap::new();
            for id in live {
                let path = format!("/containers/{id}/stats?stream=0&one-shot=1");
                let Ok(sample) = self.client.get::<Sample>(&path).await else { continue };
                if signal.aborted() {
                    return;
                }
                let figures = self.samples.with_value(|before| sample.figures(before.get(&id)));
                all.insert(id.clone(), figures);
                samples.insert(id, sample);
            }
            // The share of a processor needs two samples: the first ones come soon after each other.
            let first = self.samples.with_value(|before| samples.keys().any(|id| !before.contains_key(id)));
            let waits = first || !self.loaded.get_untracked();
            self.samples.set_value(samples);
            self.figures.set(all);
            pause(if waits { BEAT / 4 } else { BEAT }).await;
        }
    }
}

/// The containers.
pub fn use_yard() -> Yard {
    expect_context()
}
