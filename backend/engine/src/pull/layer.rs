//! The layers of a pull: those that are here are held, the others are taken in, several at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::try_join_all;
use strata_api::theatre::What;
use strata_blobs::{BlobStore as _, DiskStaged};
use strata_catalog::{Blob, Catalog as _, Layer, Lease};
use strata_layers::{Expected, Staged as StagedFiles};
use strata_oci::{Descriptor, DiffId, Digest, Repository};
use strata_registry::Client;
use tokio::time::Instant;

use super::{
    Told,
    report::{Report, Step},
    resolve::{Config, Target},
};
use crate::{
    Engine, Error,
    feed::{Supply, feed},
    transfer::{Meter, State},
};

/// Between two figures of one layer.
const TICK: Duration = Duration::from_millis(100);

/// A layer that is on disk and not visible yet.
pub(crate) struct Staged {
    /// Taken by whichever pull publishes it first.
    pub(super) files: Mutex<Option<StagedFiles<DiskStaged>>>,
    /// Its record.
    pub(super) record: Layer,
}

/// A layer of the image that is being pulled.
pub(super) enum Part {
    /// It is here.
    Here(Layer),
    /// It is staged.
    Staged(Arc<Staged>),
}

impl Part {
    pub(super) fn record(&self) -> &Layer {
        match self {
            Self::Here(layer) => layer,
            Self::Staged(staged) => &staged.record,
        }
    }
}

impl Engine {
    /// Sees to it that every layer of `target` is here or staged.
    pub(super) async fn take_in(
        &self,
        client: &Client,
        repository: &Repository,
        target: &Target,
        config: &Config,
        lease: Lease,
        told: &Told<'_>,
    ) -> Result<Vec<Part>, Error> {
        let here = self.hold(target, config, lease).await?;
        let layers: Vec<_> = target.manifest.layers.iter().zip(config.diff_ids()).collect();
        for (descriptor, diff_id) in &layers {
            let step = if here.contains_key(*diff_id) { Step::Exists } else { Step::Queued };
            told.report.layer(&descriptor.digest, step).await;
            if let Step::Exists = step {
                told.play.spare(What::Here { digest: descriptor.digest.clone(), size: descriptor.size });
            }
        }
        let here = &here;
        let parts = layers.into_iter().map(|(descriptor, diff_id)| async move {
            match here.get(diff_id) {
                Some(layer) => Ok(Part::Here(layer.clone())),
                None => self.take_in_one(client, repository, descriptor, diff_id, told).await,
            }
        });
        try_join_all(parts).await
    }

    /// Keeps everything that the image names from being collected; returns the layers that are here.
    async fn hold(
        &self,
        target: &Target,
        config: &Config,
        lease: Lease,
    ) -> Result<HashMap<DiffId, Layer>, Error> {
        let diff_ids = config.diff_ids().to_vec();
        let layers = target.manifest.layers.iter();
        let blobs: Vec<Digest> =
            [target.digest(), &target.fetched.descriptor.digest, &target.manifest.config.digest]
                .into_iter()
                .chain(layers.map(|layer| &layer.digest))
                .cloned()
                .collect();
        self.blocking(move |inner| {
            inner.catalog.hold_blobs(lease, &blobs)?;
            let layers = inner.catalog.hold_layers(lease, &diff_ids)?;
            Ok(layers.into_iter().map(|layer| (layer.diff_id.clone(), layer)).collect())
        })
        .await
    }

