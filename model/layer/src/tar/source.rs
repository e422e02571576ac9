//! A buffered source that knows how far it is in the archive.

use std::io::{self, Read};

/// Files up to this size are hashed and handed on without being copied out of the buffer.
pub(crate) const WHOLE: usize = 128 << 10;
const CAPACITY: usize = 2 * WHOLE;

/// Bytes of the archive in order. `position` is that of the first byte not yet consumed.
pub(crate) struct Source<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    position: u64,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, buffer: vec![0; CAPACITY].into(), start: 0, end: 0, position: 0 }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next `wanted` bytes, or fewer if the source ends before; `wanted` is at most [`WHOLE`].
    pub(crate) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        debug_assert!(wanted <= WHOLE);
        if self.end - self.start < wanted {
            self.fill(wanted)?;
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + wanted)])
    }

    /// Passes over bytes that were peeked at.
    pub(crate) fn consume(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.end - self.start);
        self.start += bytes;
        self.position += bytes as u64;
    }

    /// As [`Read::read`]; large reads go past the buffer.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            if into.len() >= WHOLE {
                let read = retry(&mut self.inner, into)?;
                self.position += read as u64;
                return Ok(read);
            }
            self.fill(into.len().min(1))?;
        }
        let bytes = into.len().min(self.end - self.start);
        into[..bytes].copy_from_slice(&self.buffer[self.start..self.start + bytes]);
        self.consume(bytes);
        Ok(bytes)
    }

    /// Passes over bytes; how many of them were missing at the end of the source.
    pub(crate) fn skip(&mut self, mut bytes: u64) -> io::Result<u64> {
        while bytes > 0 {
            if self.start == self.end {
                self.fill(1)?;
            }
            let step = bytes.min((self.end - self.start) as u64);
            if step == 0 {
                break;
            }
            self.consume(step as usize);
            bytes -= step;
        }
        Ok(bytes)
    }

    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start + wanted > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        while self.end - self.start < wanted {
            let read = retry(&mut self.inner, &mut self.buffer[self.end..])?;
            if read == 0 {
                break;
            }
            self.end += read;
        }
        Ok(())
    }
}

fn retry(source: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
