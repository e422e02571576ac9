//! `docker volume create`, `ls`, `inspect`, `rm`, `prune`.

use strata_api::engine::{Volume, VolumeCreate, VolumeUsage, VolumesPruned};

use super::{Body, remove_tree};
use crate::{Containers, Error, EventKind, Filters, ids::random_id, usage::tree_bytes};

impl Containers {
    /// Makes a volume; one that is there already is returned as it is.
    pub async fn create_volume(&self, wanted: VolumeCreate) -> Result<Volume, Error> {
        if !matches!(wanted.driver.as_str(), "" | "local") {
            return Err(Error::not_found(format!(
                "create {}: error looking up volume plugin {driver}: plugin \"{driver}\" not found",
                wanted.name,
                driver = wanted.driver
            )));
        }
        let _alone = self.0.volumes.lock().await;
        self.0
            .blocking(move |inner| {
                let anonymous = wanted.name.is_empty();
                let name = if anonymous { random_id() } else { wanted.name };
                let kept = inner.make_volume(&name, anonymous, wanted.labels, wanted.driver_opts)?;
                Ok(inner.describe_volume(&kept))
            })
            .await
    }

    /// The volumes that pass `dangling`, `driver`, `label` and `name`, sorted by name.
    pub async fn list_volumes(&self, filters: Filters) -> Result<Vec<Volume>, Error> {
        filters.only(&["dangling", "driver", "label", "name"])?;
        let dangling = filters.flag("dangling")?;
        let names = filters.patterns("name");
        self.0
            .blocking(move |inner| {
                let all = inner.stores.catalog.volumes()?;
                let wanted = |volume: &Volume| {
                    let labels = volume.labels.clone().unwrap_or_default();
                    names.accept(&volume.name)
                        && filters.accepts("driver", &volume.driver)
                        && filters.labels("label", &labels)
                        && dangling.is_none_or(|free| inner.users_of(&volume.name).is_empty() == free)
                };
                Ok(all.iter().map(|kept| inner.describe_volume(kept)).filter(wanted).collect())
            })
            .await
    }

    /// A volume.
    pub async fn inspect_volume(&self, name: &str) -> Result<Volume, Error> {
        let name = name.to_owned();
        self.0
            .blocking(move |inner| {
                let kept = inner.stores.catalog.volume(&name)?;
                let kept = kept.ok_or_else(|| no_such_volume(&name))?;
                Ok(inner.describe_volume(&kept))
            })
            .await
    }

    /// All volumes that are directories of ours, with their sizes and users, for `docker system df`.
    pub async fn volume_usage(&self) -> Result<Vec<Volume>, Error> {
        self.0
            .blocking(move |inner| {
                let all = inner.stores.catalog.volumes()?;
                // One with options is somewhere else.
                let own = all.iter().filter(|kept| !Body::of(kept).has_options());
                let measured = own.map(|kept| {
                    let mut volume = inner.describe_volume(kept);
                    let users = inner.users_of(&kept.name).len();
                    volume.usage_data = Some(VolumeUsage {
                        ref_count: i64::try_from(users).unwrap_or(i64::MAX),
                        size: i64::try_from(tree_bytes(volume.mountpoint.as_ref())).unwrap_or(i64::MAX),
                    });
                    volume
                });
                Ok(measured.collect())
            })
            .await
    }

    /// Removes a volume that nobody uses. With `force`, one that isn't there is no error.
    pub async fn remove_volume(&self, name: &str, force: bool) -> Result<(), Error> {
        let _alone = self.0.volumes.lock().await;
        let name = name.to_owned();
        self.0
            .blocking(move |inner| {
                if inner.stores.catalog.volume(&name)?.is_none() {
                    return if force { Ok(()) } else { Err(no_such_volume(&name)) };
                }
                let users = inner.users_of(&name);
                if !users.is_empty() {
                    return Err(Error::conflict(format!(
                        "remove {name}: volume is in use - [{}]",
                        users.join(", ")
                    )));
                }
                inner.unmake_volume(&name)
            })
            .await
    }

    /// Removes the volumes that nobody uses: those without a name of their own, and with the filter `all` every one.
    pub async fn prune_volumes(&self, filters: Filters) -> Result<VolumesPruned, Error> {
        filters.only(&["label", "label!", "all"])?;
        let named = filters.flag("all")?.unwrap_or(false);
        let _alone = self.0.volumes.lock().await;
        self.0
            .blocking(move |inner| {
                let mut pruned = VolumesPruned::default();
                for kept in inner.stores.catalog.volumes()? {
                    let volume = inner.describe_volume(&kept);
                    let labels = volume.labels.clone().unwrap_or_default();
                    let own = !Body::of(&kept).has_options();
                    let wanted = own && (named || kept.anonymous) && filters.prunes(&labels);
                    if !wanted || !inner.users_of(&kept.name).is_empty() {
                        continue;
                    }
                    let bytes = tree_bytes(volume.mountpoint.as_ref());
                    inner.unmake_volume(&kept.name)?;
                    pruned.space_reclaimed += bytes;
                    pruned.volumes_deleted.get_or_insert_default().push(kept.name);
                }
                let bytes = pruned.space_reclaimed.to_string();
                inner.tell_of(EventKind::Volume, "prune", "", &[("reclaimed", &bytes)]);
                Ok(pruned)
            })
            .await
    }

    /// Removes directories of volumes that have no record: a crash left them.
    pub(crate) async fn sweep_volumes(&self) -> Result<(), Error> {
        self.0
            .blocking(|inner| {
                let folder = inner.options.root.join("volumes");
                let entries = std::fs::read_dir(&folder)
                    .map_err(|error| Error::internal(format!("cannot list {}", folder.display()), &error))?;
                for entry in entries.flatten() {
                    let name = entry.file_name();
                    let known = match name.to_str() {
                        Some(name) => inner.stores.catalog.volume(name)?.is_some(),
                        None => false,
                    };
                    if !known {
                        if let Some(name) = name.to_str() {
                            inner.detach_volume(name)?;
                        }
                        remove_tree(&entry.path())?;
                    }
                }
                Ok(())
            })
            .await
    }
}

fn no_such_volume(name: &str) -> Error {
    Error::not_found(format!("get {name}: no such volume"))
}
