//! `docker create`.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use jiff::Timestamp;
use strata_api::engine::{CreateRequest, CreateResponse, EndpointSettings};
use strata_catalog::{CatalogError, Durability};
use strata_layer::LayerPath;
use strata_snapshots::{Placeholder, PlaceholderKind, SnapshotId};

use crate::{
    BaseImage, Containers, Error, EventKind,
    containers::{Inner, to_the_end},
    ids::{random_id, short},
    machine, names,
    record::Record,
    request::{self, MountKind, MountPlan},
    rootfs,
    state::State,
    volumes::{self, remove_tree},
};

/// Attempts at a made-up name.
const ATTEMPTS: usize = 6;

impl Containers {
    /// Makes a container of a request; an empty `name` is made up. What was begun when it fails is undone.
    pub async fn create(
        &self,
        name: &str,
        mut request: CreateRequest,
        image: BaseImage,
    ) -> Result<CreateResponse, Error> {
        let name = if name.is_empty() { None } else { Some(names::parse(name)?) };
        let warnings = self.prepare_request(&mut request, &image)?;
        // Mostly it is started next.
        self.0.stores.supervisor.expect_process();
        let this = self.clone();
        let id = to_the_end(async move { this.make(name, request, image).await }).await?;
        Ok(CreateResponse { id, warnings })
    }

    /// Checks and completes a request.
    fn prepare_request(&self, request: &mut CreateRequest, image: &BaseImage) -> Result<Vec<String>, Error> {
        let machine = self.0.machine;
        let mut warnings = request::validate(request, machine)?;
        if let Some(platform) = &image.foreign_platform {
            warnings.push(format!(
                "The requested image's platform ({platform}) does not match the detected host platform (linux/{}) and no specific platform was requested",
                go_architecture()
            ));
        }
        request::merge(&mut request.config, image.config.as_ref())?;
        let security = request::security(request.host_config.security_opt.as_deref().unwrap_or_default())?;
        request::adapt(&mut request.host_config, machine.unified, security.unconfined_paths);
        let CreateRequest { config, host_config: host, .. } = request;
        if config.network_disabled == Some(true) {
            host.network_mode = "none".into();
        }
        if config.hostname.is_empty() && (host.network_mode == "host" || host.uts_mode == "host") {
            config.hostname = machine::hostname();
        }
        if let Some(Ok(other)) = request::container_of(&host.network_mode).map(|other| self.0.find(other)) {
            // It shares the other's `/etc/hostname` too.
            let other = other.snapshot();
            other.hostname().clone_into(&mut config.hostname);
            config.domainname = other.config.domainname;
        }
        for mode in [&host.pid_mode, &host.ipc_mode] {
            if let Some(other) = request::container_of(mode) {
                self.0.find(other).map_err(|error| Error::invalid(error.message))?;
            }
        }
        for mode in [&mut host.network_mode, &mut host.pid_mode, &mut host.ipc_mode] {
            // By id from now on: the other one may be renamed. One that isn't there is an error of the start: a "not
            // found" here would make the CLI pull the image.
            if let Some(Ok(other)) = request::container_of(mode).map(|other| self.0.find(other)) {
                *mode = format!("container:{}", other.id);
            }
        }
        Ok(warnings)
    }

    async fn make(
        &self,
        name: Option<String>,
        request: CreateRequest,
        image: BaseImage,
    ) -> Result<String, Error> {
        let planned = self.0.blocking(move |inner| {
            let mounts = inner.plan(&request.host_config, &request.config)?;
            Ok((request, mounts))
        });
        let (request, mounts) = planned.await?;
        let volumes = mounts.iter().any(|mount| mount.kind == MountKind::Volume);
        let _alone = if volumes { Some(self.0.volumes.lock().await) } else { None };
        let record = self.0.blocking(move |inner| inner.build(name, request, mounts, &image)).await?;
        let container = self.0.insert(record);
        let record = container.snapshot();
        self.0.tell(&record, "create", &[]);
        Ok(record.id)
    }
}

