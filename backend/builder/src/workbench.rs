//! What a build made and nobody but it knows yet.
//!
//! A step that only changes the config costs a few hundred bytes in memory. Layers lie at their places, but neither they nor the
//! images are durable, and nothing has a record, before [`Workbench::record`]: it waits for the disk once, and adds everything in one
//! transaction. That happens when a build ends, well or not, and whenever more than a second of work would be lost to a crash.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use strata_blobs::BlobStore as _;
use strata_catalog::{Blob, BuildStep, Built, Layer, Lease, NewImage, Tagged};
use strata_layers::{Placed, StagedLayer};
use strata_oci::{
    ContainerConfig, DiffId, Digest, HistoryEntry, ImageConfig, ImageId, MediaType, Platform, RootFs,
};

use crate::{
    Error,
    images::{Images, Stores},
};

/// How much work a crash may cost.
const PATIENCE: Duration = Duration::from_secs(1);

/// Digest of the archive of a layer in which nothing is: docker keeps no such layer.
const EMPTY_LAYER: &str = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/// An image as a step sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    /// Its id; none for `scratch`.
    pub id: Option<ImageId>,
    /// Its config.
    pub config: Arc<ImageConfig>,
    /// Its layers, bottom first.
    pub layers: Vec<Layer>,
}

/// What a step adds to an image.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addition {
    /// The config of containers.
    pub config: ContainerConfig,
    /// The config of the container that made it, whose command is what the history shows.
    pub made_by: ContainerConfig,
    /// That container.
    pub container: Option<String>,
    /// Who is responsible.
    pub author: String,
    /// The layer, if it made one.
    pub layer: Option<Layer>,
}

pub(crate) struct Workbench {
    stores: Stores,
    images: Arc<dyn Images>,
    lease: Lease,
    made: HashMap<ImageId, Chain>,
    built: Built,
    configs: Vec<(Digest, Vec<u8>)>,
    placed: Vec<Placed>,
    /// Marked as being built.
    marked: Vec<DiffId>,
    keys: HashMap<String, ImageId>,
    /// When the oldest thing without a record was begun.
    since: Option<Instant>,
}

