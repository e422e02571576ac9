//! From an async task that fetches to the thread that takes in, with bounded memory between them.

use std::{io, sync::Arc};

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};

use crate::Source;

/// Permits are for this many bytes, because a semaphore counts to 2^29 only on small machines.
const UNIT: usize = 1 << 10;

/// A pipe that holds up to about `capacity` bytes.
///
/// The sender waits when the pipe is full. The receiver's [`Source::next`] blocks, so it belongs on a thread of its
/// own (`spawn_blocking`).
pub fn pipe(capacity: usize) -> (PipeSender, PipeReceiver) {
    let units = (capacity / UNIT).max(1);
    let room = Arc::new(Semaphore::new(units));
    // Only the semaphore bounds the pipe; a piece has at least one byte, a full pipe of such is absurd but finite.
    let (sender, receiver) = mpsc::channel(units);
    let sender = PipeSender { sender, room: room.clone(), units };
    (sender, PipeReceiver { receiver, room, last: 0, ended: false })
}

/// The end of a [`pipe`] that a fetching task writes to. Dropped without [`PipeSender::finish`], it makes the
/// receiver fail: a cancelled download must not look like a short one.
#[derive(Debug)]
pub struct PipeSender {
    sender: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
    units: usize,
}

/// The end of a [`pipe`] that intake reads from.
#[derive(Debug)]
pub struct PipeReceiver {
    receiver: mpsc::Receiver<Message>,
    room: Arc<Semaphore>,
    last: usize,
    ended: bool,
}

#[derive(Debug)]
enum Message {
    Piece(Bytes, usize),
    End,
    Failed(io::Error),
}

/// The receiver is gone: the intake ended, and its result says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nobody reads from the pipe any more")]
pub struct PipeClosed;

impl PipeSender {
    /// Sends a piece, waiting for room.
    pub async fn send(&self, piece: Bytes) -> Result<(), PipeClosed> {
        if piece.is_empty() {
            return Ok(());
        }
        // A piece larger than the whole pipe takes all of its room.
        let units = piece.len().div_ceil(UNIT).min(self.units);
        let wanted = u32::try_from(units).map_err(|_| PipeClosed)?;
        tokio::select! {
            permit = self.room.acquire_many(wanted) => permit.map_err(|_| PipeClosed)?.forget(),
            () = self.sender.closed() => return Err(PipeClosed),
        }
        self.sender.send(Message::Piece(piece, units)).await.map_err(|_| PipeClosed)
    }

    /// Ends the stream: everything was sent.
    pub async fn finish(self) -> Result<(), PipeClosed> {
        self.sender.send(Message::End).await.map_err(|_| PipeClosed)
    }

    /// Ends the stream with an error, which the intake reports as its source's.
    pub async fn fail(self, error: io::Error) -> Result<(), PipeClosed> {
        self.sender.send(Message::Failed(error)).await.map_err(|_| PipeClosed)
    }
}

impl Source for PipeReceiver {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.room.add_permits(std::mem::take(&mut self.last));
        if self.ended {
            return Ok(None);
        }
        match self.receiver.blocking_recv() {
            Some(Message::Piece(piece, units)) => {
                self.last = units;
                Ok(Some(piece))
            }
            Some(Message::End) => {
                self.ended = true;
                Ok(None)
            }
            Some(Message::Failed(error)) => Err(error),
            None => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the download was cancelled")),
        }
    }
}
