//! Makes what was decided.

use std::{io, thread};

use strata_blobs::{BlobStore, DiskBlobs};
use strata_catalog::{Catalog as _, Layer, Lease, Tagged};
use strata_layer::{Row, Stack};
use strata_layers::{FromRead, Watch};
use strata_oci::{DiffId, HistoryEntry, ImageId};

use super::{Decided, Slot};
use crate::{
    Error, Kind,
    engine::{CONFIG_LIMIT, Inner},
    made::{Made, StagedLayer, layer_record},
};

impl Inner {
    pub(super) fn perform(
        &self,
        decided: Decided,
        tag: Option<Tagged>,
        lease: Lease,
        watch: &Watch,
    ) -> Result<ImageId, Error> {
        let Decided { image, slots, history, .. } = decided;
        self.hold_parts(&image.layers, &slots, lease)?;
        let stack = self.stack(&image)?;
        let diff_ids: Vec<DiffId> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        let mut layers = Vec::with_capacity(slots.len());
        let mut staged = Vec::new();
        for slot in slots {
            match slot {
                Slot::Kept(layer) => layers.push(layer),
                Slot::Made(rows) => {
                    let made = self.compose(&stack, &diff_ids, &rows, watch)?;
                    layers.push(layer_record(made.taken()));
                    staged.push(made);
                }
            }
        }
        if watch.is_stopped() {
            return Err(Error::new(Kind::Cancelled, "nobody waits for the outcome any more"));
        }
        let created = jiff::Timestamp::now().to_string();
        let config = self.edited(&image.id, &layers, history, &created)?;
        let made = Made { config, created, layers, parent: None, tag };
        self.put_made(made, staged, lease)
    }

    /// Keeps everything that the outcome is made of, and makes sure that it is still there.
    fn hold_parts(&self, below: &[Layer], slots: &[Slot], lease: Lease) -> Result<(), Error> {
        let kept = slots.iter().filter_map(|slot| match slot {
            Slot::Kept(layer) => Some(layer),
            Slot::Made(_) => None,
        });
        let mut wanted: Vec<DiffId> = below.iter().chain(kept).map(|layer| layer.diff_id.clone()).collect();
        wanted.sort();
        wanted.dedup();
        let here = self.catalog.hold_layers(lease, &wanted)?;
        if here.len() == wanted.len() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Conflict,
            "a layer of the image was removed meanwhile: look at the images and try again",
        ))
    }

    /// A new layer, taken in as any layer is.
    fn compose(
        &self,
        stack: &Stack,
        diff_ids: &[DiffId],
        rows: &[Row],
        watch: &Watch,
    ) -> Result<StagedLayer, Error> {
        let (reader, writer) = io::pipe().map_err(Error::internal)?;
        thread::scope(|scope| {
            // Dropping the writer at the end, or on failure, is the end of the archive.
            let composing = scope.spawn(move || {
                let out = io::BufWriter::with_capacity(1 << 18, writer);
                self.layers.compose(stack, diff_ids, rows, out)
            });
            let taking =
                self.layers.intake_made::<_, <DiskBlobs as BlobStore>::Writer>(FromRead(reader), watch);
            let composed = composing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            if watch.is_stopped() {
                return Err(Error::new(Kind::Cancelled, "nobody waits for the outcome any more"));
            }
            // An archive that ends early is the composer's fault.
            composed.map_err(Error::internal)?;
            Ok(taking?)
        })
    }

    /// The image's config with other layers and history. What we don't know of it stays as it is.
    fn edited(
        &self,
        image: &ImageId,
        layers: &[Layer],
        history: Vec<HistoryEntry>,
        created: &str,
    ) -> Result<Vec<u8>, Error> {
        let bytes = self.blobs.read(image.digest(), CONFIG_LIMIT)?;
        let mut config: serde_json::Value = serde_json::from_slice(&bytes).map_err(Error::internal)?;
        let dated = |row: HistoryEntry| HistoryEntry {
            created: row.created.or_else(|| Some(created.to_owned())),
            ..row
        };
        let history: Vec<HistoryEntry> = history.into_iter().map(dated).collect();
        let diff_ids: Vec<&DiffId> = layers.iter().map(|layer| &layer.diff_id).collect();
        config["created"] = created.into();
        config["history"] = serde_json::to_value(history).map_err(Error::internal)?;
        config["rootfs"] = serde_json::json!({ "type": "layers", "diff_ids": diff_ids });
        // What BuildKit keeps there names layers that may be gone.
        if let Some(fields) = config.as_object_mut() {
            fields.remove("moby.buildkit.cache.v0");
        }
        serde_json::to_vec(&config).map_err(Error::internal)
    }
}
