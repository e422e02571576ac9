//! A layer of an image that isn't here, read for its index.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, stream};
use strata_api::remote::Reading;
use strata_blobs::BlobStore as _;
use strata_catalog::Catalog as _;
use strata_layers::Expected;
use strata_oci::{Descriptor, DiffId, Parsed, Reference};
use tokio::{sync::mpsc, time::Instant};

use super::{
    super::source::Source,
    Elsewhere,
    image::{check, no_image},
};
use crate::{
    Engine, Error, Kind,
    explore::no_layer,
    feed::{Supply, feed},
    memory,
    transfer::{Meter, State, Transfer},
};

/// Between two figures.
const TICK: Duration = Duration::from_millis(100);
/// Figures that may wait for a slow listener.
const BACKLOG: usize = 4;

/// A layer, where it is.
pub(super) struct Part {
    source: Source,
    reference: Reference,
    pub(super) descriptor: Descriptor,
}

impl Part {
    /// Finds the layer in its image.
    pub(super) async fn find(engine: &Engine, from: &Elsewhere, diff_id: &DiffId) -> Result<Self, Error> {
        let (source, reference) = (Source::of(engine, &from.shop), from.reference.clone());
        let found = source.manifest(&reference).await?;
        let Parsed::Manifest(manifest) = &found.parsed else {
            let message = format!("{reference} is an index: a layer is read from one of its images");
            return Err(Error::new(Kind::InvalidArgument, message));
        };
        let config = source.config(reference.repository(), &manifest.config).await?;
        let config = config.ok_or_else(|| no_image(&reference, manifest))?;
        check(&config, manifest)?;
        let at = config.rootfs.diff_ids.iter().position(|known| known == diff_id).ok_or_else(|| {
            Error::new(Kind::NotFound, format!("{} has no layer {diff_id}", reference.familiar()))
        })?;
        let descriptor = manifest.layers[at].clone();
        if descriptor.media_type.layer_compression().is_none() {
            let (digest, kind) = (&descriptor.digest, &descriptor.media_type);
            let message = format!("layer {digest} has media type {kind:?}: expected a tar layer");
            return Err(Error::new(Kind::Unsupported, message));
        }
        Ok(Self { source, reference, descriptor })
    }

    /// Where its blob is: what is in the store isn't asked for elsewhere.
    pub(super) async fn supply(&self) -> Result<Supply, Error> {
        let (engine, digest) = (&self.source.engine, self.descriptor.digest.clone());
        if self.source.ours {
            let blob = engine.registry_blob(self.reference.repository().path(), &digest).await?;
            return Ok(Supply::Store(blob.file));
        }
        let stored = engine.blocking(move |inner| match inner.catalog.blob(&digest)? {
            Some(_) => Ok(inner.blobs.open(&digest).ok()),
            None => Ok(None),
        });
        Ok(match stored.await? {
            Some(file) => Supply::Store(file),
            None => Supply::Registry {
                client: self.source.client().clone(),
                repository: self.reference.repository().clone(),
                from: 0,
            },
        })
    }
}

