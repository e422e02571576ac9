//! The engine's parts and how blocking work leaves the reactor.

use std::{
    collections::HashMap,
    fs, io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use strata_blobs::{BlobStore as _, DiskBlobs};
use strata_catalog::{Catalog as _, Image, SqliteCatalog};
use strata_layers::{IndexShelf, Layers, Limits};
use strata_oci::{ImageConfig, ImageId};
use strata_registry::{Client, DockerConfig, Downloader, KeptLogins};

use crate::{
    Error, Kind, Options,
    browse::{Inside, Seen},
    build::Builds,
    distribute::{Fetching, Uploads},
    events::Events,
    pull::Transfers,
    running::Running,
    theatre::Theatre,
    workshop::Workshops,
};

/// Configs are read whole; a registry's client refuses larger ones too.
pub(crate) const CONFIG_LIMIT: u64 = 8 << 20;

/// Bytes of indexes of layers that aren't here. An index has some 50 bytes for each file.
const INDEX_ROOM: u64 = 256 << 20;

/// An engine over one data directory. Clones share it.
///
/// ```text
/// <data>/catalog.db   names and records
/// <data>/blobs/       manifests, configs and layers as they came
/// <data>/layers/      layers as directories, with their indexes
/// <data>/indexes/     indexes of layers that were looked into without being pulled
/// <data>/workshops/   Dockerfiles with their contexts
/// <data>/logins.json  users and passwords of registries, for the page
/// <data>/engine-id    what `docker info` shows as ID
/// <data>/containers/, volumes/, snapshots/, networks/, shims/   see the crates that run containers
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) id: String,
    pub(crate) catalog: Arc<SqliteCatalog>,
    pub(crate) blobs: DiskBlobs,
    pub(crate) layers: Layers,
    pub(crate) registry: Client,
    pub(crate) logins: Arc<KeptLogins>,
    pub(crate) events: Arc<Events>,
    pub(crate) transfers: Transfers,
    pub(crate) workshops: Workshops,
    pub(crate) builder: Builds,
    /// What is being pushed to the embedded registry.
    pub(crate) uploads: Uploads,
    /// What pulls and pushes ask of registries.
    pub(crate) theatre: Theatre,
    /// What is known of images of registries, by the digest of their manifest.
    pub(crate) seen: Seen,
    /// What is being read, and was read, of layers that aren't here.
    pub(crate) inside: Inside,
    /// What is being fetched for those who use it as a proxy.
    pub(crate) fetching: Fetching,
    /// Held while files get their names and records, and while garbage loses them: neither sees the other half done.
    pub(crate) publishing: Mutex<()>,
    configs: Mutex<HashMap<ImageId, Arc<ImageConfig>>>,
    /// Set once, by [`Engine::run_containers`]: what runs containers, or why nothing does.
    pub(crate) running: OnceLock<Result<Running, String>>,
}