impl Inner {
    /// Everything that blocks. Leaves nothing if it fails.
    fn build(
        self: &Arc<Self>,
        name: Option<String>,
        request: CreateRequest,
        mut mounts: Vec<MountPlan>,
        image: &BaseImage,
    ) -> Result<Record, Error> {
        let CreateRequest { mut config, mut host_config, networking_config } = request;
        let links = self.resolve_links(&mut host_config)?;
        let id = random_id();
        if config.hostname.is_empty() {
            short(&id).clone_into(&mut config.hostname);
        }
        for mount in mounts.iter_mut().filter(|mount| mount.kind == MountKind::Volume) {
            if mount.name.is_empty() {
                mount.name = random_id();
            }
            mount.source = self.volume_folder(&mount.name).join("_data").display().to_string();
        }
        let endpoints =
            endpoints(&host_config.network_mode, networking_config, config.mac_address.as_deref());
        host_config.mounts = host_config.mounts.filter(|mounts| !mounts.is_empty());
        let mut record = Record {
            id,
            name: name.clone().unwrap_or_default(),
            created: Timestamp::now(),
            image: image.id.as_ref().map(ToString::to_string).unwrap_or_default(),
            config,
            host: host_config,
            endpoints,
            mounts,
            links,
            state: State::default(),
            health: None,
            attached: Vec::new(),
            restarts: 0,
            stopped: false,
        };
        self.register(&mut record, name.is_some(), image.passing)?;
        match self.furnish(&record, image) {
            Ok(()) => Ok(record),
            Err(error) => {
                self.undo(&record);
                Err(error)
            }
        }
    }

    /// The mounts with those of other containers, checked; volumes aren't made yet.
    fn plan(
        &self,
        host: &strata_api::engine::HostConfig,
        config: &strata_oci::ContainerConfig,
    ) -> Result<Vec<MountPlan>, Error> {
        let mut inherited = Vec::new();
        for text in host.volumes_from.iter().flatten() {
            let (other, writable) = request::volumes_from(text)?;
            let other = self.find(other).map_err(|error| Error::invalid(error.message))?;
            for mount in other.snapshot().mounts {
                let writable = writable && mount.writable;
                inherited.push(MountPlan { writable, copy: false, anonymous: false, ..mount });
            }
        }
        let volumes = config.volumes.iter().flat_map(|map| map.keys()).map(String::as_str);
        let plans = request::plan_mounts(host, inherited, volumes)?;
        for plan in &plans {
            if plan.kind == MountKind::Bind && !plan.create_source && !Path::new(&plan.source).exists() {
                return Err(Error::invalid(format!(
                    "invalid mount config for type \"bind\": bind source path does not exist: {}",
                    plan.source
                )));
            }
        }
        Ok(plans)
    }

    /// Takes the name, or makes one up, by adding the record.
    fn register(&self, record: &mut Record, named: bool, passing: bool) -> Result<(), Error> {
        for attempt in 0.. {
            if !named {
                record.name = match attempt {
                    ATTEMPTS.. => short(&record.id).to_owned(),
                    _ => names::generate(attempt),
                };
            }
            let mut kept = record.to_catalog()?;
            kept.image = kept.image.filter(|_| !passing);
            let durability = if passing { Durability::Process } else { record.durability() };
            match self.stores.catalog.add_container(&kept, durability) {
                Ok(()) => break,
                Err(CatalogError::NameTaken { .. }) if !named && attempt < ATTEMPTS => {}
                Err(error) => return Err(taken(error)),
            }
        }
        Ok(())
    }

    /// Its file system, its directory and its volumes.
    fn furnish(&self, record: &Record, image: &BaseImage) -> Result<(), Error> {
        let id = snapshot_id(&record.id)?;
        let snapshots = &self.stores.snapshots;
        let durable = record.durability() == Durability::Machine && !image.passing;
        snapshots
            .prepare(&id, &image.layers, &placeholders(record), durable)
            .map_err(|error| Error::internal("cannot make its file system", &error))?;
        let folder = self.folder(&record.id);
        machine::make_private(&folder)
            .map_err(|error| Error::internal(format!("cannot create {}", folder.display()), &error))?;
        for mount in record.mounts.iter().filter(|mount| mount.kind == MountKind::Volume) {
            let options = mount.driver_options.clone().filter(|options| !options.is_empty());
            self.make_volume(&mount.name, mount.anonymous, mount.labels.clone(), options)?;
            let data = Path::new(&mount.source);
            if mount.copy {
                let mounted = snapshots
                    .mount(&id)
                    .map_err(|error| Error::internal("cannot mount its file system", &error))?;
                if !rootfs::contains(&mounted.merged, &mount.destination) {
                    continue;
                }
                self.use_volume(&mount.name, &record.id)?;
                let filled = volumes::fill(&mounted.merged, &mount.destination, data);
                self.leave_volumes(record);
                filled.map_err(|error| {
                    if error.kind() == std::io::ErrorKind::NotADirectory {
                        let path = mounted.merged.join(mount.destination.trim_start_matches('/'));
                        return Error::invalid(format!(
                            "cannot mount volume over existing file, file exists {}",
                            path.display()
                        ));
                    }
                    Error::internal(format!("cannot fill volume {} from the image", mount.name), &error)
                })?;
            }
        }
        Ok(())
    }

