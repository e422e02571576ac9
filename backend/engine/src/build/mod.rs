//! `docker build`: from a Dockerfile and its context to an image.
//!
//! The work is `strata-builder`'s; here it gets its stores, the registries, and somebody to listen.
//!
//! ```text
//! let mut building = engine.build(Source::Context(context), Options::default())?;
//! while let Some(event) = building.events.recv().await { … }      // the last is Done, Failed or Cancelled
//! building.stop();                                                 // or drop it: the step that runs is killed
//! ```
//!
//! A context is an archive, an address, or a directory: [`Engine::context_room`] makes one of files that are here, and
//! [`strata_builder::Context::borrowed`] takes a directory that stays its owner's. After a failed `RUN` the event
//! [`Event::Failed`] names the container, which stays unless it was to be removed: [`Engine::commit`] makes an image of what the
//! step left.

mod images;
mod prune;
mod running;

use std::sync::Arc;

use strata_builder::{ContextRoom, Event, Listener, Options, Source, Stores, build};
use strata_oci::ImageId;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{Engine, Error, Kind};

pub use prune::BuildPruned;
pub(crate) use running::Builds;

/// Events that may wait for a slow listener. A program that prints is slowed down then.
const BACKLOG: usize = 256;

/// A build under way. Dropping it stops the build.
pub struct Building {
    /// What happens. The last event says how it ended.
    pub events: mpsc::Receiver<Event>,
    pub(crate) stop: watch::Sender<bool>,
    work: JoinHandle<Result<ImageId, strata_builder::Error>>,
}

impl Building {
    /// Asks it to end soon; the step that runs is killed.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits for its end, telling nobody what happens: the image, or why there is none.
    pub async fn finish(mut self) -> Result<ImageId, Error> {
        while self.events.recv().await.is_some() {}
        let image = self
            .work
            .await
            .map_err(|error| Error::new(Kind::Internal, format!("internal error: {error}")))?;
        Ok(image?)
    }
}

impl Engine {
    /// Starts a build.
    ///
    /// # Errors
    /// When this machine can't run containers. What is wrong with the Dockerfile is told by the events.
    pub fn build(&self, source: Source, options: Options) -> Result<Building, Error> {
        let running = self.running()?;
        let inner = self.inner();
        let stores = Stores {
            catalog: inner.catalog.clone(),
            blobs: inner.blobs.clone(),
            layers: inner.layers.clone(),
            snapshots: running.snapshots.clone(),
            containers: running.containers.clone(),
            room: self.context_room(),
            caches: inner.options.data.join("builds").join("caches").into(),
        };
        let (sender, events) = mpsc::channel(BACKLOG);
        let (stop, stopped) = watch::channel(false);
        let handle = Handle::current();
        let images = Arc::new(images::EngineImages(self.clone()));
        let registered = options.id.clone().map(|id| inner.builder.register(id, stop.clone()));
        let work = tokio::task::spawn_blocking(move || {
            // Forgotten when it ends.
            let _registered = registered;
            let listener = Listener::new(sender, stopped, handle);
            let built = build(stores, images, source, options, &listener);
            if let Err(error) = &built {
                tracing::info!(%error, "build failed");
            }
            built
        });
        Ok(Building { events, stop, work })
    }

    /// Stops a build that has an id; `false` if there is none.
    pub fn cancel_build(&self, id: &str) -> bool {
        self.inner().builder.stop(id)
    }

    /// Where contexts are made.
    pub fn context_room(&self) -> ContextRoom {
        self.inner().builder.room.clone()
    }
}

impl From<strata_builder::Error> for Error {
    fn from(error: strata_builder::Error) -> Self {
        use strata_builder::Kind as Theirs;
        let kind = match error.kind {
            Theirs::InvalidArgument => Kind::InvalidArgument,
            Theirs::NotFound => Kind::NotFound,
            Theirs::Forbidden => Kind::Forbidden,
            Theirs::Unavailable => Kind::Unavailable,
            Theirs::Unsupported => Kind::Unsupported,
            Theirs::Cancelled => Kind::Cancelled,
            Theirs::Internal => Kind::Internal,
        };
        Self::new(kind, error.message)
    }
}
