//! Making staged layers and blobs durable and visible, once per image.

use std::collections::BTreeSet;

use strata_blobs::{BlobError, BlobStore, StagedBlob as _};
use thiserror::Error;

use crate::{Layers, LayersError, Staged, Taken, remove::sync_folder};

/// Why an image's layers and blobs were not published. Some may be visible; without a record they are swept away.
#[derive(Debug, Error)]
pub enum PublishError {
    /// A blob.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A layer.
    #[error(transparent)]
    Layer(#[from] LayersError),
}

impl PublishError {
    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Blob(error) => error.is_disk_full(),
            Self::Layer(error) => crate::error::is_full(&error.source),
        }
    }
}

type StagedIn<B> = <<B as BlobStore>::Writer as strata_blobs::BlobWriter>::Staged;

impl Layers {
    /// Makes `layers`, with their blobs, and `others` (config, manifests) durable, then visible, then their names
    /// durable. Afterwards the catalog may record them.
    ///
    /// Waits for the disk a fixed number of times, however many there are. What is there already is replaced (a
    /// blob) or kept (a layer): it has the same content.
    pub fn publish<B: BlobStore>(
        &self,
        blobs: &B,
        layers: Vec<Staged<StagedIn<B>>>,
        others: Vec<StagedIn<B>>,
    ) -> Result<Vec<Taken>, PublishError> {
        let file_system = self.shared.write_back.file_system();
        let fail = || LayersError::new("sync", &self.shared.root);
        blobs.flush()?;
        file_system.flush().map_err(fail())?;
        for staged in &layers {
            file_system.check(staged.failures).map_err(fail())?;
        }
        let mut published = BTreeSet::new();
        let mut taken = Vec::with_capacity(layers.len());
        for staged in layers {
            if let Some(blob) = staged.blob {
                blob.publish()?;
            }
            // The same layer may be in an image twice; the second directory is then simply dropped.
            if published.insert(staged.taken.diff_id.clone()) {
                staged.folder.rename(&self.place(&staged.taken.diff_id))?;
            }
            taken.push(staged.taken);
        }
        for blob in others {
            blob.publish()?;
        }
        blobs.settle()?;
        sync_folder(&self.shared.root)?;
        Ok(taken)
    }
}

/// A layer at its place that is not durable yet; see [`Layers::place_now`].
#[derive(Clone, Debug)]
pub struct Placed {
    /// What the layer turned out to be.
    pub taken: Taken,
    /// How many flushes had failed when it was begun.
    failures: u64,
}

impl Layers {
    /// Gives a layer its place at once, so that something can be made on it: a build's next step. It is durable, and may
    /// get a record, only after [`Layers::make_durable`]; until then a restart removes it.
    pub fn place_now<B>(&self, staged: Staged<B>) -> Result<Placed, LayersError> {
        staged.folder.rename(&self.place(&staged.taken.diff_id))?;
        Ok(Placed { taken: staged.taken, failures: staged.failures })
    }

    /// Makes layers that have their places durable, with `others` (configs), which get theirs. Afterwards the catalog may
    /// record them. Waits for the disk a fixed number of times.
    pub fn make_durable<B: BlobStore>(
        &self,
        blobs: &B,
        layers: &[Placed],
        others: Vec<StagedIn<B>>,
    ) -> Result<(), PublishError> {
        let file_system = self.shared.write_back.file_system();
        let fail = || LayersError::new("sync", &self.shared.root);
        blobs.flush()?;
        file_system.flush().map_err(fail())?;
        for placed in layers {
            file_system.check(placed.failures).map_err(fail())?;
        }
        for blob in others {
            blob.publish()?;
        }
        blobs.settle()?;
        if !layers.is_empty() {
            sync_folder(&self.shared.root)?;
        }
        Ok(())
    }
}
