//! Where a file with holes has data.

use std::{fs::File, io, os::unix::fs::FileExt as _};

use rustix::{
    fs::{SeekFrom, seek},
    io::Errno,
};

use super::BLOCK;

/// Data is looked at in pieces of this size: a page, which is also what file systems mostly store.
const PIECE: u64 = 4096;
/// A map that saves less is not worth its reader's work.
const WORTH: u64 = 64 << 10;

/// The runs of data in a file.
///
/// They depend on the file's bytes only: what is stored as zeros counts as a hole too, and how the file system
/// happened to lay out or to delay its blocks does not matter. So the same content gives the same archive.
pub(crate) struct Map {
    segments: Vec<(u64, u64)>,
    size: u64,
}

impl Map {
    /// The map of a file that has holes; nothing if it is to be stored as it is. `blocks` are of 512 bytes.
    pub(crate) fn of(file: &File, size: u64, blocks: u64) -> io::Result<Option<Self>> {
        if blocks.saturating_mul(512).saturating_add(WORTH) > size {
            return Ok(None);
        }
        let mut segments: Vec<(u64, u64)> = Vec::new();
        let mut buffer = vec![0; 64 * PIECE as usize];
        let mut position = 0;
        while let Some((start, end)) = data(file, position, size)? {
            position = start - start % PIECE;
            while position < end {
                let wanted =
                    usize::try_from(size - position).map_or(buffer.len(), |left| left.min(buffer.len()));
                let length = file.read_at(&mut buffer[..wanted], position)?;
                if length == 0 {
                    break;
                }
                for (number, piece) in buffer[..length].chunks(PIECE as usize).enumerate() {
                    let start = position + number as u64 * PIECE;
                    if piece.iter().all(|byte| *byte == 0) || start >= end {
                        continue;
                    }
                    match segments.last_mut() {
                        Some((from, length)) if *from + *length >= start => {
                            *length = start + piece.len() as u64 - *from;
                        }
                        _ => segments.push((start, piece.len() as u64)),
                    }
                }
                position += length as u64;
            }
            position = position.max(end);
        }
        let map = Self { segments, size };
        // Where the holes are was found by seeking.
        seek(file, SeekFrom::Start(0))?;
        Ok((map.data() + WORTH <= size).then_some(map))
    }

    /// Bytes of data.
    pub(crate) fn data(&self) -> u64 {
        self.segments.iter().map(|(_, length)| length).sum()
    }

    /// Start and length of each run.
    pub(crate) fn segments(&self) -> &[(u64, u64)] {
        &self.segments
    }

    /// The map as it stands before the data: count, then start and length of each run, one per line, padded.
    pub(crate) fn table(&self) -> Vec<u8> {
        // GNU tar takes the end of the last run for the end of the file.
        let end = (self.size, 0);
        let segments = || self.segments.iter().chain([&end]);
        let mut lines = vec![segments().count().to_string()];
        lines.extend(segments().map(|(start, length)| format!("{start}\n{length}")));
        let mut table = (lines.join("\n") + "\n").into_bytes();
        table.resize(table.len().next_multiple_of(BLOCK as usize), 0);
        table
    }
}

/// The next run that the file system takes for data.
fn data(file: &File, position: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    if position >= size {
        return Ok(None);
    }
    let start = match seek(file, SeekFrom::Data(position)) {
        Ok(start) => start,
        Err(Errno::NXIO) => return Ok(None),
        // A file system that does not know: all is data.
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some((position, size))),
        Err(error) => return Err(error.into()),
    };
    let end = seek(file, SeekFrom::Hole(start))?;
    Ok((start < size).then_some((start, end.min(size))))
}
