//! What the registry holds.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use strata_oci::Digest;

/// A manifest's type and bytes.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) media_type: String,
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) digest: Digest,
}

#[derive(Default)]
pub(crate) struct Content {
    blobs: HashMap<String, Arc<[u8]>>,
    repositories: BTreeMap<String, Repository>,
}

#[derive(Default)]
struct Repository {
    manifests: HashMap<String, Stored>,
    tags: BTreeMap<String, String>,
}

impl Content {
    pub(crate) fn add_blob(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.add_blob_as(&digest, bytes);
        digest
    }

    pub(crate) fn add_blob_as(&mut self, digest: &Digest, bytes: Vec<u8>) {
        self.blobs.insert(digest.to_string(), bytes.into());
    }

    pub(crate) fn add_manifest(&mut self, repository: &str, media_type: &str, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        let stored = Stored { media_type: media_type.into(), bytes: bytes.into(), digest: digest.clone() };
        let repository = self.repositories.entry(repository.into()).or_default();
        repository.manifests.insert(digest.to_string(), stored);
        digest
    }

    pub(crate) fn tag(&mut self, repository: &str, tag: &str, manifest: &Digest) {
        let repository = self.repositories.entry(repository.into()).or_default();
        repository.tags.insert(tag.into(), manifest.to_string());
    }

    pub(crate) fn blob(&self, digest: &str) -> Option<Arc<[u8]>> {
        self.blobs.get(digest).cloned()
    }

    pub(crate) fn has(&self, repository: &str) -> bool {
        self.repositories.contains_key(repository)
    }

    /// A manifest by tag or digest.
    pub(crate) fn manifest(&self, repository: &str, locator: &str) -> Option<Stored> {
        let repository = self.repositories.get(repository)?;
        let digest = repository.tags.get(locator).map_or(locator, String::as_str);
        repository.manifests.get(digest).cloned()
    }

    /// At most `n` tags after `last`, and whether there are more.
    pub(crate) fn tags(&self, repository: &str, n: usize, last: &str) -> Option<(Vec<String>, bool)> {
        let mut after = self.repositories.get(repository)?.tags.keys().filter(|tag| tag.as_str() > last);
        let page: Vec<String> = after.by_ref().take(n).cloned().collect();
        Some((page, after.next().is_some()))
    }

    pub(crate) fn catalog(&self) -> Vec<String> {
        self.repositories.keys().cloned().collect()
    }
}
