//! The builds that run, and what they share.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use strata_builder::ContextRoom;
use strata_oci::DiffId;
use strata_registry::Downloader;
use tokio::sync::watch;

use crate::Error;

/// What all builds share.
pub(crate) struct Builds {
    /// Where contexts are made.
    pub(crate) room: ContextRoom,
    /// Fetches what Dockerfiles name.
    pub(crate) downloader: Downloader,
    /// Those that have an id and can be stopped by it.
    stops: Arc<Mutex<HashMap<String, watch::Sender<bool>>>>,
    /// Layers that lie at their places and have no record yet, with how many builds need them.
    building: Mutex<HashMap<DiffId, usize>>,
}

/// A build that can be stopped by its id, until it is dropped.
pub(crate) struct Registered {
    id: String,
    stops: Arc<Mutex<HashMap<String, watch::Sender<bool>>>>,
}

impl Builds {
    /// Removes what builds of an earlier process left. Blocks.
    pub(crate) fn open(data: &Path, downloader: Downloader) -> Result<Self, Error> {
        let room = ContextRoom::open(&data.join("builds").join("tmp"))?;
        Ok(Self { room, downloader, stops: Arc::default(), building: Mutex::default() })
    }

    pub(crate) fn register(&self, id: String, stop: watch::Sender<bool>) -> Registered {
        lock(&self.stops).insert(id.clone(), stop);
        Registered { id, stops: Arc::clone(&self.stops) }
    }

    pub(crate) fn stop(&self, id: &str) -> bool {
        lock(&self.stops).get(id).map(|stop| stop.send_replace(true)).is_some()
    }

    /// Whether a layer is a build's that has no record yet.
    pub(crate) fn is_building(&self, diff_id: &DiffId) -> bool {
        lock(&self.building).contains_key(diff_id)
    }

    pub(crate) fn mark(&self, diff_id: &DiffId, building: bool) {
        let mut all = lock(&self.building);
        if building {
            *all.entry(diff_id.clone()).or_default() += 1;
        } else if let Some(count) = all.get_mut(diff_id) {
            *count -= 1;
            if *count == 0 {
                all.remove(diff_id);
            }
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&self.stops).remove(&self.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