impl Engine {
    /// Opens the data directory, makes it if it isn't there, and removes what a crash left behind.
    ///
    /// Fails if another process has it open. Blocks.
    pub fn open(options: Options) -> Result<Self, Error> {
        let data = &options.data;
        fs::create_dir_all(data).map_err(|error| {
            Error::new(Kind::Internal, format!("cannot create {}: {error}", data.display()))
        })?;
        let catalog = SqliteCatalog::open(data).map_err(Error::internal)?;
        let blobs = DiskBlobs::open(&data.join("blobs")).map_err(Error::internal)?;
        let layers = Layers::open(&data.join("layers"), Limits::default()).map_err(Error::internal)?;
        let known = catalog.known()?;
        blobs.sweep(&|digest| known.blobs.contains(digest)).map_err(Error::internal)?;
        layers.sweep(&|diff_id| known.layers.contains(diff_id)).map_err(Error::internal)?;
        let id = engine_id(&data.join("engine-id")).map_err(Error::internal)?;
        let mut registry_options = registry_options(&options)?;
        let logins = KeptLogins::open(data.join("logins.json"), registry_options.credentials);
        let logins = Arc::new(logins.map_err(Error::internal)?);
        registry_options.credentials = logins.clone();
        let downloader =
            Downloader::new(&registry_options, options.private_addresses).map_err(Error::internal)?;
        let builder = Builds::open(data, downloader)?;
        let registry = Client::new(registry_options).map_err(Error::internal)?;
        let transfers = Transfers::new(options.concurrency);
        let shelf = IndexShelf::open(&data.join("indexes"), INDEX_ROOM).map_err(Error::internal)?;
        let inside = Inside::new(shelf, options.concurrency);
        let workshops = Workshops::open(&data.join("workshops"), builder.room.clone())?;
        let engine = Self(Arc::new(Inner {
            options,
            id,
            catalog: Arc::new(catalog),
            blobs,
            layers,
            registry,
            logins,
            events: Arc::default(),
            transfers,
            workshops,
            builder,
            uploads: Uploads::default(),
            theatre: Theatre::default(),
            seen: Seen::default(),
            inside,
            fetching: Fetching::default(),
            publishing: Mutex::default(),
            configs: Mutex::default(),
            running: OnceLock::new(),
        }));
        // What lost its last reason just before a crash.
        engine.0.collect()?;
        Ok(engine)
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    /// Runs `work` on a thread where it may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Inner>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.0);
        let joined = tokio::task::spawn_blocking(move || work(&inner)).await;
        joined.unwrap_or_else(|error| Err(Error::new(Kind::Internal, format!("internal error: {error}"))))
    }
}

impl Inner {
    /// An image's config, read once and kept while there are not very many.
    pub(crate) fn config(&self, id: &ImageId) -> Result<Arc<ImageConfig>, Error> {
        const KEPT: usize = 256;
        let lock = || self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = lock().get(id) {
            return Ok(Arc::clone(config));
        }
        let bytes = self.blobs.read(id.digest(), CONFIG_LIMIT)?;
        let config: ImageConfig = serde_json::from_slice(&bytes)
            .map_err(|error| Error::new(Kind::Internal, format!("config of {id} can't be read: {error}")))?;
        let config = Arc::new(config);
        let mut configs = lock();
        if configs.len() >= KEPT {
            configs.clear();
        }
        configs.insert(id.clone(), Arc::clone(&config));
        Ok(config)
    }

    /// An image's labels.
    pub(crate) fn labels(&self, image: &Image) -> Result<std::collections::BTreeMap<String, String>, Error> {
        let config = self.config(&image.id)?;
        Ok(config.config.as_ref().and_then(|config| config.labels.clone()).unwrap_or_default())
    }
}

fn registry_options(options: &Options) -> Result<strata_registry::Options, Error> {
    let wrong = |error: strata_registry::OptionError| Error::chain(Kind::InvalidArgument, &error);
    let mut registry = strata_registry::Options::default();
    for (domain, mirrors) in &options.mirrors {
        let mirrors: Result<Vec<_>, _> = mirrors.iter().map(|mirror| mirror.parse()).collect();
        registry.mirrors.insert(domain.clone(), mirrors.map_err(wrong)?);
    }
    registry.insecure =
        options.insecure.iter().map(|text| text.parse()).collect::<Result<_, _>>().map_err(wrong)?;
    if let Some(directory) = &options.docker_config {
        registry.credentials = Arc::new(DockerConfig::at(directory.join("config.json")));
    }
    Ok(registry)
}

/// Reads the engine's id, or makes one up and keeps it.
fn engine_id(path: &std::path::Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(id) if !id.trim().is_empty() => Ok(id.trim().to_owned()),
        _ => {
            let id = fs::read_to_string("/proc/sys/kernel/random/uuid")?.trim().to_owned();
            fs::write(path, &id)?;
            Ok(id)
        }
    }
}
