//! Reading files that are rotated while they are read. Everything here blocks.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{LogLine, LogOptions, encode::decode, tail};

/// How much is read at once.
const CHUNK: u64 = 256 << 10;

/// A position in a log.
#[derive(Debug)]
pub(super) struct LogReader {
    options: LogOptions,
    current: Option<Open>,
    /// The end when we began: the newest file and its length. Further if we follow.
    stop: Option<(Inode, u64)>,
    /// The beginning of a line whose end wasn't there yet.
    torn: Vec<u8>,
}

/// A file that keeps its identity when it is renamed.
#[derive(Debug)]
pub(super) struct Open {
    file: File,
    inode: Inode,
    offset: u64,
}

/// Device and number.
type Inode = (u64, u64);

impl Open {
    pub fn at(path: &Path, offset: u64) -> io::Result<Option<Self>> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let metadata = file.metadata()?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Some(Self { file, inode: (metadata.dev(), metadata.ino()), offset }))
    }
}

impl LogReader {
    /// Begins at the first record, or so many before the end.
    pub fn open(options: LogOptions, last: Option<usize>, follow: bool) -> io::Result<Self> {
        let stop = if follow { None } else { identify(&options.path)? };
        let current = match last {
            Some(count) => tail::find(&options, count)?,
            None => oldest(&options)?,
        };
        Ok(Self { options, current, stop, torn: Vec::new() })
    }

    /// The next records; none at the end, for now. Records may be missing from a batch that isn't the last.
    pub fn next(&mut self) -> io::Result<Option<Vec<LogLine>>> {
        let Some(open) = &mut self.current else {
            // The log may be made later.
            self.current = oldest(&self.options)?;
            if self.current.is_none() {
                return Ok(None);
            }
            return self.next();
        };
        let stop = self.stop.filter(|(inode, _)| *inode == open.inode);
        let most = stop.map_or(CHUNK, |(_, end)| CHUNK.min(end.saturating_sub(open.offset)));
        let before = self.torn.len();
        (&open.file).take(most).read_to_end(&mut self.torn)?;
        let read = (self.torn.len() - before) as u64;
        open.offset += read;
        if read > 0 {
            return Ok(Some(self.complete_lines()));
        }
        if stop.is_some() || !self.move_on()? {
            return Ok(None);
        }
        Ok(Some(Vec::new()))
    }

    fn complete_lines(&mut self) -> Vec<LogLine> {
        let whole = self.torn.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let rest = self.torn.split_off(whole);
        let lines = std::mem::replace(&mut self.torn, rest);
        lines.split(|byte| *byte == b'\n').filter_map(decode).collect()
    }

    /// At the end of a file: whether there is a newer one, or this one was emptied.
    fn move_on(&mut self) -> io::Result<bool> {
        let Some(open) = &mut self.current else { return Ok(false) };
        let length = open.file.metadata()?.len();
        if length != open.offset {
            if length < open.offset {
                open.offset = open.file.seek(SeekFrom::Start(0))?;
                self.torn.clear();
            }
            return Ok(true); // written between our read and now
        }
        let mut newer: Option<PathBuf> = None;
        for path in self.options.files() {
            if identify(&path)?.is_none_or(|(inode, _)| inode != open.inode) {
                newer = Some(path);
                continue;
            }
            // In the middle of a rotation there is no newer one yet. It will wake us when there is.
            let Some(next) = newer.map(|newer| Open::at(&newer, 0)).transpose()?.flatten() else {
                return Ok(false);
            };
            // If ours was rotated again meanwhile, what we opened may be the one after the next.
            if identify(&path)?.is_none_or(|(inode, _)| inode != open.inode) {
                return Ok(true);
            }
            // Nobody writes to a rotated file, but somebody may have between our read and its rotation.
            if open.file.metadata()?.len() == open.offset {
                self.current = Some(next);
                self.torn.clear();
            }
            return Ok(true);
        }
        // Ours was rotated away.
        self.current = oldest(&self.options)?;
        self.torn.clear();
        Ok(self.current.is_some())
    }
}

fn identify(path: &Path) -> io::Result<Option<(Inode, u64)>> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(|metadata| Some(((metadata.dev(), metadata.ino()), metadata.len()))),
    }
}

/// The beginning of everything that is there.
pub(super) fn oldest(options: &LogOptions) -> io::Result<Option<Open>> {
    for path in options.files().rev() {
        if let Some(open) = Open::at(&path, 0)? {
            return Ok(Some(open));
        }
    }
    Ok(None)
}
