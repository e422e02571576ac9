//! The catalog in a SQLite file.

mod blobs;
mod builds;
mod columns;
mod containers;
mod garbage;
mod images;
mod layers;
mod leases;
mod lock;
mod names;
mod open;
mod registry;
mod resolve;
mod schema;
mod uploads;
mod volumes;

use std::{
    path::Path,
    sync::{Mutex, MutexGuard},
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use strata_oci::{DiffId, Digest, ImageId, Repository, Tag};

use crate::{
    Blob, BuildRecord, BuildStep, Built, Catalog, CatalogError, ContainerRecord, Durability, Garbage, Image,
    Known, Layer, Lease, NewImage, NewManifest, OpenError, RegistryPath, RepoDigest, ResolveError, Tagged,
    VolumeRecord,
};

/// A [`Catalog`] in the file `catalog.db` of a directory: WAL, every commit synced, one process at a time.
///
/// One connection behind a mutex: transactions are short, and a second page cache would cost more memory than it
/// saves waiting.
#[derive(Debug)]
pub struct SqliteCatalog {
    connection: Mutex<Connection>,
    // Dropped after the connection: the next process must find the file closed.
    _lock: lock::Lock,
}

impl SqliteCatalog {
    /// Opens the catalog in `dir` and creates directory and file when absent. Leases of an earlier process end.
    ///
    /// The file `lock` in `dir` is locked as long as the catalog is open, so this guards the whole directory.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let lock = lock::Lock::acquire(dir)?;
        let connection = open::open(&dir.join("catalog.db"))?;
        Ok(Self { connection: Mutex::new(connection), _lock: lock })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic in a transaction rolled it back, so the connection is sound.
        self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        action: &'static str,
        ask: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(CatalogError::sql(action))?;
        ask(&transaction).map_err(CatalogError::sql(action))
    }

    fn write<T>(
        &self,
        action: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        self.write_to(Durability::Machine, action, change)
    }

    fn write_to<T>(
        &self,
        durability: Durability,
        action: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        self.write_as(|_| Ok(durability), action, change)
    }

    /// As `write`; how durable the change is to be may depend on what is there.
    fn write_as<T>(
        &self,
        durability: impl FnOnce(&Connection) -> rusqlite::Result<Durability>,
        action: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        let mut connection = self.connection();
        let durability = durability(&connection).map_err(CatalogError::sql(action))?;
        open::sync_for(&connection, durability).map_err(CatalogError::sql(action))?;
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(CatalogError::sql(action))?;
        let answer = change(&transaction).map_err(CatalogError::sql(action))?;
        transaction.commit().map_err(CatalogError::sql(action))?;
        Ok(answer)
    }

    /// As `write`, for a change that needs `image` to exist.
    fn write_about<T>(
        &self,
        durability: impl FnOnce(&Connection) -> rusqlite::Result<Durability>,
        action: &'static str,
        image: &ImageId,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        let answer = self.write_as(durability, action, |db| {
            if images::exists(db, image)? { change(db).map(Some) } else { Ok(None) }
        });
        answer?.ok_or_else(|| CatalogError::NoSuchImage(image.clone()))
    }
}

impl Catalog for SqliteCatalog {
    fn add_image(&self, image: &NewImage, lease: Option<Lease>) -> Result<Option<ImageId>, CatalogError> {
        self.write("add an image", |db| {
            let moved = images::add(db, image)?;
            lease.map_or(Ok(()), |lease| leases::release(db, lease))?;
            Ok(moved)
        })
    }

    fn image(&self, id: &ImageId) -> Result<Option<Image>, CatalogError> {
        self.read("read an image", |db| images::get(db, id))
    }

    fn images(&self) -> Result<Vec<Image>, CatalogError> {
        self.read("list images", |db| images::list(db))
    }

    fn resolve(&self, name: &str) -> Result<ImageId, ResolveError> {
        self.read("resolve a name", |db| resolve::resolve(db, name))?
    }

    fn delete_image(&self, id: &ImageId) -> Result<bool, CatalogError> {
        self.write("delete an image", |db| images::delete(db, id))
    }

