//! Volumes: directories that outlive containers.
//!
//! A volume is a row of the catalog and the directory `volumes/<name>/_data`. Containers that mount it keep it: it is
//! removed only when no container's record names it. A new one is filled from the image where it is first mounted.
//! One with driver options is a mount on that directory, from its first user's start to its last one's end.

mod active;
mod fill;
mod options;
mod part;
mod verbs;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strata_api::engine::Volume;
use strata_catalog::VolumeRecord;

pub(crate) use active::Active;
pub(crate) use fill::fill;
pub use options::is_memory;
pub(crate) use part::Part;

use crate::{
    Error, EventKind, Kind,
    containers::Inner,
    machine,
    names::is_restricted_name,
    request::{MountKind, MountPlan},
};

/// What the catalog keeps of a volume besides its name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    labels: Option<BTreeMap<String, String>>,
    options: Option<BTreeMap<String, String>>,
}

impl Body {
    fn of(kept: &VolumeRecord) -> Self {
        serde_json::from_str(&kept.body).unwrap_or_default()
    }

    /// Whether it is something mounted, or has a quota: then its files aren't ours to count or prune.
    fn has_options(&self) -> bool {
        self.options.as_ref().is_some_and(|options| !options.is_empty())
    }
}

impl Inner {
    /// Where a volume's files are.
    pub(crate) fn volume_folder(&self, name: &str) -> PathBuf {
        self.options.root.join("volumes").join(name)
    }

    /// Makes a volume unless it is there. Blocks; the caller holds the lock of volumes.
    pub(crate) fn make_volume(
        &self,
        name: &str,
        anonymous: bool,
        labels: Option<BTreeMap<String, String>>,
        options: Option<BTreeMap<String, String>>,
    ) -> Result<VolumeRecord, Error> {
        if !is_restricted_name(name) {
            return Err(invalid_name(name));
        }
        let catalog = &self.stores.catalog;
        if let Some(known) = catalog.volume(name)? {
            return Ok(known);
        }
        if let Some(options) = &options {
            options::parse(options).map_err(|error| error.about(format!("create {name}")))?;
        }
        let data = self.volume_folder(name).join("_data");
        let made = machine::make_private(&self.volume_folder(name)).and_then(|()| {
            use std::os::unix::fs::DirBuilderExt as _;
            std::fs::DirBuilder::new().recursive(true).mode(0o755).create(&data)
        });
        made.map_err(|error| {
            Error::internal(format!("create {name}: cannot make {}", data.display()), &error)
        })?;
        let body = serde_json::to_string(&Body { labels, options })
            .map_err(|error| Error::new(Kind::Internal, format!("create {name}: {error}")))?;
        let volume = VolumeRecord { name: name.to_owned(), anonymous, created: SystemTime::now(), body };
        catalog.add_volume(&volume)?;
        self.tell_of(EventKind::Volume, "create", name, &[("driver", "local")]);
        Ok(volume)
    }

    /// Removes a volume with its files. Blocks; the caller holds the lock of volumes and knows that nobody uses it.
    pub(crate) fn unmake_volume(&self, name: &str) -> Result<(), Error> {
        self.detach_volume(name)?;
        self.stores.catalog.remove_volume(name)?;
        remove_tree(&self.volume_folder(name))?;
        self.tell_of(EventKind::Volume, "destroy", name, &[("driver", "local")]);
        Ok(())
    }

    /// The containers that mount a volume.
    pub(crate) fn users_of(&self, volume: &str) -> Vec<String> {
        let uses = |mount: &MountPlan| mount.kind == MountKind::Volume && mount.name == volume;
        let all = self.all();
        all.iter().filter(|one| one.record().mounts.iter().any(uses)).map(|one| one.id.clone()).collect()
    }

    /// As clients see it.
    pub(crate) fn describe_volume(self: &Arc<Self>, kept: &VolumeRecord) -> Volume {
        let body = Body::of(kept);
        let created = Timestamp::try_from(kept.created).unwrap_or(Timestamp::UNIX_EPOCH);
        Volume {
            created_at: created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            driver: "local".into(),
            labels: body.labels,
            mountpoint: self.volume_folder(&kept.name).join("_data").display().to_string(),
            name: kept.name.clone(),
            options: body.options,
            scope: "local".into(),
            usage_data: None,
        }
    }
}

pub(crate) fn invalid_name(name: &str) -> Error {
    if name.len() == 1 {
        return Error::invalid(format!(
            "create {name}: volume name is too short, names should be at least two alphanumeric characters"
        ));
    }
    Error::invalid(format!(
        "create {name}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
    ))
}

pub(crate) fn remove_tree(path: &Path) -> Result<(), Error> {
    strata_layers::remove_tree(path)
        .map_err(|error| Error::internal(format!("cannot remove {}", path.display()), &error))
}
