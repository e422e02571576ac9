//! A request's body for a thread that blocks.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use futures_util::TryStreamExt as _;
use tokio::sync::mpsc;

use super::Body;

/// Pieces that may wait: of small ones many, so that the thread is not woken for each. Clients send at most 32 KiB at once.
const AHEAD: usize = 512;

/// Reads a body ahead of whoever takes it. It ends when that one goes away.
pub struct BodyReader {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl BodyReader {
    /// Begins to read. To be called on the async runtime.
    pub fn new(body: Body) -> Self {
        let (sender, pieces) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let mut stream = body.into_data_stream().map_err(io::Error::other);
            loop {
                let piece = match stream.try_next().await {
                    Ok(None) => return,
                    Ok(Some(piece)) => Ok(piece),
                    Err(error) => Err(error),
                };
                let failed = piece.is_err();
                if sender.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        Self { pieces, piece: Bytes::new() }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?,
            }
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_whole() {
        let pieces = (0..2_000).map(|n| Ok::<_, io::Error>(Bytes::from(format!("{n} "))));
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let mut reader = BodyReader::new(body);
        let read =
            tokio::task::spawn_blocking(move || io::read_to_string(&mut reader)).await.expect("no panic");
        let expected: String = (0..2_000).map(|n| format!("{n} ")).collect();
        assert_eq!(read.expect("reads"), expected);
        let failing = [Ok(Bytes::from_static(b"a")), Err(io::Error::other("cut"))];
        let mut reader = BodyReader::new(Body::from_stream(futures_util::stream::iter(failing)));
        let read =
            tokio::task::spawn_blocking(move || io::read_to_string(&mut reader)).await.expect("no panic");
        assert!(read.expect_err("cut off").to_string().contains("cut"));
    }
}
