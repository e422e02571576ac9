//! A stream of bytes, for a thread that blocks.

use std::{
    error::Error,
    io::{self, Read},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use futures_util::{Stream, TryStreamExt as _};
use tokio::sync::{Semaphore, mpsc};

/// Pieces that may wait: of small ones many, so that the thread is not woken for each. Clients send at most 32 KiB at once.
const PIECES: usize = 512;
/// Bytes that may wait; a larger piece waits alone.
const ROOM: usize = 2 << 20;

/// Bytes that are read and dropped when nobody takes them any more.
const DROPPED: usize = 256 << 10;
/// How long they are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads a stream ahead of whoever takes it. It lets go of the stream when that one goes away, but for a short end.
pub struct ReadAhead {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
    room: Arc<Semaphore>,
    /// What the piece at hand takes of the room.
    taken: usize,
}

impl ReadAhead {
    /// Begins to read. To be called on the async runtime.
    pub fn new<E>(stream: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let (sender, pieces) = mpsc::channel(PIECES);
        let room = Arc::new(Semaphore::new(ROOM));
        let reader = Self { pieces, piece: Bytes::new(), room: Arc::clone(&room), taken: 0 };
        tokio::spawn(async move {
            let mut stream = pin!(stream.map_err(io::Error::other));
            loop {
                let next = tokio::select! {
                    next = stream.try_next() => next.transpose(),
                    () = sender.closed() => break,
                };
                let Some(piece) = next else { return };
                let failed = piece.is_err();
                if let Ok(piece) = &piece {
                    match room.acquire_many(units(piece)).await {
                        Ok(permit) => permit.forget(),
                        Err(_) => return,
                    }
                }
                if failed {
                    let _ = sender.send(piece).await;
                    return;
                }
                if sender.send(piece).await.is_err() {
                    break;
                }
            }
            // A client that can't send the end of something small doesn't look at the answer that says why.
            let rest = async {
                let mut dropped = 0;
                while let Ok(Some(piece)) = stream.try_next().await {
                    dropped += piece.len();
                    if dropped > DROPPED {
                        return;
                    }
                }
            };
            let _ = tokio::time::timeout(PATIENCE, rest).await;
        });
        reader
    }
}

fn units(piece: &Bytes) -> u32 {
    u32::try_from(piece.len().min(ROOM)).expect("ROOM is small")
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            self.room.add_permits(std::mem::take(&mut self.taken));
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?,
            }
            self.taken = units(&self.piece) as usize;
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.room.close();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{StreamExt as _, stream};

    use super::*;

    async fn read(mut reader: ReadAhead) -> io::Result<String> {
        tokio::task::spawn_blocking(move || io::read_to_string(&mut reader)).await.expect("no panic")
    }

    #[tokio::test]
    async fn a_stream_is_read_whole() {
        let pieces = (0..2_000).map(|n| Ok::<_, io::Error>(Bytes::from(format!("{n} "))));
        let expected: String = (0..2_000).map(|n| format!("{n} ")).collect();
        assert_eq!(read(ReadAhead::new(stream::iter(pieces))).await.expect("reads"), expected);
        let large = "x".repeat(3 * ROOM);
        let pieces = [Ok::<_, io::Error>(Bytes::from(large.clone())), Ok(Bytes::from_static(b"y"))];
        assert_eq!(read(ReadAhead::new(stream::iter(pieces))).await.expect("reads"), large + "y");
        let failing = [Ok(Bytes::from_static(b"a")), Err(io::Error::other("cut"))];
        let error = read(ReadAhead::new(stream::iter(failing))).await.expect_err("cut off");
        assert!(error.to_string().contains("cut"));
    }

    #[tokio::test]
    async fn no_more_waits_than_there_is_room_for_and_nobody_reads_for_nobody() {
        let (told, mut given) = mpsc::unbounded_channel();
        let piece = Bytes::from(vec![0; ROOM / 4]);
        let endless = stream::repeat(piece).map(move |piece| {
            let _ = told.send(());
            Ok::<_, io::Error>(piece)
        });
        let reader = ReadAhead::new(endless);
        let mut count = 0;
        while let Ok(Some(())) = tokio::time::timeout(Duration::from_millis(200), given.recv()).await {
            count += 1;
        }
        assert_eq!(count, 5, "four wait, and one for room");
        drop(reader);
        // The stream is dropped, and with it the sender.
        assert_eq!(tokio::time::timeout(Duration::from_secs(10), given.recv()).await, Ok(None));
    }
}
