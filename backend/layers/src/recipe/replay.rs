//! Writing the tar again.

use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    path::PathBuf,
};

use strata_layer::LayerPath;
use strata_oci::{DiffId, Hasher};
use thiserror::Error;

use super::{END, FILE, MAGIC, NAME, RAW};
use crate::{Layers, OpenFileError};

const BUFFER: usize = 1 << 20;

/// Why a layer's tar was not written.
#[derive(Debug, Error)]
pub enum RecipeError {
    /// The layer is not here, or was taken in from an archive that can't be written again.
    #[error("layer {0} is here as a directory only: the archive it came from can't be written again")]
    None(DiffId),
    /// What is kept of the archive can't be read.
    #[error("what is kept of the archive of layer {layer} can't be read")]
    Damaged {
        /// The layer.
        layer: DiffId,
        /// What the file system or the decoder says.
        source: io::Error,
    },
    /// A file of the layer can't be read.
    #[error(transparent)]
    File(#[from] OpenFileError),
    /// The layer's directory was changed behind our back.
    #[error("layer {layer} was changed on the disk: its archive is now {actual}")]
    Changed {
        /// The layer.
        layer: DiffId,
        /// What it is now.
        actual: DiffId,
    },
    /// The archive could not be written.
    #[error("cannot write the archive")]
    Output(#[source] io::Error),
}

impl Layers {
    /// Whether the layer's tar can be written again, and how long it is in bytes.
    pub fn tar_size(&self, diff_id: &DiffId) -> Result<u64, RecipeError> {
        open(self, diff_id).map(|(_, size)| size)
    }

    /// Writes the layer's uncompressed tar, and checks that it is the one that `diff_id` is of.
    ///
    /// What was written is wrong if this fails: the check comes last.
    pub fn write_tar(&self, diff_id: &DiffId, out: &mut dyn Write) -> Result<u64, RecipeError> {
        let (file, _) = open(self, diff_id)?;
        let damaged = |source| RecipeError::Damaged { layer: diff_id.clone(), source };
        let mut records = zstd::stream::read::Decoder::new(file).map_err(damaged)?;
        let mut out = Counting { out, hasher: Hasher::new(diff_id.0.algorithm()), written: 0 };
        let mut buffer = vec![0; BUFFER];
        loop {
            match number::<1>(&mut records).map_err(damaged)?[0] {
                RAW => {
                    let length = u32::from_le_bytes(number(&mut records).map_err(damaged)?);
                    let mut piece = (&mut records).take(u64::from(length));
                    copy(&mut piece, u64::from(length), &mut buffer, &mut out, damaged)?;
                }
                FILE => {
                    let size = u64::from_le_bytes(number(&mut records).map_err(damaged)?);
                    let length = u16::from_le_bytes(number(&mut records).map_err(damaged)?);
                    let mut path = vec![0; usize::from(length)];
                    records.read_exact(&mut path).map_err(damaged)?;
                    let path = LayerPath::parse(&path)
                        .map_err(|error| damaged(io::Error::new(io::ErrorKind::InvalidData, error)))?;
                    let mut content = self.open_file(diff_id, &path)?;
                    copy(&mut content, size, &mut buffer, &mut out, damaged)?;
                }
                END => break,
                _ => return Err(damaged(io::ErrorKind::InvalidData.into())),
            }
        }
        let actual = DiffId(out.hasher.finish());
        if actual != *diff_id {
            return Err(RecipeError::Changed { layer: diff_id.clone(), actual });
        }
        Ok(out.written)
    }
}

/// The records, and the size of the tar.
fn open(layers: &Layers, diff_id: &DiffId) -> Result<(BufReader<File>, u64), RecipeError> {
    let path: PathBuf = layers.place(diff_id).join(NAME);
    let file = File::open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RecipeError::None(diff_id.clone()),
        _ => RecipeError::Damaged { layer: diff_id.clone(), source: error },
    })?;
    let mut file = BufReader::new(file);
    let damaged = |source| RecipeError::Damaged { layer: diff_id.clone(), source };
    let magic: [u8; 8] = number(&mut file).map_err(damaged)?;
    if magic != MAGIC {
        return Err(damaged(io::ErrorKind::InvalidData.into()));
    }
    let size = u64::from_le_bytes(number(&mut file).map_err(damaged)?);
    Ok((file, size))
}

fn number<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Copies exactly `left` bytes.
fn copy(
    from: &mut impl Read,
    mut left: u64,
    buffer: &mut [u8],
    out: &mut Counting<'_>,
    damaged: impl Fn(io::Error) -> RecipeError,
) -> Result<(), RecipeError> {
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let length = match from.read(&mut buffer[..wanted]) {
            Ok(0) => return Err(damaged(io::ErrorKind::UnexpectedEof.into())),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(damaged(error)),
        };
        out.write(&buffer[..length]).map_err(RecipeError::Output)?;
        left -= length as u64;
    }
    Ok(())
}

struct Counting<'a> {
    out: &'a mut dyn Write,
    hasher: Hasher,
    written: u64,
}

impl Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}