impl Workbench {
    pub(crate) fn new(stores: Stores, images: Arc<dyn Images>) -> Result<Self, Error> {
        let lease = stores.catalog.lease("build").map_err(|error| catalog(&error))?;
        Ok(Self {
            stores,
            images,
            lease,
            made: HashMap::new(),
            built: Built::default(),
            configs: Vec::new(),
            placed: Vec::new(),
            marked: Vec::new(),
            keys: HashMap::new(),
            since: None,
        })
    }

    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }

    /// An image with its config and layers.
    pub(crate) fn chain(&self, id: &ImageId) -> Result<Option<Chain>, Error> {
        if let Some(chain) = self.made.get(id) {
            return Ok(Some(chain.clone()));
        }
        let Some(image) = self.stores.catalog.image(id).map_err(|error| catalog(&error))? else {
            return Ok(None);
        };
        let diff_ids: Vec<DiffId> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        let held = self.stores.catalog.hold_layers(self.lease, &diff_ids).map_err(|error| catalog(&error))?;
        if held.len() < image.layers.len() {
            return Ok(None);
        }
        let config = self.images.config(id)?;
        Ok(Some(Chain { id: Some(id.clone()), config, layers: image.layers }))
    }

    /// The image that an image was made from, if it is known.
    pub(crate) fn parent_of(&self, id: &ImageId) -> Result<Option<ImageId>, Error> {
        if let Some(image) = self.built.images.iter().find(|image| image.config.digest == *id.digest()) {
            return Ok(image.parent.clone());
        }
        let image = self.stores.catalog.image(id).map_err(|error| catalog(&error))?;
        Ok(image.and_then(|image| image.parent))
    }

    /// The image of a step that was done before.
    pub(crate) fn done_before(&self, key: &str) -> Result<Option<ImageId>, Error> {
        if let Some(image) = self.keys.get(key) {
            return Ok(Some(image.clone()));
        }
        let step = self.stores.catalog.step(key).map_err(|error| catalog(&error))?;
        Ok(step.map(|step| step.image))
    }

    /// Gives a layer its place; nothing of one in which nothing is.
    pub(crate) fn keep(&mut self, staged: StagedLayer) -> Result<Option<Layer>, Error> {
        let taken = staged.taken().clone();
        if taken.diff_id.to_string() == EMPTY_LAYER {
            return Ok(None);
        }
        self.stores
            .catalog
            .hold_layers(self.lease, std::slice::from_ref(&taken.diff_id))
            .map_err(|error| catalog(&error))?;
        let _alone = self.images.alone();
        self.images.mark_building(&taken.diff_id, true);
        self.marked.push(taken.diff_id.clone());
        let placed = self.stores.layers.place_now(staged);
        self.placed.push(placed.map_err(|error| Error::internal("cannot keep a layer", &error))?);
        Ok(Some(Layer {
            diff_id: taken.diff_id,
            unpacked: taken.totals.on_disk(),
            entries: taken.totals.entries,
            blobs: Vec::new(),
        }))
    }

    /// Makes an image.
    pub(crate) fn make(&mut self, parent: &Chain, addition: Addition) -> Result<Chain, Error> {
        let mut config = parent.config.as_ref().clone();
        let created = jiff::Timestamp::now().to_string();
        let text = |text: String| (!text.is_empty()).then_some(text);
        config.history.push(HistoryEntry {
            created: Some(created.clone()),
            created_by: Some(addition.made_by.cmd.as_deref().unwrap_or_default().join(" ")),
            author: text(addition.author.clone()),
            comment: None,
            empty_layer: addition.layer.is_none(),
        });
        if config.rootfs.kind.is_empty() {
            config.rootfs = RootFs { kind: "layers".into(), diff_ids: Vec::new() };
        }
        if config.os.is_empty() {
            let host = Platform::host();
            (config.os, config.architecture) = (host.os, host.architecture);
        }
        config.rootfs.diff_ids.extend(addition.layer.iter().map(|layer| layer.diff_id.clone()));
        config.created = Some(created);
        config.author = text(addition.author);
        config.comment = None;
        config.container = addition.container;
        config.container_config = Some(addition.made_by);
        config.docker_version = Some(env!("CARGO_PKG_VERSION").to_owned());
        config.config = Some(addition.config);
        let layers = parent.layers.iter().cloned().chain(addition.layer).collect();
        self.add(config, layers, parent.id.clone())
    }

    /// Adds an image with a config of its own.
    pub(crate) fn add(
        &mut self,
        config: ImageConfig,
        layers: Vec<Layer>,
        parent: Option<ImageId>,
    ) -> Result<Chain, Error> {
        let bytes =
            serde_json::to_vec(&config).map_err(|error| Error::internal("cannot write a config", &error))?;
        let digest = Digest::of(&bytes);
        let id = ImageId(digest.clone());
        self.built.images.push(NewImage {
            config: Blob {
                digest: digest.clone(),
                size: bytes.len() as u64,
                media_type: MediaType::from("application/vnd.docker.container.image.v1+json"),
            },
            created: config.created.clone(),
            layers: layers.clone(),
            manifests: Vec::new(),
            parent,
            tag: None,
            repo_digest: None,
        });
        self.configs.push((digest, bytes));
        let chain = Chain { id: Some(id.clone()), config: Arc::new(config), layers };
        self.made.insert(id, chain.clone());
        Ok(chain)
    }

    /// Remembers what a step did.
    pub(crate) fn remember(&mut self, step: BuildStep, begun: Instant) {
        self.keys.insert(step.key.clone(), step.image.clone());
        self.built.steps.push(step);
        self.since.get_or_insert(begun);
    }

    /// Remembers a container that stays and was made from an image without a record.
    pub(crate) fn remember_container(&mut self, container: String, image: ImageId) {
        self.built.containers.push((container, image));
    }

    /// Remembers a name that an image gets.
    pub(crate) fn remember_name(&mut self, name: Tagged, image: ImageId) {
        self.built.tags.push((name, image));
    }

    /// Records what there is if too much would be lost otherwise.
    pub(crate) fn record_if_due(&mut self) -> Result<(), Error> {
        match self.since {
            Some(since) if since.elapsed() > PATIENCE => self.record(),
            _ => Ok(()),
        }
    }

    /// Makes everything durable and records it.
    pub(crate) fn record(&mut self) -> Result<(), Error> {
        self.since = None;
        if self.built.images.is_empty() && self.built.steps.is_empty() && self.built.containers.is_empty() {
            for (name, image) in self.built.tags.drain(..) {
                self.stores.catalog.tag(&name, &image).map_err(|error| catalog(&error))?;
            }
            return Ok(());
        }
        let fail = |error: &dyn std::error::Error| Error::internal("cannot keep what was built", error);
        let mut configs = Vec::with_capacity(self.configs.len());
        for (digest, bytes) in &self.configs {
            configs.push(self.stores.blobs.stage(digest, bytes).map_err(|error| fail(&error))?);
        }
        let _alone = self.images.alone();
        if !self.built.images.is_empty() {
            let durable = self.stores.layers.make_durable(&self.stores.blobs, &self.placed, configs);
            durable.map_err(|error| fail(&error))?;
        }
        self.stores.catalog.add_built(&self.built).map_err(|error| catalog(&error))?;
        (self.built, self.configs, self.placed) = Default::default();
        self.marked.drain(..).for_each(|diff_id| self.images.mark_building(&diff_id, false));
        Ok(())
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        self.marked.drain(..).for_each(|diff_id| self.images.mark_building(&diff_id, false));
        if let Err(error) = self.stores.catalog.release(self.lease) {
            tracing::warn!(%error, "cannot give a lease back; it ends with the process");
        }
    }
}

pub(crate) fn catalog(error: &strata_catalog::CatalogError) -> Error {
    Error::internal("the catalog failed", error)
}
