//! Where the compressed bytes of a layer come from.

use std::io::{self, Read};

use bytes::Bytes;

/// Gives the bytes of a layer's blob piece by piece, blocking until the next one is there.
pub trait Source: Send {
    /// The next piece, never empty; `None` at the end. After an error it is not called again.
    fn next(&mut self) -> io::Result<Option<Bytes>>;
}

/// A [`Source`] that reads a file or anything else that blocks.
#[derive(Debug)]
pub struct FromRead<R>(pub R);

const PIECE: usize = 128 << 10;

impl<R: Read + Send> Source for FromRead<R> {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut piece = vec![0; PIECE];
        loop {
            match self.0.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(length) => {
                    piece.truncate(length);
                    return Ok(Some(piece.into()));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
