//! The layers of a push, several at once.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::try_join_all;
use strata_catalog::{Blob, Catalog as _, Image};
use strata_oci::{DiffId, Digest, Repository};
use strata_registry::{Outbound, Sent, Uploaded};
use tokio::sync::Semaphore;

use super::Push;
use crate::{Error, progress};

/// As many as dockerd's.
const AT_ONCE: usize = 5;
/// Between two figures of one layer.
const TICK: Duration = Duration::from_millis(100);
/// Repositories that are asked for one blob.
const MOUNTS: usize = 3;

impl Push {
    /// Sees to it that the repository has all layers of an image; returns the image with all its blobs.
    pub(super) async fn push_layers(&self, image: &Image) -> Result<Image, Error> {
        // As docker does, top first, and a layer that is there twice once.
        let mut order: Vec<usize> = Vec::new();
        for at in (0..image.layers.len()).rev() {
            if order.iter().all(|other| image.layers[*other].diff_id != image.layers[at].diff_id) {
                order.push(at);
            }
        }
        for at in &order {
            self.say(progress::state(id(image, *at), "Preparing")).await;
        }
        let sources = self.sources(image).await?;
        let (sources, permits) = (&sources, &Semaphore::new(AT_ONCE));
        let layers = order.into_iter().map(|at| async move {
            let _permit = match permits.try_acquire() {
                Ok(permit) => permit,
                Err(_) => {
                    self.say(progress::state(id(image, at), "Waiting")).await;
                    permits.acquire().await.map_err(Error::internal)?
                }
            };
            self.push_layer(image, at, sources).await
        });
        let pushed: BTreeMap<DiffId, Blob> = try_join_all(layers).await?.into_iter().collect();
        let mut image = image.clone();
        for layer in &mut image.layers {
            if layer.blobs.is_empty() {
                layer.blobs.extend(pushed.get(&layer.diff_id).cloned());
            }
        }
        Ok(image)
    }

    async fn push_layer(
        &self,
        image: &Image,
        at: usize,
        sources: &BTreeMap<Digest, Vec<Repository>>,
    ) -> Result<(DiffId, Blob), Error> {
        let id = id(image, at);
        let (blob, path) = {
            let image = image.clone();
            let made = self.engine.blocking(move |inner| {
                let blob = inner.blob_to_push(&image, at)?;
                let path = inner.blob_path(&blob);
                Ok((blob, path))
            });
            made.await?
        };
        let sent = Sent::default();
        let from = sources.get(&blob.digest).map(Vec::as_slice).unwrap_or_default();
        let outbound = Outbound { digest: &blob.digest, size: blob.size, path: &path };
        let pushing = self.client.push_blob(&self.repository, outbound, from, &sent);
        let ticking = async {
            loop {
                tokio::time::sleep(TICK).await;
                if sent.bytes() > 0 {
                    let figures = progress::figures(id, "Pushing", sent.bytes(), blob.size);
                    let _ = self.sender.try_send(figures);
                }
            }
        };
        let uploaded = tokio::select! {
            uploaded = pushing => uploaded?,
            never = ticking => never,
        };
        match uploaded {
            Uploaded::Exists => self.say(progress::state(id, "Layer already exists")).await,
            Uploaded::Mounted(other) => {
                self.say(progress::state(id, &format!("Mounted from {}", other.path()))).await;
            }
            Uploaded::Sent => {
                self.say(progress::figures(id, "Pushing", blob.size, blob.size)).await;
                self.say(progress::state(id, "Pushed")).await;
            }
        }
        Ok((image.layers[at].diff_id.clone(), blob))
    }

    pub(super) async fn push_config(&self, config: &Blob) -> Result<(), Error> {
        let path = self.engine.inner().blob_path(config);
        let outbound = Outbound { digest: &config.digest, size: config.size, path: &path };
        self.client.push_blob(&self.repository, outbound, &[], &Sent::default()).await?;
        Ok(())
    }

    /// The repositories of the same registry that a blob may be taken from: images that have it came from there, or went there.
    async fn sources(&self, image: &Image) -> Result<BTreeMap<Digest, Vec<Repository>>, Error> {
        let to = self.repository.clone();
        let wanted: Vec<Digest> =
            image.layers.iter().flat_map(|layer| &layer.blobs).map(|blob| blob.digest.clone()).collect();
        let found = self.engine.blocking(move |inner| {
            let mut found: BTreeMap<Digest, Vec<Repository>> = BTreeMap::new();
            for other in inner.catalog.images()? {
                let names = other.repo_digests.iter().map(|pinned| &pinned.repository);
                let names: Vec<_> =
                    names.filter(|name| name.domain() == to.domain() && **name != to).cloned().collect();
                let blobs = other.layers.iter().flat_map(|layer| &layer.blobs);
                for blob in blobs.filter(|blob| wanted.contains(&blob.digest)) {
                    let known = found.entry(blob.digest.clone()).or_default();
                    for name in &names {
                        if known.len() < MOUNTS && !known.contains(name) {
                            known.push(name.clone());
                        }
                    }
                }
            }
            Ok(found)
        });
        found.await
    }
}

/// What docker calls a layer.
fn id(image: &Image, at: usize) -> &str {
    image.layers[at].diff_id.digest().short()
}