    fn tag(&self, name: &Tagged, image: &ImageId) -> Result<Option<ImageId>, CatalogError> {
        // Given again, a name only tells when that was: nobody waits for the disk then.
        let durability = |db: &Connection| {
            let before = names::tagged(db, &name.repository, &name.tag)?;
            let same = before.is_some_and(|(id, before)| id == *image && before == *name);
            Ok(if same { Durability::Process } else { Durability::Machine })
        };
        self.write_about(durability, "tag an image", image, |db| names::tag(db, name, image))
    }

    fn tagged(&self, repository: &Repository, tag: &Tag) -> Result<Option<(ImageId, Tagged)>, CatalogError> {
        self.read("read a tag", |db| names::tagged(db, repository, tag))
    }

    fn untag(&self, repository: &Repository, tag: &Tag) -> Result<Option<ImageId>, CatalogError> {
        self.write("remove a tag", |db| names::untag(db, repository, tag))
    }

    fn pin(&self, name: &RepoDigest, image: &ImageId) -> Result<(), CatalogError> {
        self.write_about(|_| Ok(Durability::Machine), "pin an image", image, |db| names::pin(db, name, image))
    }

    fn pinned(&self, name: &RepoDigest) -> Result<Option<ImageId>, CatalogError> {
        self.read("read a pinned name", |db| names::pinned(db, name))
    }

    fn unpin(&self, name: &RepoDigest) -> Result<Option<ImageId>, CatalogError> {
        self.write("remove a pinned name", |db| names::unpin(db, name))
    }

    fn layer(&self, diff_id: &DiffId) -> Result<Option<Layer>, CatalogError> {
        self.read("read a layer", |db| layers::get(db, diff_id))
    }

    fn layer_of_blob(&self, digest: &Digest) -> Result<Option<Layer>, CatalogError> {
        self.read("read a layer", |db| layers::of_blob(db, digest))
    }

