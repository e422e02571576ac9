//! A file of a layer that isn't here: the layer is read again, up to the file.

use std::{
    fs::File,
    io::{BufWriter, Write},
    os::fd::AsRawFd as _,
    sync::{Arc, PoisonError},
};

use strata_layer::{LayerIndex, LayerPath};
use strata_layers::{SingleFileError, WantedFile, read_run};
use strata_oci::{Compression, DiffId, Digest};

use super::{
    Elsewhere, Inside,
    layer::{Part, ended, not_ours},
};
use crate::{
    Engine, Error, Kind,
    engine::Inner as EngineInner,
    feed::{Supply, feed},
    transfer::Meter,
};

/// Bytes of a file that is fetched, and of all that are kept for whoever looks again.
const LIMIT: u64 = 256 << 20;
/// Files that are kept.
const KEPT: usize = 32;

/// A file that was looked at. It has no name, and goes with the last who holds it.
pub(crate) struct Looked {
    file: File,
    size: u64,
}

impl Looked {
    /// What `write` writes.
    fn of(
        inner: &EngineInner,
        size: u64,
        write: impl FnOnce(&mut dyn Write) -> Result<(), SingleFileError>,
    ) -> Result<Self, Error> {
        let mut out = BufWriter::with_capacity(128 << 10, inner.inside.shelf.scratch()?);
        write(&mut out)?;
        let cannot = |error| Error::new(Kind::Internal, format!("the file could not be written: {error}"));
        let file = out.into_inner().map_err(|error| cannot(error.into_error()))?;
        Ok(Self { file, size })
    }

    /// Opens it with a place of its own.
    fn open(&self) -> Result<File, Error> {
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let cannot =
            |error| Error::new(Kind::Internal, format!("cannot open a file that was fetched: {error}"));
        File::open(path).map_err(cannot)
    }
}

impl Engine {
    /// Opens a regular file of a layer of `from`.
    pub(crate) async fn file_from(
        &self,
        from: &Elsewhere,
        diff_id: &DiffId,
        path: LayerPath,
    ) -> Result<File, Error> {
        let index = self.index_from(Some(from), diff_id).await?;
        let (layer, wanted_path) = (diff_id.clone(), path.clone());
        let wanted = self.blocking(move |_| wanted(&index, &layer, &wanted_path)).await?;
        let key = Digest::of(&[diff_id.to_string().as_bytes(), b"\0", path.as_bytes()].concat());
        if let Some(looked) = self.inner().inside.looked(&key) {
            return looked.open();
        }
        let part = Part::find(self, from, diff_id).await?;
        let engine = self.clone();
        let work =
            move |meter: Arc<Meter<Looked>>| async move { engine.fetch_file(part, wanted, &meter).await };
        let (transfer, _) = self.inner().inside.files.join(&key, work);
        let looked = ended(&transfer).await.map_err(not_ours)?;
        let file = looked.open()?;
        self.inner().inside.keep(key, looked);
        Ok(file)
    }

    async fn fetch_file(
        &self,
        part: Part,
        wanted: WantedFile,
        meter: &Meter<Looked>,
    ) -> Result<Looked, Error> {
        let supply = part.supply().await?;
        // Of a layer that isn't packed only the file is asked for; its hash tells whether the media type was right.
        let plain = part.descriptor.media_type.layer_compression() == Some(Compression::None);
        if let (true, Some(run), Supply::Registry { client, repository, .. }) = (plain, wanted.run(), &supply)
        {
            let only = Supply::Registry { client: client.clone(), repository: repository.clone(), from: run };
            let wanted = wanted.clone();
            let read = feed(self, only, &part.descriptor, meter, move |inner, source, watch| {
                Looked::of(inner, wanted.size(), |out| read_run(source, &wanted, out, watch))
            });
            match read.await {
                Ok(looked) => return Ok(looked),
                Err(error) => tracing::debug!(%error, "reading the layer from its beginning"),
            }
        }
        feed(self, supply, &part.descriptor, meter, move |inner, source, watch| {
            Looked::of(inner, wanted.size(), |out| inner.layers.read_file(source, &wanted, out, watch))
        })
        .await
    }
}

impl Inside {
    fn looked(&self, key: &Digest) -> Option<Arc<Looked>> {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.iter().find(|(known, _)| known == key).map(|(_, file)| Arc::clone(file))
    }

    /// Keeps a file for whoever looks at another part of it; the oldest go.
    fn keep(&self, key: Digest, file: Arc<Looked>) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.retain(|(known, _)| *known != key);
        looked.push_back((key, file));
        while looked.len() > KEPT || looked.iter().map(|(_, file)| file.size).sum::<u64>() > LIMIT {
            looked.pop_front();
        }
    }
}

/// The file in the layer's index.
fn wanted(index: &[u8], layer: &DiffId, path: &LayerPath) -> Result<WantedFile, Error> {
    let index = LayerIndex::decode(index).map_err(Error::internal)?;
    let entry = index
        .get(path)
        .ok_or_else(|| Error::new(Kind::NotFound, format!("layer {layer} has no file {path}")))?;
    let wanted = WantedFile::of(entry).ok_or_else(|| {
        Error::new(Kind::InvalidArgument, format!("{path} of layer {layer} is not a regular file"))
    })?;
    let size = wanted.size();
    if size > LIMIT {
        let message = format!(
            "{path} has {size} bytes, and of an image that is not here files up to {LIMIT} bytes are fetched: pull the image to read it"
        );
        return Err(Error::new(Kind::Unsupported, message));
    }
    Ok(wanted)
}
