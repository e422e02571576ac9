//! Handing on other registries: what is not here is fetched, kept and served from then on.
//!
//! A tag is asked for upstream every time, so that it moves as the upstream's does; if the upstream can't be reached, what is
//! here answers. What has a digest never changes and is fetched once, however many ask for it at the same time.

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::StreamExt as _;
use strata_blobs::{BlobStore as _, BlobWriter as _};
use strata_catalog::{Blob, Catalog as _, Child, NewManifest, RegistryCatalog as _, RegistryPath};
use strata_oci::{Descriptor, Digest, MediaType, Parsed, Reference, Repository};
use strata_registry::Fetched;
use tokio::sync::Mutex as AsyncMutex;

use crate::{Engine, Error, Kind, engine::Inner};

const MANIFEST_LIMIT: u64 = 4 << 20;

/// Blobs that are being fetched: whoever comes second waits for the first.
#[derive(Default)]
pub(crate) struct Fetching(Mutex<HashMap<Digest, Arc<AsyncMutex<()>>>>);

impl Fetching {
    fn slot(&self, digest: &Digest) -> Arc<AsyncMutex<()>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        slots.entry(digest.clone()).or_default().clone()
    }
}

impl Engine {
    /// The repository upstream that `name` stands for, if it stands for one.
    fn upstream(&self, name: &str) -> Option<Repository> {
        let (prefix, rest) = name.split_once('/')?;
        let registry = self.inner().options.registry_proxies.get(prefix)?;
        format!("{registry}/{rest}").parse().ok()
    }

    /// Sees to it that a manifest that a proxied repository has upstream is here. Does nothing for other repositories.
    pub(crate) async fn refresh_manifest(&self, name: &str, reference: &str) -> Result<(), Error> {
        let Some(upstream) = self.upstream(name) else { return Ok(()) };
        let path: RegistryPath = crate::registry::path(name)?;
        let wanted: Reference = match (reference.parse::<Digest>(), reference.parse()) {
            (Ok(digest), _) => {
                let (path, digest) = (path.clone(), digest.clone());
                let wanted = upstream.with_digest(digest.clone());
                if self
                    .blocking(move |inner| Ok(inner.catalog.registry_manifest(&path, &digest)?))
                    .await?
                    .is_some()
                {
                    return Ok(());
                }
                wanted
            }
            (Err(_), Ok(tag)) => upstream.with_tag(tag),
            (Err(_), Err(_)) => return Ok(()),
        };
        match self.inner().registry.resolve(&wanted).await {
            Ok(fetched) => {
                let tag = wanted.tag().filter(|_| wanted.digest().is_none()).cloned();
                self.blocking(move |inner| inner.keep_manifest(&path, &fetched, tag.as_ref())).await
            }
            Err(error) => match Error::from(error) {
                // Not there: then it isn't here either. Not reachable: what is here has to do.
                error if matches!(error.kind, Kind::NotFound | Kind::Unavailable) => {
                    tracing::info!(name, reference, %error, "the upstream doesn't give it");
                    Ok(())
                }
                error => Err(error),
            },
        }
    }

    /// Sees to it that a blob that a manifest of a proxied repository names is here.
    pub(crate) async fn refresh_blob(&self, name: &str, digest: &Digest) -> Result<(), Error> {
        let Some(upstream) = self.upstream(name) else { return Ok(()) };
        let path: RegistryPath = crate::registry::path(name)?;
        let slot = self.inner().fetching.slot(digest);
        let _turn = slot.lock().await;
        let descriptor = {
            let (path, digest) = (path.clone(), digest.clone());
            self.blocking(move |inner| inner.missing(&path, &digest)).await?
        };
        let Some(descriptor) = descriptor else { return Ok(()) };
        let inner = self.inner();
        let mut writer = inner.blobs.ingest(&descriptor.digest, Some(descriptor.size))?;
        let mut blob = inner.registry.blob(&upstream, &descriptor);
        while let Some(chunk) = blob.next().await {
            let chunk = chunk?;
            // A piece goes to the page cache; the wait for the disk comes at the end, on a thread of its own.
            writer.write_all(&chunk).map_err(|error| Error::chain(Kind::Internal, &error))?;
        }
        self.blocking(move |inner| {
            let _alone = inner.publishing.lock().unwrap_or_else(PoisonError::into_inner);
            writer.commit()?;
            let Descriptor { digest, size, media_type, .. } = descriptor;
            Ok(inner.catalog.registry_link(&path, &Blob { digest, size, media_type })?)
        })
        .await
    }
}

impl Inner {
    fn keep_manifest(
        &self,
        repository: &RegistryPath,
        fetched: &Fetched,
        tag: Option<&strata_oci::Tag>,
    ) -> Result<(), Error> {
        let Descriptor { digest, size, .. } = &fetched.descriptor;
        let parts: Vec<&Descriptor> = match &fetched.parsed {
            Parsed::Manifest(manifest) => std::iter::once(&manifest.config).chain(&manifest.layers).collect(),
            Parsed::Index(index) => index.manifests.iter().collect(),
        };
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        self.blobs.put(digest, &fetched.bytes)?;
        let media_type = MediaType::from(fetched.content_type.as_str());
        // What the store has from elsewhere is no reason to fetch it again; it belongs to this repository now.
        let children = parts.into_iter().map(|part| match self.catalog.blob(&part.digest)? {
            Some(blob) if blob.size == part.size => Ok(Child::Here(blob)),
            _ => Ok(Child::Elsewhere(part.digest.clone())),
        });
        let manifest = NewManifest {
            blob: Blob { digest: digest.clone(), size: *size, media_type },
            children: children.collect::<Result<_, Error>>()?,
        };
        let recorded = self.catalog.registry_push(repository, &manifest, tag, None);
        if recorded.is_err() {
            self.withdraw();
        }
        Ok(recorded?)
    }

    /// What a manifest of the repository says of a blob that is not here.
    fn missing(&self, repository: &RegistryPath, digest: &Digest) -> Result<Option<Descriptor>, Error> {
        if self.catalog.registry_blob(repository, digest)?.is_some() {
            return Ok(None);
        }
        let Some(user) = self.catalog.registry_user(repository, digest)? else { return Ok(None) };
        let bytes = self.blobs.read(&user, MANIFEST_LIMIT)?;
        let Ok(Parsed::Manifest(manifest)) = Parsed::from_bytes("", &bytes) else { return Ok(None) };
        Ok(std::iter::once(manifest.config).chain(manifest.layers).find(|part| part.digest == *digest))
    }
}
