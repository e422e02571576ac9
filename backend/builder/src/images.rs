//! What a build needs of the engine around it.

use std::{
    collections::BTreeMap,
    future::Future,
    path::Path,
    pin::Pin,
    sync::{Arc, MutexGuard},
};

use strata_api::progress::Message;
use strata_blobs::DiskBlobs;
use strata_catalog::{Catalog, Image};
use strata_containers::Containers;
use strata_layers::Layers;
use strata_oci::{DiffId, ImageConfig, ImageId};
use strata_snapshots::Snapshots;
use tokio::sync::mpsc;

use crate::{Error, context::ContextRoom};

/// Something that takes a while.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The stores that builds work on; all of one data directory.
#[derive(Clone)]
pub struct Stores {
    /// Records.
    pub catalog: Arc<dyn Catalog>,
    /// Configs.
    pub blobs: DiskBlobs,
    /// Layers.
    pub layers: Layers,
    /// File systems.
    pub snapshots: Snapshots,
    /// What runs the steps.
    pub containers: Containers,
    /// Where contexts and other things of a build's own are.
    pub room: ContextRoom,
    /// Directories of `RUN --mount=type=cache`, by the digest of their ids.
    pub caches: Arc<Path>,
}

/// A file that was fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Bytes.
    pub size: u64,
    /// When it was changed last, in Unix seconds, if its server says so.
    pub modified: Option<i64>,
    /// The name that its server gives it, if it gives one.
    pub name: Option<String>,
}

/// What a build asks of the engine. Everything but what takes a while blocks.
pub trait Images: Send + Sync {
    /// The image that a name means here, if it is here.
    fn find(&self, name: &str) -> Result<Option<Image>, Error>;

    /// An image's config.
    fn config(&self, id: &ImageId) -> Result<Arc<ImageConfig>, Error>;

    /// Pulls an image, with one of [`crate::Options::logins`] if its registry has one; messages as `docker pull` shows them.
    fn pull<'a>(
        &'a self,
        name: &'a str,
        platform: Option<&'a str>,
        logins: &'a BTreeMap<String, String>,
        messages: mpsc::Sender<Message>,
    ) -> Later<'a, Result<(), Error>>;

    /// Fetches what is at an address into a file that is not there yet.
    fn fetch<'a>(&'a self, url: &'a str, into: &'a Path) -> Later<'a, Result<Fetched, Error>>;

    /// Fetches a repository into an empty directory.
    fn clone_repository<'a>(&'a self, address: &'a str, into: &'a Path) -> Later<'a, Result<(), Error>>;

    /// Held while files get their places and records: neither garbage nor anybody else's failure takes them meanwhile.
    fn alone(&self) -> MutexGuard<'_, ()>;

    /// From now on a layer is a build's that has no record yet, or no longer.
    fn mark_building(&self, diff_id: &DiffId, building: bool);

    /// Tells that an image got a name.
    fn tell_tagged(&self, id: &ImageId, name: &str);
}
