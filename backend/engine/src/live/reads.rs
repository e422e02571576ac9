//! What a container reads, and from which layer.

use std::time::SystemTime;

use strata_api::live::{FileRead, How, LayerFiles, ReadBatch};
use strata_catalog::Image;
use strata_layer::{Kind as FileKind, LayerIndex};
use strata_snapshots::{self as snapshots, SnapshotError};
use tokio::sync::mpsc;

use super::{BACKLOG, PATIENCE};
use crate::{Engine, Error, Kind, engine::Inner};

impl Engine {
    /// Which files a running container reads from now on. The first batch, at once, tells what its layers have. Drop the
    /// receiver to end it; it ends by itself when the container stops. The container never waits for it.
    ///
    /// # Errors
    /// [`Kind::Conflict`] unless it runs; [`Kind::Unsupported`] where the kernel does not tell us, with the reason.
    pub async fn container_reads(&self, name: &str) -> Result<mpsc::Receiver<ReadBatch>, Error> {
        let running = self.running()?;
        let seen = running.containers.inspect(name, false).await?;
        if !seen.state.running {
            return Err(Error::new(
                Kind::Conflict,
                format!("container {name} is not running: it reads nothing"),
            ));
        }
        let source = running.containers.commit_source(name)?;
        let snapshots = running.snapshots.clone();
        let opened = self.blocking(move |inner| {
            let plan = snapshots.plan(&source.snapshot).map_err(Error::internal)?;
            let image = inner.image_of(&source)?;
            let positions = inner.positions(&plan, image.as_ref());
            let layers = image.map(|image| inner.layer_files(&image)).transpose()?.unwrap_or_default();
            let reads = snapshots.reads(&source.snapshot).map_err(|error| match error {
                SnapshotError::NoReads(_) => Error::chain(Kind::Unsupported, &error),
                error => Error::internal(error),
            })?;
            Ok((reads, positions, layers))
        });
        let (mut reads, positions, layers) = opened.await?;
        let (sender, receiver) = mpsc::channel(BACKLOG);
        tokio::task::spawn_blocking(move || {
            let mut next = Some(ReadBatch { layers, ..ReadBatch::default() });
            while !sender.is_closed() {
                if let Some(batch) = next.take()
                    && sender.blocking_send(batch).is_err()
                {
                    return;
                }
                match reads.next(PATIENCE) {
                    Ok(Some(batch)) if batch == snapshots::ReadBatch::default() => {}
                    Ok(Some(batch)) => next = Some(wire(batch, &positions)),
                    Ok(None) => return,
                    Err(error) => {
                        tracing::debug!(%error, "what a container reads can't be followed any more");
                        return;
                    }
                }
            }
        });
        Ok(receiver)
    }
}

impl Inner {
    /// What the layers of an image have, bottom first.
    fn layer_files(&self, image: &Image) -> Result<Vec<LayerFiles>, Error> {
        let files = |bytes: &[u8]| -> Result<LayerFiles, Error> {
            let index = LayerIndex::decode(bytes).map_err(Error::internal)?;
            let regular = index.entries().filter(|entry| entry.resolved_kind() == FileKind::File);
            Ok(regular.fold(LayerFiles::default(), |sum, entry| LayerFiles {
                files: sum.files + 1,
                bytes: sum.bytes + entry.size(),
            }))
        };
        image.layers.iter().map(|layer| files(&self.layers.index(&layer.diff_id)?)).collect()
    }
}

fn wire(batch: snapshots::ReadBatch, positions: &[Option<usize>]) -> ReadBatch {
    let at = jiff::Timestamp::try_from(SystemTime::now()).map_or(0, |time| time.as_millisecond());
    let read = |read: snapshots::Read| {
        // What is of no layer of the image nor written is what every container is given: nobody's.
        let layer = match read.layer {
            Some(place) => Some(positions.get(place).copied().flatten()?),
            None => None,
        };
        let how = match read.how {
            snapshots::How::Opened => How::Opened,
            snapshots::How::Read => How::Read,
            snapshots::How::Executed => How::Executed,
        };
        let path = strata_api::path::encode(read.path.as_bytes());
        Some(FileRead { at, path, layer, how, size: read.size })
    };
    ReadBatch {
        layers: Vec::new(),
        reads: batch.reads.into_iter().filter_map(read).collect(),
        lost: batch.lost,
    }
}
