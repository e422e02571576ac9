//! One file out of a layer's blob, for a layer that is not here.

use std::io::{self, BufRead, Read, Write};

use bytes::{Buf as _, Bytes};
use strata_layer::{Entry, EntryRef, Kind, LayerPath, ReadError, Sink, read_layer};
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use crate::{CompressionError, IntakeError, Layers, Source, Watch, decompress::decompressed};

/// Bytes that are copied at once.
const PIECE: usize = 64 << 10;

/// A file of a layer, as the layer's index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    path: LayerPath,
    offset: u64,
    size: u64,
    hash: u128,
    sparse: bool,
}

impl WantedFile {
    /// What the index says of a file, or of the file that a hard link names; nothing for what has no content.
    pub fn of(entry: EntryRef<'_>) -> Option<Self> {
        let file = entry.hardlink().unwrap_or(entry);
        (file.kind() == Kind::File).then(|| Self {
            path: file.path(),
            offset: file.offset(),
            size: file.size(),
            hash: file.hash(),
            sparse: file.is_sparse(),
        })
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where its content begins in the uncompressed tar, if it stands there in one run.
    pub fn run(&self) -> Option<u64> {
        (!self.sparse).then_some(self.offset)
    }

    /// Copies the content to `out`, reading no further; whether it is the index's.
    fn copy(&self, content: &mut dyn Read, out: &mut dyn Write) -> Result<bool, io::Error> {
        let (mut hash, mut buffer, mut left) = (Xxh3::new(), vec![0; PIECE], self.size);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let length = content.read(&mut buffer[..most])?;
            if length == 0 {
                return Ok(false);
            }
            hash.update(&buffer[..length]);
            out.write_all(&buffer[..length])?;
            left -= length as u64;
        }
        Ok(self.size == 0 || hash.digest128() == self.hash)
    }
}

/// Why a file was not read out of a blob.
#[derive(Debug, Error)]
pub enum SingleFileError {
    /// The blob's bytes can't be had, or are none that may be unpacked.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// Whoever takes the file failed.
    #[error("the file could not be written")]
    Output(#[source] io::Error),
    /// The blob doesn't have what the layer's index says.
    #[error("the layer's blob does not have {0} as it was when the layer was read")]
    Changed(LayerPath),
}

impl Layers {
    /// Writes the content of a file to `out`, reading `source` only as far as it takes.
    ///
    /// The blob isn't verified, since it isn't read whole: that the content is the index's is.
    pub fn read_file(
        &self,
        source: impl Source,
        wanted: &WantedFile,
        out: &mut dyn Write,
        watch: &Watch,
    ) -> Result<(), SingleFileError> {
        let limits = &self.shared.limits;
        let input = Pieces { source, piece: Bytes::new(), watch };
        let tar = decompressed(input, limits).map_err(IntakeError::Source)?;
        let mut finder = Finder { wanted, out, watch };
        match read_layer(tar, &limits.archive, &mut finder) {
            Ok(_) => Err(SingleFileError::Changed(wanted.path.clone())),
            Err(ReadError::Sink(Ended::Found)) => Ok(()),
            Err(ReadError::Sink(Ended::Other)) => Err(SingleFileError::Changed(wanted.path.clone())),
            Err(ReadError::Sink(Ended::Stopped)) => Err(IntakeError::Stopped.into()),
            Err(ReadError::Sink(Ended::Output(error))) => Err(SingleFileError::Output(error)),
            Err(ReadError::Refused(refusal)) => Err(IntakeError::Archive(refusal).into()),
            Err(ReadError::Io { source, .. }) => Err(from_read(source).into()),
        }
    }
}

/// Writes the content of a file to `out` from a `source` that begins at [`WantedFile::run`] of an uncompressed layer.
pub fn read_run(
    source: impl Source,
    wanted: &WantedFile,
    out: &mut dyn Write,
    watch: &Watch,
) -> Result<(), SingleFileError> {
    let mut input = Pieces { source, piece: Bytes::new(), watch };
    match wanted.copy(&mut input, out).map_err(IntakeError::Source)? {
        true => Ok(()),
        false => Err(SingleFileError::Changed(wanted.path.clone())),
    }
}

/// A decoder's refusal comes as an error of reading.
fn from_read(error: io::Error) -> IntakeError {
    match error.downcast::<CompressionError>() {
        Ok(error) => IntakeError::Compression(error),
        Err(error) => IntakeError::Source(error),
    }
}

/// Why the reading ends.
enum Ended {
    Found,
    /// Another content is where it should be.
    Other,
    Stopped,
    Output(io::Error),
}

struct Finder<'a> {
    wanted: &'a WantedFile,
    out: &'a mut dyn Write,
    watch: &'a Watch,
}

impl Sink for Finder<'_> {
    type Error = Ended;

    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), Ended> {
        if self.watch.is_stopped() {
            return Err(Ended::Stopped);
        }
        // An archive may name a path twice: the index has the last one.
        let is_wanted = entry.kind == Kind::File
            && entry.offset == self.wanted.offset
            && entry.size == self.wanted.size
            && entry.path == self.wanted.path;
        if !is_wanted {
            return Ok(());
        }
        // An error of reading is told by the reader itself, in place of this one.
        let same = self.wanted.copy(content, &mut *self.out).map_err(Ended::Output)?;
        Err(if same { Ended::Found } else { Ended::Other })
    }

    fn opaque(&mut self, _: &LayerPath) -> Result<(), Ended> {
        Ok(())
    }
}

/// A source as something to read.
struct Pieces<'a, S> {
    source: S,
    piece: Bytes,
    watch: &'a Watch,
}

impl<S: Source> BufRead for Pieces<'_, S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece.is_empty() {
            if self.watch.is_stopped() {
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "nobody wants the file any more",
                ));
            }
            self.piece = self.source.next()?.unwrap_or_default();
            self.watch.add_received(self.piece.len() as u64);
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, amount: usize) {
        self.piece.advance(amount);
    }
}

impl<S: Source> Read for Pieces<'_, S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(into.len());
        into[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}