    /// Removes what a failed create has made, as far as possible; the next start of the server does the rest.
    fn undo(self: &Arc<Self>, record: &Record) {
        let mut failures = Vec::new();
        let removed = self.stores.catalog.remove_container(&record.id, record.durability());
        failures.extend(removed.err().map(Error::from));
        for mount in record.mounts.iter().filter(|mount| mount.anonymous && !mount.name.is_empty()) {
            failures.extend(self.unmake_volume(&mount.name).err());
        }
        if let Ok(id) = snapshot_id(&record.id) {
            let removed = self.stores.snapshots.remove(&id);
            failures.extend(removed.err().map(|error| Error::internal("cannot remove", &error)));
        }
        failures.extend(remove_tree(&self.folder(&record.id)).err());
        for failure in failures {
            tracing::warn!(id = record.id, %failure, "a container that could not be made left something");
        }
    }
}

/// A name that is taken, in docker's words.
pub(super) fn taken(error: CatalogError) -> Error {
    match error {
        CatalogError::NameTaken { name, holder } => Error::conflict(format!(
            "Conflict. The container name \"/{name}\" is already in use by container \"{holder}\". You have to remove (or rename) that container to be able to reuse that name."
        )),
        CatalogError::NoSuchImage(id) => Error::not_found(format!("No such image: {id}")),
        other => other.into(),
    }
}

/// The name of a container's file system.
pub(crate) fn snapshot_id(id: &str) -> Result<SnapshotId, Error> {
    id.parse().map_err(|error: strata_snapshots::IdError| Error::internal("no id", &error))
}

/// What each network is asked for. Only one is there at first unless a client says otherwise.
fn endpoints(
    mode: &str,
    networking: strata_api::engine::NetworkingConfig,
    mac: Option<&str>,
) -> BTreeMap<String, EndpointSettings> {
    if request::container_of(mode).is_some() {
        return BTreeMap::new();
    }
    let real = |name: &str| if name == "default" { "bridge".to_owned() } else { name.to_owned() };
    let given = networking.endpoints_config.unwrap_or_default();
    let mut all: BTreeMap<String, EndpointSettings> =
        given.into_iter().map(|(name, settings)| (real(&name), settings.unwrap_or_default())).collect();
    let main = all.entry(real(mode)).or_default();
    if let Some(mac) = mac.filter(|_| main.mac_address.is_empty()) {
        mac.clone_into(&mut main.mac_address);
    }
    all
}

/// What the runtime would have to make in the root: made below the writable layer, so that it is no change.
fn placeholders(record: &Record) -> Vec<Placeholder> {
    let directory = PlaceholderKind::Directory { mode: 0o755 };
    let file = PlaceholderKind::File { mode: 0o755 };
    let mtab = PlaceholderKind::Symlink { target: "/proc/mounts".into() };
    let mut all: Vec<(&str, PlaceholderKind)> = vec![
        ("dev", directory.clone()),
        ("dev/pts", directory.clone()),
        ("dev/shm", directory.clone()),
        ("dev/console", file.clone()),
        ("etc", directory.clone()),
        ("etc/hosts", file.clone()),
        ("etc/hostname", file.clone()),
        ("etc/resolv.conf", file.clone()),
        ("etc/mtab", mtab),
        ("proc", directory.clone()),
        ("sys", directory.clone()),
        (".dockerenv", file.clone()),
    ];
    if record.host.init == Some(true) {
        all.push(("sbin/docker-init", file));
    }
    let path = |text: &str| LayerPath::parse(text.as_bytes()).ok();
    all.into_iter().filter_map(|(text, kind)| Some(Placeholder { path: path(text)?, kind })).collect()
}

/// Go's name of this machine's architecture.
fn go_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

impl Inner {
    /// Tells that a container mounts its volumes.
    pub(super) fn tell_mounted(&self, record: &Record) {
        for mount in record.mounts.iter().filter(|mount| mount.kind == MountKind::Volume) {
            let more = [
                ("container", record.id.as_str()),
                ("driver", "local"),
                ("destination", &mount.destination),
                ("read/write", if mount.writable { "true" } else { "false" }),
                ("propagation", &mount.propagation),
            ];
            self.tell_of(EventKind::Volume, "mount", &mount.name, &more);
        }
    }

    /// Tells that a container no longer mounts its volumes.
    pub(super) fn tell_unmounted(&self, record: &Record) {
        for mount in record.mounts.iter().filter(|mount| mount.kind == MountKind::Volume) {
            let more = [("container", record.id.as_str()), ("driver", "local")];
            self.tell_of(EventKind::Volume, "unmount", &mount.name, &more);
        }
    }
}
