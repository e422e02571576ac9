//! The content of a file, with its holes, hashed as it passes.

use std::io::{self, Read};

use xxhash_rust::xxh3::Xxh3;

use super::{Archive, Fault};
use crate::{Segment, read::Problem};

/// Reads a file's content and hashes what is read.
pub(crate) struct Content<'a, R> {
    archive: &'a mut Archive<R>,
    segments: Option<&'a [Segment]>,
    position: u64,
    size: u64,
    hash: &'a mut Xxh3,
    fault: Option<Fault>,
}

impl<'a, R: Read> Content<'a, R> {
    /// Of the archive's entry at hand, `size` bytes with its holes. The hash must be a fresh one.
    pub(crate) fn new(
        archive: &'a mut Archive<R>,
        segments: Option<&'a [Segment]>,
        size: u64,
        hash: &'a mut Xxh3,
    ) -> Self {
        Self { archive, segments, position: 0, size, hash, fault: None }
    }

    /// Reads what is left; the hash of all, or what stopped this or an earlier reading.
    pub(crate) fn finish(mut self) -> Result<u128, Fault> {
        let mut rest = vec![0; super::WHOLE];
        while self.fault.is_none() && self.position < self.size {
            // An error is kept in `fault`.
            let _ = self.read(&mut rest);
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.hash.digest128()),
        }
    }

    /// What stopped the reading, if something did.
    pub(crate) fn fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Up to `into.len()` bytes of data or of a hole, at least one: the end has not been reached.
    fn advance(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        let room = into.len().min(usize::try_from(self.size - self.position).unwrap_or(usize::MAX));
        let (data, run) = match self.segments {
            None => (true, room),
            Some(segments) => {
                let (data, run) = run(segments, self.position, self.size);
                (data, room.min(usize::try_from(run).unwrap_or(usize::MAX)))
            }
        };
        if !data {
            into[..run].fill(0);
            return Ok(run);
        }
        match self.archive.read(&mut into[..run])? {
            0 => Err(Problem::Truncated.into()),
            read => Ok(read),
        }
    }
}

/// Whether there is data at a position, and how many bytes further that changes.
fn run(segments: &[Segment], position: u64, size: u64) -> (bool, u64) {
    let next = segments.partition_point(|segment| segment.start + segment.len <= position);
    match segments.get(next) {
        Some(segment) if segment.start <= position => (true, segment.start + segment.len - position),
        Some(segment) => (false, segment.start - position),
        None => (false, size - position),
    }
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_some() {
            return Err(io::Error::other("the layer cannot be read further"));
        }
        if into.is_empty() || self.position == self.size {
            return Ok(0);
        }
        match self.advance(into) {
            Ok(read) => {
                self.hash.update(&into[..read]);
                self.position += read as u64;
                Ok(read)
            }
            Err(fault) => {
                self.fault = Some(fault);
                Err(io::Error::other("the layer cannot be read further"))
            }
        }
    }
}
