//! First stage: the compressed bytes, verified and stored as they come.

use std::{io, sync::mpsc::SyncSender};

use bytes::Bytes;
use strata_blobs::{BlobError, BlobWriter};
use strata_oci::{Descriptor, Verifier, VerifyError};

use super::IntakeError;
use crate::{Source, Watch};

/// Small pieces are joined to at least this many bytes: a network gives a few kilobytes at a time, and each piece
/// costs a write and perhaps waking a thread. Also, the first one is long enough to know a format by.
const ENOUGH: usize = 64 << 10;

/// Takes a source; every byte is hashed, and written to a blob if there is a writer for it.
pub(super) struct Receive<'a, S, W> {
    source: S,
    keep: Keep<W>,
    ended: bool,
    watch: &'a Watch,
}

/// Who checks the digest: the blob's writer; for a blob that is in the store already, we do; for a tar that was made
/// here there is nothing to check it against.
enum Keep<W> {
    Writer(W),
    Verifier(Box<Verifier>),
    Trusted,
}

impl<'a, S: Source, W: BlobWriter> Receive<'a, S, W> {
    pub(super) fn new(source: S, blob: Option<W>, expected: Option<&Descriptor>, watch: &'a Watch) -> Self {
        let keep = match (blob, expected) {
            (Some(writer), _) => Keep::Writer(writer),
            (None, None) => Keep::Trusted,
            (None, Some(expected)) => {
                let verifier = Verifier::new(expected.digest.clone(), Some(expected.size));
                Keep::Verifier(Box::new(verifier))
            }
        };
        Self { source, keep, ended: false, watch }
    }

    /// Hands every piece on, until the source or whoever reads them ends.
    pub(super) fn hand_on(&mut self, onward: SyncSender<Bytes>) -> Result<(), IntakeError> {
        while let Some(piece) = self.piece()? {
            if onward.send(piece).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Takes the rest of the source and checks size and digest of the whole.
    pub(super) fn finish(mut self) -> Result<Option<W::Staged>, IntakeError> {
        while self.piece()?.is_some() {}
        match self.keep {
            Keep::Writer(writer) => Ok(Some(writer.stage().map_err(from_blob)?)),
            Keep::Verifier(verifier) => {
                verifier.finish()?;
                Ok(None)
            }
            Keep::Trusted => Ok(None),
        }
    }

    /// The next bytes, verified and stored.
    fn piece(&mut self) -> Result<Option<Bytes>, IntakeError> {
        let Some(mut piece) = self.take()? else { return Ok(None) };
        if piece.len() < ENOUGH {
            let mut joined = Vec::with_capacity(2 * ENOUGH);
            joined.extend_from_slice(&piece);
            while joined.len() < ENOUGH
                && let Some(more) = self.take()?
            {
                joined.extend_from_slice(&more);
            }
            piece = joined.into();
        }
        match &mut self.keep {
            Keep::Writer(writer) => writer.write_all(&piece).map_err(from_write)?,
            Keep::Verifier(verifier) => verifier.update(&piece)?,
            Keep::Trusted => {}
        }
        self.watch.add_received(piece.len() as u64);
        Ok(Some(piece))
    }

    fn take(&mut self) -> Result<Option<Bytes>, IntakeError> {
        if self.ended {
            return Ok(None);
        }
        if self.watch.is_stopped() {
            return Err(IntakeError::Stopped);
        }
        let piece = self.source.next().map_err(IntakeError::Source)?;
        self.ended = piece.is_none();
        Ok(piece)
    }
}

/// A writer's error may be a [`VerifyError`] in disguise.
fn from_write(error: io::Error) -> IntakeError {
    match error.downcast::<VerifyError>() {
        Ok(error) => IntakeError::Verify(error),
        Err(source) => IntakeError::Store(source),
    }
}

fn from_blob(error: BlobError) -> IntakeError {
    match error {
        BlobError::Verify(error) => IntakeError::Verify(error),
        error => IntakeError::Blob(error),
    }
}
