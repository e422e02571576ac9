//! A planned archive → its bytes, piece by piece.

use std::io::{self, Read, Write};

use bytes::Bytes;
use strata_blobs::BlobStore as _;
use strata_layers::{directory_header, file_header};
use tokio::sync::mpsc::Sender;

use super::plan::{Content, Plan};
use crate::{Error, Kind, engine::Inner};

/// Bytes of a piece.
const PIECE: usize = 512 << 10;
/// Bytes of a block of a tar.
const BLOCK: u64 = 512;

type Pieces = Sender<Result<Bytes, Error>>;

impl Inner {
    pub(super) fn write_archive(&self, plan: &Plan, pieces: &Pieces) -> Result<(), Error> {
        let mut out = Out { pieces, piece: Vec::with_capacity(PIECE) };
        for (name, content) in &plan.members {
            match self.member(name, content, &mut out) {
                // Nobody reads it any more.
                Err(error) if error.kind == Kind::Cancelled => return Ok(()),
                other => other?,
            }
        }
        // Whoever left before the end has no use for it.
        let _ = out.write_all(&[0; 2 * BLOCK as usize]).and_then(|()| out.flush());
        Ok(())
    }

    fn member(&self, name: &str, content: &Content, out: &mut Out<'_>) -> Result<(), Error> {
        let gone = |_| Error::new(Kind::Cancelled, "the client left");
        let size = match content {
            Content::Directory => {
                out.write_all(&directory_header(name)).map_err(gone)?;
                return Ok(());
            }
            Content::Bytes(bytes) => {
                out.write_all(&file_header(name, bytes.len() as u64)).map_err(gone)?;
                out.write_all(bytes).map_err(gone)?;
                bytes.len() as u64
            }
            Content::Blob(digest, size) => {
                out.write_all(&file_header(name, *size)).map_err(gone)?;
                let mut file = self.blobs.open(digest)?;
                let copied = out.copy(&mut file, *size, name)?;
                if copied != *size {
                    let message = format!("blob {digest} has {copied} bytes on the disk: expected {size}");
                    return Err(Error::new(Kind::Internal, message));
                }
                *size
            }
            Content::Tar(diff_id, size) => {
                out.write_all(&file_header(name, *size)).map_err(gone)?;
                match self.layers.write_tar(diff_id, out) {
                    Err(strata_layers::RecipeError::Output(error)) => return Err(gone(error)),
                    other => other?,
                }
            }
        };
        let over = (BLOCK - size % BLOCK) % BLOCK;
        out.write_all(&[0; BLOCK as usize][..over as usize]).map_err(gone)
    }
}

/// Gathers bytes to pieces. Writing fails when nobody reads any more.
struct Out<'a> {
    pieces: &'a Pieces,
    piece: Vec<u8>,
}

impl Out<'_> {
    /// Sends a file in pieces of its own, without copying them together.
    fn copy(&mut self, file: &mut impl Read, size: u64, name: &str) -> Result<u64, Error> {
        let gone = |_| Error::new(Kind::Cancelled, "the client left");
        let mut copied = 0;
        while copied < size {
            let room = (PIECE - self.piece.len()) as u64;
            let read = (&mut *file).take(room.min(size - copied)).read_to_end(&mut self.piece);
            let read =
                read.map_err(|error| Error::new(Kind::Internal, format!("cannot read {name}: {error}")))?;
            if read == 0 {
                break;
            }
            copied += read as u64;
            if self.piece.len() == PIECE {
                self.flush().map_err(gone)?;
            }
        }
        Ok(copied)
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..length]);
        if self.piece.len() == PIECE {
            self.flush()?;
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        if piece.is_empty() {
            return Ok(());
        }
        self.pieces.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
