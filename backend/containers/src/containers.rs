//! All containers of a server.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use crate::{
    Error, Event, EventKind, Kind, Options, Stores, container::Container, machine, record::Record,
    request::Machine, verbs::exec::Exec, volumes::Active,
};

/// All containers and volumes of a server. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Containers(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub stores: Stores,
    pub options: Options,
    pub machine: Machine,
    pub capabilities: u64,
    all: RwLock<HashMap<String, Arc<Container>>>,
    execs: Mutex<HashMap<String, Exec>>,
    /// Held while volumes are made, filled or removed.
    pub volumes: tokio::sync::Mutex<()>,
    /// The volumes that are mounted for containers.
    pub active: Active,
}

impl Containers {
    /// Reads the records and finds the processes of an earlier server again: what ran on runs on, what ended meanwhile
    /// is settled, and what is to run always is started.
    ///
    /// `stores` must be freshly opened: nothing else may have reconnected the supervisor or restored the networks.
    pub async fn open(stores: Stores, options: Options) -> Result<Self, Error> {
        for folder in ["containers", "volumes"] {
            let path = options.root.join(folder);
            machine::make_private(&path)
                .map_err(|error| Error::internal(format!("cannot create {}", path.display()), &error))?;
        }
        let containers = Self(Arc::new(Inner {
            stores,
            options,
            machine: machine::probe(),
            capabilities: machine::own_capabilities(),
            all: RwLock::default(),
            execs: Mutex::default(),
            volumes: tokio::sync::Mutex::default(),
            active: Active::default(),
        }));
        containers.restore().await?;
        Ok(containers)
    }
}

impl Containers {
    /// Whether limits can be set here. Where they can't, each that is asked for is discarded with a warning.
    pub fn has_limits(&self) -> bool {
        self.0.machine.limits
    }
}

impl Inner {
    /// The container that a client means: by its id, its name, a link to it, or the start of its id, in this order.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Container>, Error> {
        if name.is_empty() {
            return Err(Error::invalid("invalid name or ID supplied: \"\""));
        }
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(container) = all.get(name) {
            return Ok(Arc::clone(container));
        }
        let bare = name.strip_prefix('/').unwrap_or(name);
        if let Some(container) = all.values().find(|container| container.record().name == bare) {
            return Ok(Arc::clone(container));
        }
        if let Some((parent, alias)) = bare.rsplit_once('/')
            && let Some(child) = all.values().find_map(|container| {
                let record = container.record();
                let link = record.links.iter().find(|link| record.name == parent && link.alias == alias);
                link.map(|link| link.child.clone())
            })
            && let Some(container) = all.get(&child)
        {
            return Ok(Arc::clone(container));
        }
        let is_prefix = !name.is_empty() && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let mut found = all.values().filter(|container| is_prefix && container.id.starts_with(name));
        match (found.next(), found.next()) {
            (Some(container), None) => Ok(Arc::clone(container)),
            (Some(_), Some(_)) => {
                Err(Error::invalid(format!("multiple IDs found with provided prefix: {name}")))
            }
            (None, _) => Err(Error::no_such_container(name)),
        }
    }

    /// All of them, the one created last first.
    pub(crate) fn all(&self) -> Vec<Arc<Container>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> = all.values().cloned().collect();
        list.sort_by_cached_key(|container| {
            std::cmp::Reverse((container.record().created, container.id.clone()))
        });
        list
    }

    pub(crate) fn insert(&self, record: Record) -> Arc<Container> {
        let container = Arc::new(Container::new(record));
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(container.id.clone(), Arc::clone(&container));
        container
    }

    pub(crate) fn forget(&self, id: &str) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.execs().retain(|_, exec| exec.container.as_str() != id);
    }

    pub(crate) fn execs(&self) -> MutexGuard<'_, HashMap<String, Exec>> {
        self.execs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a container's files are.
    pub(crate) fn folder(&self, id: &str) -> PathBuf {
        self.options.root.join("containers").join(id)
    }

    /// Changes a record in memory and in the catalog, in this order: memory is what the process is like.
    pub(crate) async fn change<T>(
        self: &Arc<Self>,
        container: &Arc<Container>,
        change: impl FnOnce(&mut Record) -> T,
    ) -> Result<T, Error> {
        let _in_order = container.writing.lock().await;
        let (answer, body, durability) = {
            let mut record = container.record();
            let answer = change(&mut record);
            (answer, record.body()?, record.durability())
        };
        let id = container.id.clone();
        self.blocking(move |inner| Ok(inner.stores.catalog.update_container(&id, &body, durability)?))
            .await?;
        Ok(answer)
    }

    /// Runs `work` where it may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Self>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(self);
        let joined = tokio::task::spawn_blocking(move || work(&inner)).await;
        joined.unwrap_or_else(|error| Err(Error::new(Kind::Internal, format!("internal error: {error}"))))
    }

    /// Tells that something happened to a container.
    pub(crate) fn tell(&self, record: &Record, action: &str, more: &[(&str, String)]) {
        let mut attributes = record.labels();
        attributes.insert("image".into(), record.config.image.clone());
        attributes.insert("name".into(), record.name.clone());
        attributes.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        (self.options.events)(Event {
            kind: EventKind::Container,
            action: action.to_owned(),
            id: record.id.clone(),
            attributes,
        });
    }

    /// Tells that something happened to a volume or network.
    pub(crate) fn tell_of(&self, kind: EventKind, action: &str, id: &str, more: &[(&str, &str)]) {
        let attributes: BTreeMap<String, String> =
            more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        (self.options.events)(Event { kind, action: action.to_owned(), id: id.to_owned(), attributes });
    }

    /// Tells that a container came to a network or left it.
    pub(crate) fn tell_network(&self, action: &str, id: &str, name: &str, container: &str) {
        let kind = match name {
            "host" => "host",
            "none" => "null",
            _ => "bridge",
        };
        let more = [("container", container), ("name", name), ("type", kind)];
        self.tell_of(EventKind::Network, action, id, &more);
    }
}

/// Runs `work` to its end even if the caller gives up: a client that goes away must not leave half a container.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let joined = tokio::spawn(work).await;
    joined.unwrap_or_else(|error| Err(Error::new(Kind::Internal, format!("internal error: {error}"))))
}
