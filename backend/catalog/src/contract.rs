//! What a catalog promises, whatever keeps the records.

use strata_oci::{DiffId, Digest, ImageId, Repository, Tag};

use crate::{
    Blob, BuildRecord, BuildStep, Built, CatalogError, ContainerRecord, Durability, Garbage, Image, Known,
    Layer, Lease, NewImage, NewManifest, RegistryPath, RepoDigest, ResolveError, Tagged, VolumeRecord,
};

/// Keeps the records. Every method is one transaction and blocks. What it changes survives a crash of the machine once it
/// returns, unless a [`Durability`] asks for less.
pub trait Catalog: Send + Sync {
    // Images

    /// Adds an image with its blobs, layers, manifests, tag and pinned name, and gives back `lease`.
    ///
    /// Adding one again adds what is new about it. Returns the image that had the tag before, if another one had.
    fn add_image(&self, image: &NewImage, lease: Option<Lease>) -> Result<Option<ImageId>, CatalogError>;

    /// An image by its id.
    fn image(&self, id: &ImageId) -> Result<Option<Image>, CatalogError>;

    /// All images, the one that came last first.
    fn images(&self) -> Result<Vec<Image>, CatalogError>;

    /// The image that docker takes `name` for. In this order: a full id with `sha256:`; a name with its tag
    /// (`latest` by default) or digest; an id without `sha256:`, or the start of one.
    fn resolve(&self, name: &str) -> Result<ImageId, ResolveError>;

    /// Deletes an image with its tags and pinned names; `false` if there is none. Its layers stay until
    /// [`Catalog::collect`].
    fn delete_image(&self, id: &ImageId) -> Result<bool, CatalogError>;

    // Names

    /// Gives an image a tag, taken in the same transaction from whichever image has it; returns that one.
    fn tag(&self, name: &Tagged, image: &ImageId) -> Result<Option<ImageId>, CatalogError>;

    /// The image that has a tag, and what the tag was pulled as.
    fn tagged(&self, repository: &Repository, tag: &Tag) -> Result<Option<(ImageId, Tagged)>, CatalogError>;

    /// Takes a tag away; returns the image that had it.
    fn untag(&self, repository: &Repository, tag: &Tag) -> Result<Option<ImageId>, CatalogError>;

    /// Gives an image a pinned name.
    fn pin(&self, name: &RepoDigest, image: &ImageId) -> Result<(), CatalogError>;

    /// The image that has a pinned name.
    fn pinned(&self, name: &RepoDigest) -> Result<Option<ImageId>, CatalogError>;

    /// Takes a pinned name away; returns the image that had it.
    fn unpin(&self, name: &RepoDigest) -> Result<Option<ImageId>, CatalogError>;

    // Layers and blobs

    /// A layer by its diff id.
    fn layer(&self, diff_id: &DiffId) -> Result<Option<Layer>, CatalogError>;

    /// The layer that came as this blob.
    fn layer_of_blob(&self, digest: &Digest) -> Result<Option<Layer>, CatalogError>;

    /// All layers, by diff id.
    fn layers(&self) -> Result<Vec<Layer>, CatalogError>;

    /// A blob by its digest.
    fn blob(&self, digest: &Digest) -> Result<Option<Blob>, CatalogError>;

    /// All blobs, by digest.
    fn blobs(&self) -> Result<Vec<Blob>, CatalogError>;

    /// The digests of everything that has a record.
    fn known(&self) -> Result<Known, CatalogError>;

    // The embedded registry

    /// Puts a manifest into a repository, and points `tag` at it; gives back `lease`.
    ///
    /// The children that are [`crate::Child::Here`] get a record if they have none.
    fn registry_put(
        &self,
        repository: &RegistryPath,
        manifest: &NewManifest,
        tag: Option<&Tag>,
        lease: Option<Lease>,
    ) -> Result<(), CatalogError>;

    /// The manifest that a tag of a repository points at.
    fn registry_tag(&self, repository: &RegistryPath, tag: &Tag) -> Result<Option<Blob>, CatalogError>;

    /// A manifest of a repository: one that was put there, or one that an index there names.
    fn registry_manifest(
        &self,
        repository: &RegistryPath,
        digest: &Digest,
    ) -> Result<Option<Blob>, CatalogError>;

    /// A blob that a manifest of the repository names.
    fn registry_blob(&self, repository: &RegistryPath, digest: &Digest)
    -> Result<Option<Blob>, CatalogError>;

    /// The tags of a repository, sorted; `None` if nothing was ever put there.
    fn registry_tags(&self, repository: &RegistryPath) -> Result<Option<Vec<Tag>>, CatalogError>;

    /// The repositories, sorted.
    fn registry_repositories(&self) -> Result<Vec<RegistryPath>, CatalogError>;

