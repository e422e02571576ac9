//! What a request carries.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

/// Bytes of a file that are read at once.
const BUFFER: usize = 256 << 10;

/// The body of a request; it can be made again for another try.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Bytes at hand.
    Bytes(Bytes),
    /// A file from `from` on.
    File { path: PathBuf, from: u64, length: u64, sent: Sent },
}

/// How many bytes of a file were handed to the network.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<AtomicU64>);

impl Sent {
    /// How many bytes.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

impl Content {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// How far the sending is, in a number that grows.
    pub(crate) fn progress(&self) -> u64 {
        match self {
            Self::Bytes(_) => 0,
            Self::File { sent, .. } => sent.bytes(),
        }
    }

    pub(crate) async fn body(&self) -> io::Result<reqwest::Body> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone().into()),
            Self::File { path, from, length, sent } => {
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(io::SeekFrom::Start(*from)).await?;
                sent.set(*from);
                let sent = sent.clone();
                let chunks = ReaderStream::with_capacity(file.take(*length), BUFFER);
                let counted = chunks.inspect(move |chunk| {
                    if let Ok(chunk) = chunk {
                        sent.0.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                    }
                });
                Ok(reqwest::Body::wrap_stream(counted))
            }
        }
    }
}
