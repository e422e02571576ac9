//! Between the first two stages: the pieces as they came, without a copy.

use std::{
    io::{self, BufRead, Read},
    sync::mpsc::{self, Receiver, SyncSender},
};

use bytes::{Buf as _, Bytes};

/// Pieces that may wait; each is some ten to hundred kilobytes.
const WAITING: usize = 8;

/// A sender of pieces and a reader of them.
pub(super) fn inflow() -> (SyncSender<Bytes>, Inflow) {
    let (sender, pieces) = mpsc::sync_channel(WAITING);
    (sender, Inflow { pieces, piece: Bytes::new() })
}

/// Ends when the sender is dropped, whether all went well or not: the sender's own result tells.
pub(super) struct Inflow {
    pieces: Receiver<Bytes>,
    piece: Bytes,
}

impl BufRead for Inflow {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece.is_empty() {
            self.piece = self.pieces.recv().unwrap_or_default();
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, amount: usize) {
        self.piece.advance(amount);
    }
}

impl Read for Inflow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}
