//! A layer's index on disk.
//!
//! ```text
//! file = encoding checksum      checksum: xxh3-128 of the encoding, little-endian, 16 bytes
//! ```

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::Path,
};

use strata_blobs::DiskWriter;
use strata_layer::LayerIndex;
use strata_oci::{Descriptor, DiffId};
use xxhash_rust::xxh3::xxh3_128;

use crate::{
    Expected, IndexError, IntakeError, Layers, LayersError, Source, Watch, folder::Folder,
    remove::sync_folder,
};

const CHECKSUM: usize = 16;

impl Layers {
    /// The index of a layer in the encoding of [`LayerIndex::encode`], whole or not at all.
    pub fn index(&self, diff_id: &DiffId) -> Result<Vec<u8>, IndexError> {
        let path = self.place(diff_id).join("index");
        let mut bytes = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => IndexError::NotFound(diff_id.clone()),
            _ => LayersError::new("read", path)(error).into(),
        })?;
        let end = bytes.len().checked_sub(CHECKSUM).ok_or_else(|| IndexError::Damaged(diff_id.clone()))?;
        if bytes[end..] != xxh3_128(&bytes[..end]).to_le_bytes() {
            return Err(IndexError::Damaged(diff_id.clone()));
        }
        bytes.truncate(end);
        Ok(bytes)
    }

    /// The index of a layer, decoded.
    pub fn layer_index(&self, diff_id: &DiffId) -> Result<LayerIndex, IndexError> {
        let bytes = self.index(diff_id)?;
        LayerIndex::decode(&bytes).map_err(|source| IndexError::Decode { layer: diff_id.clone(), source })
    }

    /// Makes a damaged index again from the layer's blob, whose bytes `source` gives, durably.
    pub fn rebuild_index(
        &self,
        diff_id: &DiffId,
        source: impl Source,
        blob: &Descriptor,
        watch: &Watch,
    ) -> Result<LayerIndex, IntakeError> {
        let expected = Expected { blob: blob.clone(), diff_id: Some(diff_id.clone()) };
        let index = self.read_only::<_, DiskWriter>(source, &expected, watch)?;
        let scratch = Folder::create(self.temporary())?;
        let (new, place) = (scratch.path().join("index"), self.place(diff_id));
        write(&new, &index)?;
        File::open(&new).and_then(|file| file.sync_all()).map_err(LayersError::new("sync", &new))?;
        fs::rename(&new, place.join("index")).map_err(LayersError::new("rename", &new))?;
        sync_folder(&place)?;
        Ok(index)
    }
}

/// Writes the file, without waiting for the disk.
pub(crate) fn write(path: &Path, index: &LayerIndex) -> Result<(), LayersError> {
    let bytes = index.encode();
    let checksum = xxh3_128(&bytes).to_le_bytes();
    let mut file = File::create_new(path).map_err(LayersError::new("create", path))?;
    file.write_all(&bytes).and_then(|()| file.write_all(&checksum)).map_err(LayersError::new("write", path))
}
