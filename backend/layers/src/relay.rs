//! From a thread that writes an archive to one that reads it, in a few large pieces that go round.
//!
//! A pipe of the kernel's would do, but holds 64 KiB: the two threads would wake each other for each of them.

use std::{
    io::{self, Read, Write},
    sync::mpsc::{self, Receiver, Sender, SyncSender},
};

/// Bytes of a piece.
const PIECE: usize = 256 << 10;
/// Pieces that may wait. With the one being filled and the one being read, 1 MiB.
const WAITING: usize = 2;

/// A writer, whose end is the end of what is read, and a reader, whose end makes the writer fail.
pub(crate) fn relay() -> (RelayWriter, RelayReader) {
    let (full, pieces) = mpsc::sync_channel(WAITING);
    let (empty, used) = mpsc::channel();
    let writer = RelayWriter { full, used, piece: Vec::new() };
    (writer, RelayReader { pieces, empty, piece: Vec::new(), position: 0 })
}

/// The end that is written to.
pub(crate) struct RelayWriter {
    full: SyncSender<Vec<u8>>,
    used: Receiver<Vec<u8>>,
    piece: Vec<u8>,
}

impl RelayWriter {
    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let mut next = self.used.try_recv().unwrap_or_default();
        next.clear();
        let piece = std::mem::replace(&mut self.piece, next);
        self.full.send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for RelayWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            self.send()?;
        }
        self.piece.reserve_exact(PIECE - self.piece.len());
        let length = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    /// Hands on what there is, as the end does.
    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

impl Drop for RelayWriter {
    fn drop(&mut self) {
        // Nobody reads it any more; whoever wrote has been told, or wrote no more.
        let _ = self.send();
    }
}

/// The end that is read.
pub(crate) struct RelayReader {
    pieces: Receiver<Vec<u8>>,
    empty: Sender<Vec<u8>>,
    piece: Vec<u8>,
    position: usize,
}

impl Read for RelayReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.position == self.piece.len() {
            let Ok(next) = self.pieces.recv() else { return Ok(0) };
            // The writer may have ended; then the piece is just freed.
            let _ = self.empty.send(std::mem::replace(&mut self.piece, next));
            self.position = 0;
        }
        let length = into.len().min(self.piece.len() - self.position);
        into[..length].copy_from_slice(&self.piece[self.position..self.position + length]);
        self.position += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<u8> = (0..3 * PIECE + 77).map(|at| (at % 251) as u8).collect();
        let (mut writer, mut reader) = relay();
        let mut read = Vec::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                for piece in bytes.chunks(PIECE / 3) {
                    writer.write_all(piece).expect("somebody reads");
                }
                drop(writer);
            });
            reader.read_to_end(&mut read).expect("reads");
        });
        assert!(read == bytes);
    }

    #[test]
    fn without_a_reader_writing_fails() {
        let (mut writer, reader) = relay();
        drop(reader);
        let written = writer.write_all(&vec![0; 4 * PIECE]);
        assert_eq!(written.expect_err("nobody reads").kind(), io::ErrorKind::BrokenPipe);
    }
}
