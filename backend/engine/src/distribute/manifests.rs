//! Manifests that are pushed.

use std::sync::PoisonError;

use bytes::Bytes;
use serde::Deserialize;
use strata_blobs::{BlobStore as _, StagedBlob as _};
use strata_catalog::{Blob, Catalog as _, Child, NewManifest, RegistryCatalog as _, RegistryPath};
use strata_oci::{Descriptor, Digest, MediaType, Parsed, Tag};

use crate::{Engine, Error, Kind, engine::Inner, registry::path};

/// A manifest that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its digest.
    pub digest: Digest,
    /// What it refers to.
    pub subject: Option<Digest>,
}

/// What a manifest or index says besides what it names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refers {
    media_type: Option<MediaType>,
    subject: Option<Descriptor>,
}

impl Engine {
    /// Stores a manifest in the repository `name` under `reference`, a tag or its digest.
    ///
    /// What it names must be in the repository already, but for foreign layers and what it refers to.
    pub async fn registry_put_manifest(
        &self,
        name: &str,
        reference: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<Stored, Error> {
        let repository = path(name)?;
        let (reference, media_type) = (reference.to_owned(), media_type.to_owned());
        self.blocking(move |inner| inner.put_manifest(&repository, &reference, &media_type, &bytes)).await
    }
}

impl Inner {
    fn put_manifest(
        &self,
        repository: &RegistryPath,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Stored, Error> {
        let invalid = |message: String| Error::new(Kind::InvalidArgument, message);
        let parsed = Parsed::from_bytes(media_type, bytes)
            .map_err(|error| Error::chain(Kind::InvalidArgument, &error))?;
        let refers: Refers = serde_json::from_slice(bytes)
            .map_err(|error| invalid(format!("the manifest can't be read: {error}")))?;
        let (digest, tag) = match reference.parse::<Digest>() {
            Ok(expected) => {
                let mut verifier = strata_oci::Verifier::new(expected.clone(), None);
                let right = verifier.update(bytes).and_then(|()| verifier.finish().map(drop));
                right.map_err(|error| Error::chain(Kind::WrongDigest, &error))?;
                (expected, None)
            }
            Err(_) => (Digest::of(bytes), Some(reference.parse::<Tag>()?)),
        };
        let given = media_type.split(';').next().unwrap_or_default().trim();
        let index = matches!(parsed, Parsed::Index(_));
        let kind = match MediaType::from(given) {
            known if known.is_index() || known.is_manifest() => known,
            _ => refers
                .media_type
                .clone()
                .unwrap_or_else(|| if index { MediaType::OCI_INDEX } else { MediaType::OCI_MANIFEST }.into()),
        };
        if let Some(inner) = refers.media_type.as_ref().filter(|inner| **inner != kind) {
            return Err(invalid(format!("the manifest says that it is {inner}: Content-Type says {kind}")));
        }
        let blob = Blob { digest: digest.clone(), size: bytes.len() as u64, media_type: kind };
        self.check_quota(blob.size)?;
        let staged = self.blobs.stage(&digest, bytes)?;
        self.blobs.flush()?;
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: nothing that is found now is collected before its record says that it is needed.
        let children = self.children(repository, &parsed)?;
        let subject = refers.subject.map(|subject| subject.digest);
        let recorded = (|| {
            staged.publish()?;
            self.blobs.settle()?;
            let manifest = NewManifest { blob, children };
            self.catalog.registry_push(repository, &manifest, tag.as_ref(), subject.as_ref())?;
            Ok::<_, Error>(())
        })();
        if recorded.is_err() {
            self.withdraw();
        }
        recorded.map(|()| Stored { digest, subject })
    }

    fn children(&self, repository: &RegistryPath, parsed: &Parsed) -> Result<Vec<Child>, Error> {
        let missing = |descriptor: &Descriptor| {
            let Descriptor { digest, media_type, .. } = descriptor;
            Error::new(
                Kind::MissingPart,
                format!("{digest} ({media_type}) is not in {repository}: push it first"),
            )
        };
        let blob = |descriptor: &Descriptor| match self
            .catalog
            .registry_blob(repository, &descriptor.digest)?
        {
            Some(known) if known.size != descriptor.size => Err(Error::new(
                Kind::InvalidArgument,
                format!("{} has {} bytes: the manifest says {}", known.digest, known.size, descriptor.size),
            )),
            Some(known) => Ok(Child::Here(Blob { media_type: descriptor.media_type.clone(), ..known })),
            None if !descriptor.urls.is_empty() => Ok(Child::Elsewhere(descriptor.digest.clone())),
            None => Err(missing(descriptor)),
        };
        let manifest = |descriptor: &Descriptor| {
            let known = self.catalog.registry_manifest(repository, &descriptor.digest)?;
            known.map(Child::Here).ok_or_else(|| missing(descriptor))
        };
        match parsed {
            Parsed::Manifest(parsed) => {
                std::iter::once(&parsed.config).chain(&parsed.layers).map(blob).collect()
            }
            Parsed::Index(parsed) => parsed.manifests.iter().map(manifest).collect(),
        }
    }
}
