//! The second stage's loop: decompress, count, hand on.

use std::io::{self, BufRead, Read as _};

use super::ahead::Filler;
use crate::{CompressionError, Limits, Watch, decompress::Decompress};

/// Decompresses `input` to its end; returns the bytes of tar. `None` if the reader of the tar ended first.
pub(super) fn pump(
    input: impl BufRead,
    filler: &Filler,
    limits: &Limits,
    watch: &Watch,
) -> Result<Option<u64>, CompressionError> {
    let mut decoder = Decompress::sniff(input, limits)?;
    let mut size = 0;
    loop {
        let mut buffer = filler.buffer();
        let length = fill(&mut decoder, &mut buffer).map_err(|error| decoder.invalid(error))?;
        if length == 0 {
            return Ok(Some(size));
        }
        buffer.truncate(length);
        size += length as u64;
        watch.add_unpacked(length as u64);
        if filler.send(buffer).is_err() {
            return Ok(None);
        }
    }
}

/// Fills the buffer as far as the input goes.
fn fill<R: BufRead>(decoder: &mut Decompress<R>, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match decoder.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