    /// Removes a tag of a repository; `false` if there was none. The manifest stays.
    fn registry_untag(&self, repository: &RegistryPath, tag: &Tag) -> Result<bool, CatalogError>;

    /// Removes a manifest from a repository, with the tags that point at it; `false` if there was none.
    fn registry_remove(&self, repository: &RegistryPath, digest: &Digest) -> Result<bool, CatalogError>;

    // Containers

    /// Adds a container. [`CatalogError::NameTaken`] if another one has its name, [`CatalogError::NoSuchImage`] if its
    /// image is not here.
    ///
    /// From then on the image's config and layers are kept, also if the image is deleted.
    fn add_container(&self, container: &ContainerRecord, durability: Durability) -> Result<(), CatalogError>;

    /// Replaces the body of a container; `false` if there is none.
    fn update_container(&self, id: &str, body: &str, durability: Durability) -> Result<bool, CatalogError>;

    /// Gives a container another name; `false` if there is no such container.
    fn rename_container(&self, id: &str, name: &str) -> Result<bool, CatalogError>;

    /// Removes a container; `false` if there is none.
    fn remove_container(&self, id: &str, durability: Durability) -> Result<bool, CatalogError>;

    /// All containers, the one that was created last first.
    fn containers(&self) -> Result<Vec<ContainerRecord>, CatalogError>;

    // Volumes

    /// Adds a volume and says whether it is new; one that has the name stays as it is.
    fn add_volume(&self, volume: &VolumeRecord) -> Result<bool, CatalogError>;

    /// A volume by its name.
    fn volume(&self, name: &str) -> Result<Option<VolumeRecord>, CatalogError>;

    /// All volumes, by name.
    fn volumes(&self) -> Result<Vec<VolumeRecord>, CatalogError>;

    /// Removes a volume; `false` if there is none.
    fn remove_volume(&self, name: &str) -> Result<bool, CatalogError>;

    // Builds

    /// Adds what a build made so far. A container of [`Built::containers`] that is gone is left out.
    fn add_built(&self, built: &Built) -> Result<(), CatalogError>;

    /// The images that were made from this one.
    fn children(&self, id: &ImageId) -> Result<Vec<ImageId>, CatalogError>;

    /// The step with a key that was done last and whose image is here.
    fn step(&self, key: &str) -> Result<Option<BuildStep>, CatalogError>;

    /// Steps, the last one first, at most `limit`: those of a workshop, and those done on an image or on what was made from it.
    fn steps(
        &self,
        workshop: Option<&str>,
        bases: &[ImageId],
        limit: usize,
    ) -> Result<Vec<BuildStep>, CatalogError>;

    /// Forgets all steps, or those whose images are gone; returns how many.
    fn forget_steps(&self, all: bool) -> Result<u64, CatalogError>;

    /// Adds a build, or replaces what is known of it. A record survives this process, but perhaps not the machine.
    fn put_build(&self, build: &BuildRecord) -> Result<(), CatalogError>;

    /// A build by its id.
    fn build(&self, id: &str) -> Result<Option<BuildRecord>, CatalogError>;

    /// Builds, the last one first, at most `limit`; of one workshop, or of all; of those
    /// that are no workshop's when the id is empty.
    fn builds(&self, workshop: Option<&str>, limit: usize) -> Result<Vec<BuildRecord>, CatalogError>;

    /// Forgets a build; `false` if there is none.
    fn remove_build(&self, id: &str) -> Result<bool, CatalogError>;

    // Leases and garbage

    /// Takes a lease. `note` says what for.
    fn lease(&self, note: &str) -> Result<Lease, CatalogError>;

    /// Keeps these layers, whether they are here or on their way; returns the ones that are here.
    fn hold_layers(&self, lease: Lease, layers: &[DiffId]) -> Result<Vec<Layer>, CatalogError>;

    /// Keeps these blobs, whether they are here or on their way; returns the ones that are here.
    fn hold_blobs(&self, lease: Lease, blobs: &[Digest]) -> Result<Vec<Blob>, CatalogError>;

    /// Gives a lease back; nothing happens if it was given back already.
    fn release(&self, lease: Lease) -> Result<(), CatalogError>;

    /// Finds what neither an image nor the registry nor a lease needs, and drops its records.
    ///
    /// An image needs its config, its manifests, its layers and their blobs; a container needs its image's config and
    /// layers; the registry needs what was put there and what that names. The caller removes the bytes that the answer names, and lets nobody publish until it has.
    fn collect(&self) -> Result<Garbage, CatalogError>;

    /// What [`Catalog::collect`] would find if these images were deleted; nothing changes.
    fn would_collect(&self, without: &[ImageId]) -> Result<Garbage, CatalogError>;
}
