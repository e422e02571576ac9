//! The embedded registry's read side: what `/v2/` serves, from the same blobs as everything else.

use std::fs::File;

use bytes::Bytes;
use strata_blobs::BlobStore as _;
use strata_catalog::{Catalog as _, RegistryPath};
use strata_oci::{Digest, MediaType};

use crate::{Engine, Error, Kind};

/// Manifests are sent whole; a larger one could not have been stored.
const MANIFEST_LIMIT: u64 = 4 << 20;

/// A manifest or index, as it was stored.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its type, for `Content-Type`.
    pub media_type: MediaType,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: Bytes,
}

/// An open blob.
#[derive(Debug)]
pub struct Blob {
    /// The file, at its start.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
}

impl Engine {
    /// The manifest that `reference`, a tag or digest, names in the repository `name`.
    pub async fn registry_manifest(&self, name: &str, reference: &str) -> Result<Manifest, Error> {
        let repository = path(name)?;
        self.refresh_manifest(name, reference).await?;
        let unknown = format!("manifest {reference} is not known in {name}");
        let reference = reference.to_owned();
        self.blocking(move |inner| {
            let found = match reference.parse::<Digest>() {
                Ok(digest) => inner.catalog.registry_manifest(&repository, &digest)?,
                // What can't be a tag is none that is here.
                Err(_) => match reference.parse() {
                    Ok(tag) => inner.catalog.registry_tag(&repository, &tag)?,
                    Err(_) => None,
                },
            };
            let blob = found.ok_or_else(|| Error::new(Kind::NotFound, unknown))?;
            let bytes = inner.blobs.read(&blob.digest, MANIFEST_LIMIT)?.into();
            Ok(Manifest { media_type: blob.media_type, digest: blob.digest, bytes })
        })
        .await
    }

    /// A blob that a manifest of the repository `name` names.
    pub async fn registry_blob(&self, name: &str, digest: &Digest) -> Result<Blob, Error> {
        let repository = path(name)?;
        self.refresh_blob(name, digest).await?;
        let unknown = format!("blob {digest} is not known in {name}");
        let digest = digest.clone();
        self.blocking(move |inner| {
            let known = inner.catalog.registry_blob(&repository, &digest)?;
            let blob = known.ok_or_else(|| Error::new(Kind::NotFound, unknown))?;
            Ok(Blob { file: inner.blobs.open(&blob.digest)?, size: blob.size })
        })
        .await
    }

    /// The tags of the repository `name`, sorted.
    pub async fn registry_tags(&self, name: &str) -> Result<Vec<String>, Error> {
        let repository = path(name)?;
        let unknown = format!("repository {name} is not known");
        self.blocking(move |inner| {
            let tags = inner.catalog.registry_tags(&repository)?;
            let tags = tags.ok_or_else(|| Error::new(Kind::NotFound, unknown))?;
            Ok(tags.iter().map(ToString::to_string).collect())
        })
        .await
    }

    /// The repositories, sorted.
    pub async fn registry_catalog(&self) -> Result<Vec<String>, Error> {
        self.blocking(|inner| {
            Ok(inner.catalog.registry_repositories()?.iter().map(ToString::to_string).collect())
        })
        .await
    }
}

pub(crate) fn path(name: &str) -> Result<RegistryPath, Error> {
    name.parse().map_err(|error| Error::chain(Kind::InvalidArgument, &error))
}
