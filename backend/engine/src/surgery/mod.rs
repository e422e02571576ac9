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
mod rebase;
mod settings;
mod words;

use std::sync::Arc;

use strata_api::workshop::{SurgeryOutcome, SurgeryPlan, SurgeryRequest};
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

/// Stops the work when whoever asked for it is gone; after its end nothing listens any more.
struct StopWhenDropped(Arc<Watch>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.stop();
    }
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
        let watch = Arc::new(Watch::default());
        let _stopped = StopWhenDropped(Arc::clone(&watch));
        self.blocking(move |inner| {
            let tag = request.name.as_deref().map(crate::tag::wanted).transpose()?;
            // Taken before anything is looked at: what is decided on must still be there when it is done.
            let lease = inner.catalog.lease("surgery")?;
            let made = inner.decide(&request).and_then(|decided| {
                if !request.force
                    && let Some(needed) = words::refusal(&decided.plan)
                {
                    return Err(Error::new(Kind::Conflict, needed));
                }
                inner.perform(decided, tag.clone(), lease, &watch)
            });
            // After success it is given back already.
            inner.catalog.release(lease)?;
            let image = made?;
            let name = tag.as_ref().map(crate::names::tag_name);
            if let Some(name) = &name {
                let labels = inner.catalog.image(&image)?.map(|image| inner.labels(&image)).transpose()?;
                inner.events.image("tag", &image.to_string(), name, &labels.unwrap_or_default());
            }
            Ok(SurgeryOutcome { image, name })
        })
        .await
    }
}
