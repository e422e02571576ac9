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
        match read(&self.place(diff_id).join("index"))? {
            Read::Whole(bytes) => Ok(bytes),
            Read::Nothing => Err(IndexError::NotFound(diff_id.clone())),
            Read::Damaged => Err(IndexError::Damaged(diff_id.clone())),
        }
    }

    /// The index of a layer, decoded.
    pub fn layer_index(&self, diff_id: &DiffId) -> Result<LayerIndex, IndexError> {
        let bytes = self.index(diff_id)?;
        LayerIndex::decode(&bytes).map_err(|source| IndexError::Decode { layer: diff_id.clone(), source })
    }

    /// The index of a layer that is not taken in: all of it is read and verified, with the limits of an intake, and nothing else
    /// is kept. Blocks as an intake does.
    pub fn read_index(
        &self,
        source: impl Source,
        expected: &Expected,
        watch: &Watch,
    ) -> Result<LayerIndex, IntakeError> {
        self.read_only::<_, DiskWriter>(source, expected, watch)
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
        let index = self.read_index(source, &expected, watch)?;
        let scratch = Folder::create(self.temporary())?;
        let (new, place) = (scratch.path().join("index"), self.place(diff_id));
        write(&new, &index)?;
        File::open(&new).and_then(|file| file.sync_all()).map_err(LayersError::new("sync", &new))?;
        fs::rename(&new, place.join("index")).map_err(LayersError::new("rename", &new))?;
        sync_folder(&place)?;
        Ok(index)
    }
}

/// What an index's file has.
pub(crate) enum Read {
    /// There is none.
    Nothing,
    /// Not what was written.
    Damaged,
    /// The encoding.
    Whole(Vec<u8>),
}

/// Reads the file.
pub(crate) fn read(path: &Path) -> Result<Read, LayersError> {
    let mut bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Read::Nothing),
        Err(error) => return Err(LayersError::new("read", path)(error)),
    };
    let Some(end) = bytes.len().checked_sub(CHECKSUM) else { return Ok(Read::Damaged) };
    if bytes[end..] != xxh3_128(&bytes[..end]).to_le_bytes() {
        return Ok(Read::Damaged);
    }
    bytes.truncate(end);
    Ok(Read::Whole(bytes))
}

/// Writes the file, without waiting for the disk.
pub(crate) fn write(path: &Path, index: &LayerIndex) -> Result<(), LayersError> {
    let bytes = index.encode();
    let checksum = xxh3_128(&bytes).to_le_bytes();
    let mut file = File::create_new(path).map_err(LayersError::new("create", path))?;
    file.write_all(&bytes).and_then(|()| file.write_all(&checksum)).map_err(LayersError::new("write", path))
}