impl Engine {
    /// Reads a layer of an image that isn't here, and tells how far it is; ends with [`Reading::Done`] or [`Reading::Failed`].
    /// Dropping the stream stops it, if nobody else waits for the layer.
    pub fn read_layer(
        &self,
        from: Elsewhere,
        diff_id: DiffId,
    ) -> impl Stream<Item = Reading> + Send + 'static {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let engine = self.clone();
        tokio::spawn(async move {
            let reading = async {
                let end = match engine.follow_reading(&from, &diff_id, &sender).await {
                    Ok(()) => Reading::Done,
                    Err(error) => Reading::Failed(error.message),
                };
                // A listener that left misses nothing.
                let _ = sender.send(end).await;
            };
            tokio::select! {
                () = reading => {}
                () = sender.closed() => {}
            }
        });
        stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
    }

    async fn follow_reading(
        &self,
        from: &Elsewhere,
        diff_id: &DiffId,
        sender: &mpsc::Sender<Reading>,
    ) -> Result<(), Error> {
        if self.known_index(diff_id).await?.is_some() {
            return Ok(());
        }
        let (transfer, size) = self.join_reading(from, diff_id).await?;
        let (mut following, mut told) = (transfer.follow(), None::<Instant>);
        loop {
            let state = following.next().await;
            if let Some(end) = state.end() {
                return end.map(drop);
            }
            let figures = match state {
                State::Running(progress) => Reading::Running { received: progress.received, size },
                _ => Reading::Waiting,
            };
            if told.is_none_or(|then| then.elapsed() >= TICK) {
                told = Some(Instant::now());
                // Figures are for who keeps up.
                let _ = sender.try_send(figures);
            }
        }
    }

    /// A layer's index, of one that is here or was read.
    pub(super) async fn known_index(&self, diff_id: &DiffId) -> Result<Option<Bytes>, Error> {
        let diff_id = diff_id.clone();
        self.blocking(move |inner| match inner.catalog.layer(&diff_id)? {
            Some(_) => Ok(Some(inner.layers.index(&diff_id)?.into())),
            None => Ok(inner.inside.index(&diff_id)),
        })
        .await
    }

    /// A layer's index, which is read from `from` if it isn't known.
    pub(crate) async fn index_from(
        &self,
        from: Option<&Elsewhere>,
        diff_id: &DiffId,
    ) -> Result<Bytes, Error> {
        if let Some(known) = self.known_index(diff_id).await? {
            return Ok(known);
        }
        let Some(from) = from else {
            return Err(no_layer(diff_id));
        };
        let (transfer, _) = self.join_reading(from, diff_id).await.map_err(not_ours)?;
        Ok(Bytes::clone(&*ended(&transfer).await.map_err(not_ours)?))
    }

    /// Reads the layer, or joins those who do; tells the bytes of its blob too.
    async fn join_reading(
        &self,
        from: &Elsewhere,
        diff_id: &DiffId,
    ) -> Result<(Arc<Transfer<Bytes>>, u64), Error> {
        let part = Part::find(self, from, diff_id).await?;
        let size = part.descriptor.size;
        let (engine, diff_id) = (self.clone(), diff_id.clone());
        let key = diff_id.digest().clone();
        let work = move |meter: Arc<Meter<Bytes>>| async move { engine.read(part, diff_id, &meter).await };
        let (transfer, _) = self.inner().inside.indexes.join(&key, work);
        Ok((transfer, size))
    }

    async fn read(&self, part: Part, diff_id: DiffId, meter: &Meter<Bytes>) -> Result<Bytes, Error> {
        let supply = part.supply().await?;
        let expected = Expected { blob: part.descriptor.clone(), diff_id: Some(diff_id.clone()) };
        let index = feed(self, supply, &part.descriptor, meter, move |inner, source, watch| {
            let index = inner.layers.read_index(source, &expected, watch)?;
            if let Err(error) = inner.inside.shelf.keep(&diff_id, &index) {
                tracing::warn!(%diff_id, error = %Error::from(error), "an index can't be kept; it will be made again");
            }
            Ok(index.encode().into())
        })
        .await;
        // Only fails when the runtime ends, and then there is nothing to give back.
        let _ = tokio::task::spawn_blocking(memory::give_back).await;
        index
    }
}

/// How a transfer ends.
pub(super) async fn ended<T: Send + Sync + 'static>(transfer: &Transfer<T>) -> Result<Arc<T>, Error> {
    let mut following = transfer.follow();
    loop {
        if let Some(end) = following.next().await.end() {
            return end;
        }
    }
}

/// A login that a registry wants is none that our own client lacks.
pub(super) fn not_ours(error: Error) -> Error {
    match error.kind {
        Kind::Unauthorized => Error { kind: Kind::Forbidden, ..error },
        _ => error,
    }
}