    async fn take_in_one(
        &self,
        client: &Client,
        repository: &Repository,
        descriptor: &Descriptor,
        diff_id: &DiffId,
        told: &Told<'_>,
    ) -> Result<Part, Error> {
        let work = {
            let (engine, client, repository) = (self.clone(), client.clone(), repository.clone());
            let (descriptor, diff_id) = (descriptor.clone(), diff_id.clone());
            move |meter: Arc<Meter<Staged>>| async move {
                engine.fetch(&client, &repository, &descriptor, &diff_id, &meter).await
            }
        };
        let (transfer, joined) = self.inner().transfers.join(&descriptor.digest, work);
        if joined {
            told.play.spare(What::Joined { digest: descriptor.digest.clone(), size: descriptor.size });
        }
        let mut follower = Follower {
            digest: &descriptor.digest,
            total: descriptor.size,
            report: told.report,
            shown: Shown::Nothing,
        };
        let mut following = transfer.follow();
        let staged = loop {
            let state = following.next().await;
            follower.see(&state).await;
            if let Some(end) = state.end() {
                break end?;
            }
        };
        // Two images may claim different diff_ids for one blob; only the true one gets it.
        if staged.record.diff_id != *diff_id {
            return Err(Error::new(
                crate::Kind::Internal,
                format!(
                    "layer {} has diff_id {}: the config says {diff_id}",
                    descriptor.digest, staged.record.diff_id
                ),
            ));
        }
        Ok(Part::Staged(staged))
    }

    /// The blob's bytes from the registry through the intake.
    async fn fetch(
        &self,
        client: &Client,
        repository: &Repository,
        descriptor: &Descriptor,
        diff_id: &DiffId,
        meter: &Meter<Staged>,
    ) -> Result<Staged, Error> {
        let supply = Supply::Registry { client: client.clone(), repository: repository.clone(), from: 0 };
        let expected = Expected { blob: descriptor.clone(), diff_id: Some(diff_id.clone()) };
        let taken = feed(self, supply, descriptor, meter, move |inner, source, watch| {
            let blob = &expected.blob;
            // The catalog decides: a file without a record may be on its way out.
            let writer = match inner.catalog.blob(&blob.digest)?.is_some() {
                true => None,
                false => Some(inner.blobs.ingest(&blob.digest, Some(blob.size))?),
            };
            Ok(inner.layers.intake(source, writer, &expected, watch)?)
        })
        .await?;
        let record = Layer {
            diff_id: taken.taken().diff_id.clone(),
            unpacked: taken.taken().totals.on_disk(),
            entries: taken.taken().totals.entries,
            blobs: vec![Blob {
                digest: descriptor.digest.clone(),
                size: descriptor.size,
                media_type: descriptor.media_type.clone(),
            }],
        };
        Ok(Staged { files: Mutex::new(Some(taken)), record })
    }
}

/// Tells a listener what a transfer does, in docker's order and not too often.
struct Follower<'a> {
    digest: &'a Digest,
    total: u64,
    report: &'a Report,
    shown: Shown,
}

enum Shown {
    Nothing,
    Waiting,
    Downloading(Instant),
    Extracting(Instant),
}

impl Follower<'_> {
    async fn see(&mut self, state: &State<Staged>) {
        match state {
            State::Waiting => {
                self.report.layer(self.digest, Step::Waiting).await;
                self.shown = Shown::Waiting;
            }
            State::Running(progress) if progress.received == 0 => {}
            State::Running(progress) if progress.received < self.total => {
                if let Shown::Downloading(at) = self.shown
                    && at.elapsed() < TICK
                {
                    return;
                }
                self.shown = Shown::Downloading(Instant::now());
                let step = Step::Downloading { current: progress.received, total: self.total };
                self.report.layer(self.digest, step).await;
            }
            State::Running(progress) => {
                self.downloaded().await;
                if let Shown::Extracting(at) = self.shown
                    && at.elapsed() >= TICK
                {
                    self.shown = Shown::Extracting(Instant::now());
                    let step = Step::Extracting { current: progress.applied, total: self.total };
                    self.report.layer(self.digest, step).await;
                }
            }
            State::Done(_) => {
                self.downloaded().await;
                let step = Step::Extracting { current: self.total, total: self.total };
                self.report.layer(self.digest, step).await;
                self.report.layer(self.digest, Step::Complete).await;
            }
            State::Failed(_) => {}
        }
    }

    /// Says once that all bytes are here.
    async fn downloaded(&mut self) {
        if matches!(self.shown, Shown::Extracting(_)) {
            return;
        }
        self.report.layer(self.digest, Step::Verifying).await;
        self.report.layer(self.digest, Step::Downloaded).await;
        self.shown = Shown::Extracting(Instant::now());
    }
}