    fn layers(&self) -> Result<Vec<Layer>, CatalogError> {
        self.read("list layers", |db| layers::list(db))
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Blob>, CatalogError> {
        self.read("read a blob's record", |db| blobs::get(db, digest))
    }

    fn blobs(&self) -> Result<Vec<Blob>, CatalogError> {
        self.read("list blobs", |db| blobs::list(db))
    }

    fn known(&self) -> Result<Known, CatalogError> {
        self.read("list what it knows", |db| {
            Ok(Known { blobs: blobs::digests(db)?, layers: layers::diff_ids(db)? })
        })
    }

    fn registry_put(
        &self,
        repository: &RegistryPath,
        manifest: &NewManifest,
        tag: Option<&Tag>,
        lease: Option<Lease>,
    ) -> Result<(), CatalogError> {
        self.write("add a manifest", |db| {
            registry::put(db, repository, manifest, tag)?;
            lease.map_or(Ok(()), |lease| leases::release(db, lease))
        })
    }

    fn registry_tag(&self, repository: &RegistryPath, tag: &Tag) -> Result<Option<Blob>, CatalogError> {
        self.read("read a registry tag", |db| registry::tag(db, repository, tag))
    }

    fn registry_manifest(
        &self,
        repository: &RegistryPath,
        digest: &Digest,
    ) -> Result<Option<Blob>, CatalogError> {
        self.read("read a registry manifest", |db| registry::manifest(db, repository, digest))
    }

    fn registry_blob(
        &self,
        repository: &RegistryPath,
        digest: &Digest,
    ) -> Result<Option<Blob>, CatalogError> {
        self.read("read a registry blob", |db| registry::blob(db, repository, digest))
    }

    fn registry_tags(&self, repository: &RegistryPath) -> Result<Option<Vec<Tag>>, CatalogError> {
        self.read("list registry tags", |db| registry::tags(db, repository))
    }

    fn registry_repositories(&self) -> Result<Vec<RegistryPath>, CatalogError> {
        self.read("list registry repositories", |db| registry::repositories(db))
    }

    fn registry_untag(&self, repository: &RegistryPath, tag: &Tag) -> Result<bool, CatalogError> {
        self.write("remove a registry tag", |db| registry::untag(db, repository, tag))
    }

    fn registry_remove(&self, repository: &RegistryPath, digest: &Digest) -> Result<bool, CatalogError> {
        self.write("remove a registry manifest", |db| registry::remove(db, repository, digest))
    }

    fn add_container(&self, container: &ContainerRecord, durability: Durability) -> Result<(), CatalogError> {
        self.write_to(durability, "add a container", |db| containers::add(db, container))?
    }

    fn update_container(&self, id: &str, body: &str, durability: Durability) -> Result<bool, CatalogError> {
        self.write_to(durability, "update a container", |db| containers::update(db, id, body))
    }

    fn rename_container(&self, id: &str, name: &str) -> Result<bool, CatalogError> {
        self.write("rename a container", |db| containers::rename(db, id, name))?
    }

    fn remove_container(&self, id: &str, durability: Durability) -> Result<bool, CatalogError> {
        self.write_to(durability, "remove a container", |db| containers::remove(db, id))
    }

    fn containers(&self) -> Result<Vec<ContainerRecord>, CatalogError> {
        self.read("list containers", |db| containers::list(db))
    }

    fn add_volume(&self, volume: &VolumeRecord) -> Result<bool, CatalogError> {
        self.write("add a volume", |db| volumes::add(db, volume))
    }

    fn volume(&self, name: &str) -> Result<Option<VolumeRecord>, CatalogError> {
        self.read("read a volume", |db| volumes::get(db, name))
    }

    fn volumes(&self) -> Result<Vec<VolumeRecord>, CatalogError> {
        self.read("list volumes", |db| volumes::list(db))
    }

    fn remove_volume(&self, name: &str) -> Result<bool, CatalogError> {
        self.write("remove a volume", |db| volumes::remove(db, name))
    }

    fn add_built(&self, built: &Built) -> Result<(), CatalogError> {
        self.write("add what a build made", |db| builds::add_built(db, built))
    }

    fn children(&self, id: &ImageId) -> Result<Vec<ImageId>, CatalogError> {
        self.read("list an image's children", |db| images::children(db, id))
    }

    fn step(&self, key: &str) -> Result<Option<BuildStep>, CatalogError> {
        self.read("look for a build's step", |db| builds::step(db, key))
    }

    fn steps(
        &self,
        workshop: Option<&str>,
        bases: &[ImageId],
        limit: usize,
    ) -> Result<Vec<BuildStep>, CatalogError> {
        self.read("list builds' steps", |db| builds::steps(db, workshop, bases, limit))
    }

    fn forget_steps(&self, all: bool) -> Result<u64, CatalogError> {
        self.write("forget builds' steps", |db| builds::forget_steps(db, all))
    }

    fn put_build(&self, build: &BuildRecord) -> Result<(), CatalogError> {
        self.write_to(Durability::Process, "write down a build", |db| builds::put(db, build))
    }

    fn build(&self, id: &str) -> Result<Option<BuildRecord>, CatalogError> {
        self.read("read a build", |db| builds::get(db, id))
    }

    fn builds(&self, workshop: Option<&str>, limit: usize) -> Result<Vec<BuildRecord>, CatalogError> {
        self.read("list builds", |db| builds::list(db, workshop, limit))
    }

    fn remove_build(&self, id: &str) -> Result<bool, CatalogError> {
        self.write_to(Durability::Process, "forget a build", |db| builds::remove(db, id))
    }

    fn lease(&self, note: &str) -> Result<Lease, CatalogError> {
        self.write("take a lease", |db| leases::take(db, note))
    }

    fn hold_layers(&self, lease: Lease, diff_ids: &[DiffId]) -> Result<Vec<Layer>, CatalogError> {
        self.write("hold layers", |db| leases::hold_layers(db, lease, diff_ids))
    }

    fn hold_blobs(&self, lease: Lease, digests: &[Digest]) -> Result<Vec<Blob>, CatalogError> {
        self.write("hold blobs", |db| leases::hold_blobs(db, lease, digests))
    }

    fn release(&self, lease: Lease) -> Result<(), CatalogError> {
        self.write("release a lease", |db| leases::release(db, lease))
    }

    fn collect(&self) -> Result<Garbage, CatalogError> {
        self.write("collect garbage", |db| garbage::collect(db))
    }

    fn would_collect(&self, without: &[ImageId]) -> Result<Garbage, CatalogError> {
        // `read` never commits: what it changed is taken back.
        self.read("rehearse a removal", |db| {
            without.iter().try_for_each(|id| images::delete(db, id).map(drop))?;
            garbage::collect(db)
        })
    }
}
