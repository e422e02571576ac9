//! Where manifests and configs are read from.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use strata_blobs::BlobStore as _;
use strata_oci::{Descriptor, Digest, ImageConfig, Parsed, Reference, Repository};
use strata_registry::Client;

use super::{
    Shop,
    trouble::{self, Refused},
};
use crate::{Engine, Error, Kind, engine::CONFIG_LIMIT};

/// Manifests and configs that are kept each; then all are let go.
const KEPT: usize = 2_000;

/// What was seen of registries: what has a digest never changes.
#[derive(Default)]
pub(crate) struct Seen {
    manifests: Kept<Digest, Manifest>,
    configs: Kept<Digest, ImageConfig>,
}

struct Kept<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, V> Kept<K, V> {
    fn get(&self, key: &K) -> Option<Arc<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: &K, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(key.clone(), value.clone());
        value
    }
}

/// A manifest or index.
pub(super) struct Manifest {
    /// Its digest, size and type.
    pub(super) descriptor: Descriptor,
    /// What it says.
    pub(super) parsed: Parsed,
}

/// A registry that is looked into.
pub(super) struct Source {
    pub(super) engine: Engine,
    host: String,
    pub(super) ours: bool,
    client: Client,
}

impl Source {
    pub(super) fn of(engine: &Engine, shop: &Shop) -> Self {
        let registry = &engine.inner().registry;
        let client = match &shop.login {
            Some(login) => registry.with_login(&shop.host, login.clone()),
            None => registry.clone(),
        };
        Self { engine: engine.clone(), host: shop.host.clone(), ours: shop.ours, client }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn refused(&self, error: strata_registry::Error) -> Refused {
        Refused::There(trouble::of(&error, self.client.speaks(&self.host)))
    }

    /// The manifest that a tag or digest names.
    pub(super) async fn manifest(&self, reference: &Reference) -> Result<Arc<Manifest>, Refused> {
        let seen = &self.engine.inner().seen.manifests;
        if let Some(known) = reference.digest().and_then(|digest| seen.get(digest)) {
            return Ok(known);
        }
        let manifest = if self.ours {
            let name = reference.repository().path();
            let found = self.engine.registry_manifest(name, &reference.locator()).await?;
            let parsed = Parsed::from_bytes(&found.media_type.to_string(), &found.bytes)
                .map_err(|error| Error::chain(Kind::Internal, &error))?;
            let size = found.bytes.len() as u64;
            Manifest { descriptor: Descriptor::new(found.media_type, found.digest, size), parsed }
        } else {
            let fetched = self.client.resolve(reference).await.map_err(|error| self.refused(error))?;
            Manifest { descriptor: fetched.descriptor, parsed: fetched.parsed }
        };
        let digest = manifest.descriptor.digest.clone();
        Ok(seen.keep(&digest, manifest))
    }

    /// An image config; nothing for what is none.
    pub(super) async fn config(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Option<Arc<ImageConfig>>, Refused> {
        if !descriptor.media_type.is_image_config() {
            return Ok(None);
        }
        let seen = &self.engine.inner().seen.configs;
        if let Some(known) = seen.get(&descriptor.digest) {
            return Ok(Some(known));
        }
        let bytes = if self.ours {
            let digest = descriptor.digest.clone();
            self.engine.blocking(move |inner| Ok(inner.blobs.read(&digest, CONFIG_LIMIT)?)).await?.into()
        } else {
            let fetched = self.client.config(repository, descriptor).await;
            fetched.map_err(|error| self.refused(error))?
        };
        Ok(serde_json::from_slice(&bytes).ok().map(|config| seen.keep(&descriptor.digest, config)))
    }

    /// What refers to a manifest.
    pub(super) async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, Refused> {
        match self.ours {
            true => Ok(self.engine.registry_referrers(repository.path(), digest, None).await?),
            false => {
                let found = self.client.referrers(repository, digest).await;
                found.map_err(|error| self.refused(error))
            }
        }
    }
}
