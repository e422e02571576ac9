//! `--squash`: the layers that a build made become one.

use std::{io, sync::Arc, thread};

use strata_layer::{LayerIndex, Row, Stack, squash};
use strata_layers::{AdoptError, FromRead, Layers, StagedLayer, Watch};
use strata_oci::{DiffId, HistoryEntry, ImageId};

use crate::{Error, Kind, build::Build, workbench::Chain};

impl Build {
    /// An image with the layers of `base` and one more that has all that `image` adds to them. Its history keeps its rows.
    pub(crate) fn squash(&mut self, image: &ImageId, base: &Chain) -> Result<ImageId, Error> {
        let chain = self.bench.chain(image)?;
        let chain = chain.ok_or_else(|| Error::new(Kind::Internal, format!("image {image} is gone")))?;
        let mut config = chain.config.as_ref().clone();
        let mut layers = base.layers.clone();
        if chain.layers.len() > base.layers.len() {
            let store = self.bench.stores().layers.clone();
            let diff_ids: Vec<DiffId> = chain.layers.iter().map(|layer| layer.diff_id.clone()).collect();
            let stack = stack(&store, &diff_ids)?;
            let rows = squash(&stack, base.layers.len()..=chain.layers.len() - 1);
            let staged = compose(&store, &stack, &diff_ids, &rows);
            layers
                .extend(self.bench.keep(staged.map_err(|error| Error::internal("cannot squash", &error))?)?);
        }
        for row in config.history.iter_mut().skip(base.config.history.len()) {
            row.empty_layer = true;
        }
        let created = Some(jiff::Timestamp::now().to_string());
        let comment = match &base.id {
            Some(base) => format!("merge {image} to {base}"),
            None => format!("create new from {image}"),
        };
        config.history.push(HistoryEntry {
            created: created.clone(),
            comment: Some(comment),
            empty_layer: layers.len() == base.layers.len(),
            ..HistoryEntry::default()
        });
        config.created = created;
        config.rootfs.diff_ids = layers.iter().map(|layer| layer.diff_id.clone()).collect();
        let squashed = self.bench.add(config, layers, None)?;
        Ok(squashed.id.expect("what was made has an id"))
    }
}

fn stack(store: &Layers, diff_ids: &[DiffId]) -> Result<Stack, Error> {
    let mut indexes = Vec::with_capacity(diff_ids.len());
    for diff_id in diff_ids {
        let bytes = store.index(diff_id).map_err(|error| Error::internal("cannot squash", &error))?;
        let index = LayerIndex::decode(&bytes).map_err(|error| Error::internal("cannot squash", &error))?;
        indexes.push(Arc::new(index));
    }
    Ok(Stack::new(indexes))
}

/// A new layer, taken in as any layer is.
fn compose(
    store: &Layers,
    stack: &Stack,
    diff_ids: &[DiffId],
    rows: &[Row],
) -> Result<StagedLayer, AdoptError> {
    let (reader, writer) = io::pipe().map_err(strata_layers::IntakeError::Source)?;
    thread::scope(|scope| {
        // Dropping the writer at the end, or on failure, is the end of the archive.
        let out = io::BufWriter::with_capacity(1 << 18, writer);
        let composing = scope.spawn(move || store.compose(stack, diff_ids, rows, out));
        let taken = store.intake_made::<_, strata_blobs::DiskWriter>(FromRead(reader), &Watch::default());
        let composed = composing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // An archive that ends early is the composer's fault.
        composed.map_err(|error| {
            strata_layers::IntakeError::Source(io::Error::other(crate::error::chain(&error)))
        })?;
        Ok(taken?)
    })
}
