//! Surgery on the layers of an image: several become one, one is left out, all above a base move to another base. The
//! image stays as it is; another one comes out, with the same config.
//!
//! ```text
//! request → decide (pure, from indexes and configs) → Decided { slots, history, plan }
//!                                                        │ POST /api/surgery/plan: the plan
//!                                                        └→ perform: compose what is new, publish, record, tag
//! ```
//!
//! **History.** A squashed range keeps its rows, as empty ones, and gets one more behind them that carries the layer, as
//! `docker build --squash` does: created by `#(nop) SQUASH …`, with a comment that says how many layers it was. A layer
//! that is left out takes its row with it. A rebased image has the new base's rows and then its own.

mod decide;
mod dependents;
mod history;
mod perform;
mod progress;
mod rebase;
mod settings;
mod words;

use std::sync::Arc;

use futures_util::Stream;
use progress::Operating;
use strata_api::workshop::{SurgeryEvent, SurgeryOutcome, SurgeryPlan, SurgeryRequest};
use strata_catalog::{Catalog as _, Image, Layer};
use strata_layer::Row;
use strata_layers::Watch;
use strata_oci::HistoryEntry;

use crate::{Engine, Error, Kind};

/// As many layers as images may have: overlay takes more, dockerd does not.
const MOST_LAYERS: usize = 127;

/// What an operation comes to.
struct Decided {
    /// The image that it starts from.
    image: Image,
    /// The layers of the outcome, bottom first.
    slots: Vec<Slot>,
    /// The history of the outcome, oldest first; a row without a time is new.
    history: Vec<HistoryEntry>,
    /// The same for whoever asks first.
    plan: SurgeryPlan,
}

/// A layer of an outcome.
enum Slot {
    /// One that is there already.
    Kept(Layer),
    /// One to be made of the image's layers.
    Made(Vec<Row>),
}

impl Engine {
    /// What an operation would come to. Changes nothing.
    pub async fn surgery_plan(&self, request: SurgeryRequest) -> Result<SurgeryPlan, Error> {
        self.blocking(move |inner| Ok(inner.decide(&request)?.plan)).await
    }

    /// Makes the image that an operation comes to. Dropping the future stops it, and nothing comes of it.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if something needs what would be gone and the request doesn't say `force`.
    pub async fn surgery(&self, request: SurgeryRequest) -> Result<SurgeryOutcome, Error> {
        self.begin_surgery(request).await?.outcome().await
    }

    /// Likewise, telling how far it is. Dropping the stream stops it.
    ///
    /// # Errors
    /// As [`Engine::surgery`] when it doesn't even begin; what happens later is an event.
    pub async fn surgery_events(
        &self,
        request: SurgeryRequest,
    ) -> Result<impl Stream<Item = SurgeryEvent> + Send + use<>, Error> {
        Ok(self.begin_surgery(request).await?.events())
    }

    async fn begin_surgery(&self, request: SurgeryRequest) -> Result<Operating, Error> {
        let begun = self.blocking(move |inner| {
            let tag = request.name.as_deref().map(crate::tag::wanted).transpose()?;
            // Taken before anything is looked at: what is decided on must still be there when it is done.
            let lease = inner.catalog.lease("surgery")?;
            let decided = inner.decide(&request).and_then(|decided| match words::refusal(&decided.plan) {
                Some(needed) if !request.force => Err(Error::new(Kind::Conflict, needed)),
                _ => Ok(decided),
            });
            if decided.is_err() {
                inner.catalog.release(lease)?;
            }
            Ok((decided?, tag, lease))
        });
        let (decided, tag, lease) = begun.await?;
        let (layers, entries) = decided.work();
        let watch = Arc::new(Watch::default());
        let (engine, watched) = (self.clone(), Arc::clone(&watch));
        let work = async move {
            engine
                .blocking(move |inner| {
                    let made = inner.perform(decided, tag.clone(), lease, &watched);
                    // After success it is given back already.
                    inner.catalog.release(lease)?;
                    let image = made?;
                    let name = tag.as_ref().map(crate::names::tag_name);
                    if let Some(name) = &name {
                        let labels =
                            inner.catalog.image(&image)?.map(|image| inner.labels(&image)).transpose()?;
                        inner.events.image("tag", &image.to_string(), name, &labels.unwrap_or_default());
                    }
                    Ok(SurgeryOutcome { image, name })
                })
                .await
        };
        // Begun at once, whether anybody waits or not: it has the lease, and gives it back.
        Ok(Operating::new(watch, layers, entries, tokio::spawn(work)))
    }
}

impl Decided {
    /// How many layers have to be made, and of how many entries.
    fn work(&self) -> (usize, u64) {
        let made = self.slots.iter().filter_map(|slot| match slot {
            Slot::Made(rows) => Some(rows.len() as u64),
            Slot::Kept(_) => None,
        });
        made.fold((0, 0), |(layers, entries), rows| (layers + 1, entries + rows))
    }
}
