//! What is known of the image, and bringing the rest.

use std::{sync::Arc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use strata_api::{
    path,
    registry::{Told, Trouble},
    remote::{Reading, RemoteImage},
};
use strata_layer::{LayerIndex, Stack};
use strata_oci::Reference;
use web_sys::AbortController;

use crate::{
    address::View,
    outside::{Phase, Tally, next},
    page::{
        api::{Client, Failure},
        explorer::{Explorer, load::one},
        logins::use_logins,
        tongue::{Tongue, use_tongue},
    },
};

/// Layers that are read at the same time; browsers keep six connections to a server, and the events take one.
const AT_ONCE: usize = 3;

/// The image; a copyable handle.
#[derive(Clone, Copy)]
pub struct Outside {
    client: Client,
    tongue: Tongue,
    pub(super) explorer: Explorer,
    /// What the registry tells.
    pub(super) image: RwSignal<Option<Arc<RemoteImage>>>,
    /// Why it doesn't.
    pub(super) trouble: RwSignal<Option<Trouble>>,
    /// How far each layer is, bottom first.
    phases: RwSignal<Vec<Phase>>,
    indexes: StoredValue<Vec<Arc<LayerIndex>>, LocalStorage>,
    stops: StoredValue<Vec<Option<AbortController>>, LocalStorage>,
}

/// Begins to look into an image.
pub fn load(explorer: Explorer, client: Client, _: View) {
    let outside = Outside {
        client,
        tongue: use_tongue(),
        explorer,
        image: RwSignal::new(None),
        trouble: RwSignal::new(None),
        phases: RwSignal::default(),
        indexes: StoredValue::new_local(Vec::new()),
        stops: StoredValue::new_local(Vec::new()),
    };
    provide_context(Some(outside));
    // Nobody reads what nobody looks at.
    on_cleanup(move || outside.stop());
    // Whoever logs in sees more.
    let logins = use_logins();
    logins.refresh();
    let host = explorer.view.with_untracked(|view| host(&view.reference));
    let user = Memo::new(move |_| logins.user(&host));
    Effect::new(move |_| {
        user.get();
        if outside.image.with_untracked(Option::is_none) {
            outside.ask();
        }
    });
}

/// The registry of a reference; of what is none there is none.
pub fn host(reference: &str) -> String {
    let parsed = reference.parse::<Reference>();
    parsed.map(|reference| reference.repository().domain().to_owned()).unwrap_or_default()
}

impl Outside {
    /// Asks the registry for the image, and then for what is in its layers.
    pub fn ask(self) {
        self.explorer.failure.set(None);
        self.trouble.set(None);
        let view = self.explorer.view.get_untracked();
        spawn_local(async move {
            let encode = |text: &str| path::encode(text.as_bytes());
            let path =
                format!("/api/remote?ref={}&platform={}", encode(&view.reference), encode(&view.platform));
            match self.client.get::<Told<RemoteImage>>(&path).await {
                Ok(Told::Answer(image)) => self.begin(image),
                Ok(Told::Trouble(trouble)) => {
                    let refused = Failure::Refused { status: 0, message: trouble.message.clone() };
                    let _ = self.trouble.try_set(Some(trouble));
                    let _ = self.explorer.failure.try_set(Some(refused));
                }
                Err(failure) => drop(self.explorer.failure.try_set(Some(failure))),
            }
        });
    }

    fn begin(self, image: RemoteImage) {
        let layers = image.detail.card.layers.len();
        let detail = Arc::new(image.detail.clone());
        if self.image.try_set(Some(Arc::new(image))).is_some() {
            return;
        }
        self.indexes.set_value((0..layers).map(|_| Arc::new(LayerIndex::empty())).collect());
        self.stops.set_value((0..layers).map(|_| None).collect());
        self.phases.set(vec![Phase::Queued; layers]);
        self.explorer.read.set((0, layers));
        self.explorer.detail.set(Some(detail));
        self.settle();
        self.go_on();
    }

    /// How far a layer is, tracked.
    pub fn phase(self, position: usize) -> Option<Phase> {
        self.phases.with(|phases| phases.get(position).cloned())
    }

    /// Bytes of a layer's blob.
    pub fn size(self, position: usize) -> u64 {
        self.explorer.detail.with_untracked(|detail| {
            let rows = detail.iter().flat_map(|detail| &detail.rows);
            let mut cards = rows.filter_map(|row| row.layer.as_ref());
            cards.find(|card| card.position == position).map_or(0, |card| card.stored)
        })
    }

    /// What the layers add up to, tracked.
    pub fn tally(self) -> Tally {
        self.phases.with(|phases| {
            Tally::of(phases.iter().enumerate().map(|(position, phase)| (phase, self.size(position))))
        })
    }

    /// Reads a layer.
    pub fn want(self, position: usize) {
        self.wanted(|at, _| at == position);
    }

    /// Reads all layers that are missing.
    pub fn want_all(self) {
        self.wanted(|_, _| true);
    }

    fn wanted(self, which: impl Fn(usize, &Phase) -> bool) {
        self.phases.update(|phases| {
            for (at, phase) in phases.iter_mut().enumerate() {
                if matches!(phase, Phase::Unread | Phase::Failed(_)) && which(at, phase) {
                    *phase = Phase::Queued;
                }
            }
        });
        self.go_on();
    }

    /// Stops reading; what was read stays.
    pub fn stop(self) {
        let _ = self.phases.try_update(|phases| {
            phases
                .iter_mut()
                .filter(|phase| **phase == Phase::Queued)
                .for_each(|phase| *phase = Phase::Unread);
        });
        let _ = self.stops.try_with_value(|stops| stops.iter().flatten().for_each(AbortController::abort));
    }

    /// Stops reading a layer.
    pub fn leave(self, position: usize) {
        self.phases.update(|phases| {
            if let Some(phase) = phases.get_mut(position).filter(|phase| **phase == Phase::Queued) {
                *phase = Phase::Unread;
            }
        });
        self.stops.with_value(|stops| {
            stops.get(position).iter().copied().flatten().for_each(AbortController::abort)
        });
    }

    /// Begins with as many layers as there is room for.
    fn go_on(self) {
        while let Some(Some(position)) = self.phases.try_update(|phases| next(phases, AT_ONCE)) {
            spawn_local(async move {
                let outcome = self.bring(position).await;
                let _ = self.stops.try_update_value(|stops| stops[position] = None);
                let phase = match &outcome {
                    Ok(_) => Phase::Read,
                    Err(Failure::Cancelled) => Phase::Unread,
                    Err(failure) => Phase::Failed(failure.say(self.tongue.lang_untracked())),
                };
                if self.phases.try_update(|phases| phases[position] = phase).is_none() {
                    return;
                }
                if let Ok(index) = outcome {
                    self.take(position, index);
                }
                self.settle();
                self.go_on();
            });
        }
    }

    /// The index of a layer, which the server reads first if it doesn't know it.
    async fn bring(self, position: usize) -> Result<Arc<LayerIndex>, Failure> {
        let image = self.image.try_get_untracked().flatten().ok_or(Failure::Cancelled)?;
        let diff_id = image.detail.card.layers[position].clone();
        if !image.known.get(position).copied().unwrap_or(false) {
            let stop = AbortController::new().map_err(|_| Failure::Cancelled)?;
            let signal = stop.signal();
            let _ = self.stops.try_update_value(|stops| stops[position] = Some(stop));
            let path = format!("/api/layers/{diff_id}/reading?from={}", path::encode(image.from.as_bytes()));
            let mut last = None;
            let take = |readings: Vec<Reading>| {
                for reading in readings {
                    if let Reading::Running { received, .. } = reading {
                        let _ = self.phases.try_update(|phases| phases[position] = Phase::Reading(received));
                    }
                    last = Some(reading);
                }
            };
            self.client.lines(&path, &signal, take).await?;
            match last {
                Some(Reading::Done) => {}
                Some(Reading::Failed(message)) => return Err(Failure::Refused { status: 0, message }),
                _ => return Err(Failure::NoServer),
            }
        }
        one(self.client, diff_id).await
    }

    /// Shows what is in a layer.
    fn take(self, position: usize, index: Arc<LayerIndex>) {
        let totals = index.totals();
        let explorer = self.explorer;
        self.indexes.update_value(|indexes| indexes[position] = index);
        explorer.detail.update(|detail| {
            let Some(detail) = detail.as_mut().map(Arc::make_mut) else { return };
            let mut cards = detail.rows.iter_mut().filter_map(|row| row.layer.as_mut());
            if let Some(card) = cards.find(|card| card.position == position) {
                (card.unpacked, card.entries) = (totals.on_disk(), totals.entries);
            }
        });
        self.show();
        set_timeout(move || explorer.add_up(), Duration::from_millis(30));
    }

    fn show(self) {
        let read =
            self.phases.with_untracked(|phases| phases.iter().filter(|phase| **phase == Phase::Read).count());
        self.explorer.stack.set(Some(Stack::new(self.indexes.get_value())));
        self.explorer.read.update(|(here, _)| *here = read);
    }

    /// When nothing more comes and nothing came, that is what there is to show.
    fn settle(self) {
        let idle = self.phases.with_untracked(|phases| {
            !phases.iter().any(|phase| matches!(phase, Phase::Queued | Phase::Reading(_)))
        });
        if idle && self.explorer.stack.with_untracked(Option::is_none) {
            self.show();
        }
    }
}
