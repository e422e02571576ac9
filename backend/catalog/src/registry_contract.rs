//! What a catalog promises a registry that is written to.
//!
//! A blob that was uploaded belongs to a repository by a *link* before any manifest names it. Links are for the time
//! between a push's blobs and its manifest: they are renewed whenever somebody asks for the blob, and end after a while.

use std::time::SystemTime;

use strata_oci::{Digest, Tag};

use crate::{Blob, CatalogError, Garbage, NewManifest, RegistryPath, Released};

/// The records of a registry that is written to. As with [`crate::Catalog`], every method is one transaction.
pub trait RegistryCatalog: Send + Sync {
    /// Links a blob to a repository, from now on; adds the blob's record if there is none.
    fn registry_link(&self, repository: &RegistryPath, blob: &Blob) -> Result<(), CatalogError>;

    /// When a blob was linked to a repository, if it is.
    fn registry_linked(
        &self,
        repository: &RegistryPath,
        digest: &Digest,
    ) -> Result<Option<SystemTime>, CatalogError>;

    /// Takes a link away; `false` if there is none.
    fn registry_unlink(&self, repository: &RegistryPath, digest: &Digest) -> Result<bool, CatalogError>;

    /// Ends all links that are older than `before`; how many.
    fn registry_expire(&self, before: SystemTime) -> Result<usize, CatalogError>;

    /// A manifest of the repository that names `digest`, if one does.
    fn registry_user(
        &self,
        repository: &RegistryPath,
        digest: &Digest,
    ) -> Result<Option<Digest>, CatalogError>;

    /// As [`crate::Catalog::registry_put`], and notes what the manifest refers to.
    fn registry_push(
        &self,
        repository: &RegistryPath,
        manifest: &NewManifest,
        tag: Option<&Tag>,
        subject: Option<&Digest>,
    ) -> Result<(), CatalogError>;

    /// The manifests of a repository that refer to `subject`, by digest.
    fn registry_referrers(
        &self,
        repository: &RegistryPath,
        subject: &Digest,
    ) -> Result<Vec<Blob>, CatalogError>;

    /// The tags, over all repositories, whose manifests name `digest`, themselves or by way of an index; at most `limit`.
    fn registry_tags_with(
        &self,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<(RegistryPath, Tag)>, CatalogError>;

    /// Takes a tag away, and its manifest with it if no other tag of the repository points there and no index there names it.
    /// `None` if there is no such tag.
    fn registry_release(
        &self,
        repository: &RegistryPath,
        tag: &Tag,
    ) -> Result<Option<Released>, CatalogError>;

    /// What [`RegistryCatalog::registry_release`] and a collection after it would do. Changes nothing.
    fn registry_would_release(
        &self,
        repository: &RegistryPath,
        tag: &Tag,
    ) -> Result<Option<(Released, Garbage)>, CatalogError>;

    /// Bytes of all blobs that the registry keeps, each counted once.
    fn registry_size(&self) -> Result<u64, CatalogError>;
}
