//! What the catalog keeps.

use std::{collections::HashSet, fmt, str::FromStr, time::SystemTime};

use strata_oci::{DiffId, Digest, ImageId, MediaType, ReferenceError, Repository, Tag};
use thiserror::Error;

/// A blob in the blob store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Blob {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type, as the manifest that first named it says.
    pub media_type: MediaType,
}

/// A layer in its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Digest of its uncompressed tar.
    pub diff_id: DiffId,
    /// Bytes of its files.
    pub unpacked: u64,
    /// How many entries it has.
    pub entries: u64,
    /// The blobs that it came as or was pushed as; the one that came first is first.
    pub blobs: Vec<Blob>,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Digest of its config, under which the blob store has the config.
    pub id: ImageId,
    /// RFC 3339 time of creation, as the config has it.
    pub created: Option<String>,
    /// When it came here.
    pub added: SystemTime,
    /// When it last got a tag.
    pub last_tagged: Option<SystemTime>,
    /// The image that a build's step or a commit made it from; it may be gone.
    pub parent: Option<ImageId>,
    /// Its layers, bottom first.
    pub layers: Vec<Layer>,
    /// The manifests that it was pulled by or stored with, and the indexes that those were chosen from.
    pub manifests: Vec<Blob>,
    /// Its tags, sorted.
    pub tags: Vec<Tagged>,
    /// The pinned names that it can be pulled by again, sorted.
    pub repo_digests: Vec<RepoDigest>,
}

impl Image {
    /// Bytes of all its layers' files.
    pub fn unpacked(&self) -> u64 {
        self.layers.iter().map(|layer| layer.unpacked).sum()
    }
}

/// A tag of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tagged {
    /// The repository.
    pub repository: Repository,
    /// The tag.
    pub tag: Tag,
    /// What the registry's tag pointed at when it was pulled: a manifest or an index. `None` after `docker tag`.
    pub pulled: Option<Digest>,
}

/// A pinned name of an image: `repository@digest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepoDigest {
    /// The repository.
    pub repository: Repository,
    /// Digest of the manifest or index there.
    pub digest: Digest,
}

/// An image to be added, with everything that belongs to it, all of it durable already.
#[derive(Clone, Debug)]
pub struct NewImage {
    /// Its config; the digest is the image's id.
    pub config: Blob,
    /// RFC 3339 time of creation, as the config has it.
    pub created: Option<String>,
    /// Its layers, bottom first. A layer that is known already gets further blobs only.
    pub layers: Vec<Layer>,
    /// The manifest, and the index that it was chosen from.
    pub manifests: Vec<NewManifest>,
    /// The image that it was made from, here.
    pub parent: Option<ImageId>,
    /// The tag that it gets, taken from whichever image has it.
    pub tag: Option<Tagged>,
    /// The pinned name that it gets.
    pub repo_digest: Option<RepoDigest>,
}

/// A manifest or index in the blob store, with what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewManifest {
    /// Its own bytes; the media type decides how they are served.
    pub blob: Blob,
    /// What it names.
    pub children: Vec<Child>,
}

/// Something that a manifest or index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Child {
    /// A blob that is in the store.
    Here(Blob),
    /// A blob or manifest that is not: a platform that was not pulled, a foreign layer.
    Elsewhere(Digest),
}

impl Child {
    /// Its digest.
    pub fn digest(&self) -> &Digest {
        match self {
            Self::Here(blob) => &blob.digest,
            Self::Elsewhere(digest) => digest,
        }
    }
}

/// The name of a repository in the embedded registry: `demo`, `team/app`. The grammar is that of the path of a
/// [`Repository`]; nothing is added to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryPath(Box<str>);

/// A string is not the name of a repository in a registry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid repository name {0:?}")]
pub struct RegistryPathError(String, #[source] ReferenceError);

impl RegistryPath {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RegistryPath {
    type Err = RegistryPathError;

    fn from_str(text: &str) -> Result<Self, RegistryPathError> {
        // With a domain before it, the reference grammar neither adds `library/` nor takes the first part for a host.
        match format!("localhost/{text}").parse::<Repository>() {
            Ok(_) => Ok(Self(text.into())),
            Err(error) => Err(RegistryPathError(text.into(), error)),
        }
    }
}

impl fmt::Display for RegistryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What went with a tag of the embedded registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The manifest that it pointed at.
    pub manifest: Digest,
    /// Whether that is no manifest of the repository any more.
    pub gone: bool,
}

/// Keeps layers and blobs from being collected while something is under way. Leases end with the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(pub(crate) i64);

/// What has no reason to be kept. Its records are gone already: remove the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Garbage {
    /// Layers whose directories are to be removed.
    pub layers: Vec<Layer>,
    /// Blobs to be removed.
    pub blobs: Vec<Blob>,
}

impl Garbage {
    /// Bytes of the blobs and of the layers' files.
    pub fn bytes(&self) -> u64 {
        let layers: u64 = self.layers.iter().map(|layer| layer.unpacked).sum();
        layers + self.blobs.iter().map(|blob| blob.size).sum::<u64>()
    }
}

/// Everything that has a record: what a start must not sweep away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Digests of blobs.
    pub blobs: HashSet<Digest>,
    /// Diff ids of layers.
    pub layers: HashSet<DiffId>,
}

/// A container. What it is made of is the caller's business: the catalog keeps it as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRecord {
    /// Its id, 64 hex digits.
    pub id: String,
    /// Its name, without a slash; no other container has it.
    pub name: String,
    /// The image that it was made from. Its config and layers are kept as long as the container is.
    pub image: Option<ImageId>,
    /// When it was created.
    pub created: SystemTime,
    /// All else, as its owner writes it.
    pub body: String,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeRecord {
    /// Its name; no other volume has it.
    pub name: String,
    /// Whether the name was made up, so that the volume goes with its container.
    pub anonymous: bool,
    /// When it was created.
    pub created: SystemTime,
    /// All else, as its owner writes it.
    pub body: String,
}

/// What a change outlives once it is acknowledged.
///
/// Whatever happens, the catalog stays whole, and changes are lost only from the end: none is missing before one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the machine: the disk has it.
    Machine,
    /// A crash of this process: the kernel has it, and the disk will in its own time. For what is gone with the machine anyway.
    Process,
}

/// What a build made so far, all of it durable already.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The images of its steps, parents first.
    pub images: Vec<NewImage>,
    /// What its steps did.
    pub steps: Vec<BuildStep>,
    /// Containers that were made before their images had a record: container and image.
    pub containers: Vec<(String, ImageId)>,
    /// Names, and the images that get them.
    pub tags: Vec<(Tagged, ImageId)>,
}

/// A step that a build did. What else is known of it is the caller's business: the catalog keeps it as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildStep {
    /// What it was made of: a step with the same key has the same outcome.
    pub key: String,
    /// The image that came out.
    pub image: ImageId,
    /// The image that it was done on.
    pub parent: Option<ImageId>,
    /// The workshop whose build did it.
    pub workshop: Option<String>,
    /// Whether the image is still here; not looked at when it is added.
    pub alive: bool,
    /// All else, as its owner writes it.
    pub body: String,
}

/// A build. What it did is kept as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildRecord {
    /// Its id; no other build has it.
    pub id: String,
    /// The workshop that it was of.
    pub workshop: Option<String>,
    /// All else, as its owner writes it.
    pub body: String,
}
