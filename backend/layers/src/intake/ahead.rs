//! Between the last two stages: a few large buffers that go round.

use std::{
    io::{self, Read},
    sync::mpsc::{self, Receiver, Sender, SyncSender},
};

use strata_oci::{Algorithm, DiffId, Hasher};

/// Bytes per buffer. Large, so that the threads wake each other seldom.
const BUFFER: usize = 256 << 10;
/// Filled buffers that may wait. With the one being filled and the one being read, 1.5 MiB per layer.
const WAITING: usize = 4;

/// A filler and a reader of buffers.
pub(super) fn ahead(algorithm: Algorithm) -> (Filler, Ahead) {
    let (full_sender, full) = mpsc::sync_channel(WAITING);
    let (empty_sender, empty) = mpsc::channel();
    let hasher = Hasher::new(algorithm);
    let ahead = Ahead { full, empty: empty_sender, buffer: Vec::new(), position: 0, hasher };
    (Filler { full: full_sender, empty }, ahead)
}

/// The end that decompresses.
pub(super) struct Filler {
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
}

/// The reader ended early.
pub(super) struct Closed;

impl Filler {
    /// A buffer to fill, of full length.
    pub(super) fn buffer(&self) -> Vec<u8> {
        match self.empty.try_recv() {
            Ok(mut buffer) => {
                buffer.resize(BUFFER, 0);
                buffer
            }
            Err(_) => vec![0; BUFFER],
        }
    }

    /// Hands a filled buffer on, waiting while too many wait.
    pub(super) fn send(&self, buffer: Vec<u8>) -> Result<(), Closed> {
        self.full.send(buffer).map_err(|_| Closed)
    }
}

/// The end that reads the archive, and hashes it: inflating is the slowest step, so nothing else is done on its
/// thread. It ends when the filler is dropped, whether all went well or not: the filler's
/// own result tells.
pub(super) struct Ahead {
    full: Receiver<Vec<u8>>,
    empty: Sender<Vec<u8>>,
    buffer: Vec<u8>,
    position: usize,
    hasher: Hasher,
}

impl Ahead {
    /// The diff id of what was read, which is all of it once [`Read::read`] has given zero bytes.
    pub(super) fn diff_id(self) -> DiffId {
        DiffId(self.hasher.finish())
    }
}

impl Read for Ahead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.position == self.buffer.len() {
            let Ok(next) = self.full.recv() else { return Ok(0) };
            let used = std::mem::replace(&mut self.buffer, next);
            self.position = 0;
            self.hasher.update(&self.buffer);
            if used.capacity() > 0 {
                // The filler may have ended; then the buffer is just freed.
                let _ = self.empty.send(used);
            }
        }
        let length = into.len().min(self.buffer.len() - self.position);
        into[..length].copy_from_slice(&self.buffer[self.position..self.position + length]);
        self.position += length;
        Ok(length)
    }
}
