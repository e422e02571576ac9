//! Writing a recipe beside the one pass of an intake.

use std::{
    cell::RefCell,
    collections::HashSet,
    fs::{self, File},
    io::{self, BufWriter, Read, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
};

use strata_layer::{Entry, Kind, LayerPath, Sink};
use xxhash_rust::xxh3::xxh3_64;

use super::{END, FILE, MAGIC, RAW};
use crate::LayersError;

/// Bytes that may have been read ahead of the entry at hand; older ones belong to no file that is still to come.
const AHEAD: usize = 512 << 10;
/// Fast: what is left of a tar without its contents is mostly zeros.
const LEVEL: i32 = -5;

/// Takes the bytes of a tar, and where in it the contents of files are.
pub(crate) struct Recorder {
    path: PathBuf,
    out: zstd::stream::write::Encoder<'static, BufWriter<File>>,
    /// Bytes not yet decided on, from `start`; `position` is where that is in the tar.
    pending: Vec<u8>,
    start: usize,
    position: u64,
    /// Bytes of a file's content that are still to come.
    skip: u64,
    total: u64,
    noted: HashSet<u64>,
    /// Why there will be none.
    lost: bool,
    failed: Option<io::Error>,
}

impl Recorder {
    pub(crate) fn create(path: PathBuf) -> Result<Self, LayersError> {
        let made = || {
            let mut file = BufWriter::with_capacity(1 << 16, File::create_new(&path)?);
            file.write_all(&MAGIC)?;
            file.write_all(&[0; 8])?;
            zstd::stream::write::Encoder::new(file, LEVEL)
        };
        let out = made().map_err(LayersError::new("create", &path))?;
        Ok(Self {
            path,
            out,
            pending: Vec::with_capacity(2 * AHEAD),
            start: 0,
            position: 0,
            skip: 0,
            total: 0,
            noted: HashSet::new(),
            lost: false,
            failed: None,
        })
    }

    fn take(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let within = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= within as u64;
        self.position += within as u64;
        bytes = &bytes[within..];
        self.pending.extend_from_slice(bytes);
        let waiting = self.pending.len() - self.start;
        if waiting > 2 * AHEAD {
            self.raw(waiting - AHEAD);
        }
    }

    /// `size` bytes at `offset` are the content of the file at `path`.
    fn note(&mut self, offset: u64, size: u64, path: &LayerPath) {
        let Some(before) = offset.checked_sub(self.position).and_then(|before| usize::try_from(before).ok())
        else {
            return; // written as it is already
        };
        let (Ok(length), true) =
            (u16::try_from(path.as_bytes().len()), before <= self.pending.len() - self.start)
        else {
            return;
        };
        self.raw(before);
        let record = [&[FILE][..], &size.to_le_bytes(), &length.to_le_bytes(), path.as_bytes()].concat();
        self.write(&record);
        let here = usize::try_from(size).unwrap_or(usize::MAX).min(self.pending.len() - self.start);
        self.pass(here);
        self.skip = size - here as u64;
    }

    /// Writes the first `length` of the pending bytes as they are.
    fn raw(&mut self, length: usize) {
        if length == 0 {
            return;
        }
        let bytes = std::mem::take(&mut self.pending);
        for piece in bytes[self.start..self.start + length].chunks(AHEAD) {
            let size = u32::try_from(piece.len()).expect("a piece is at most AHEAD bytes");
            self.write(&[RAW]);
            self.write(&size.to_le_bytes());
            self.write(piece);
        }
        self.pending = bytes;
        self.pass(length);
    }

    fn pass(&mut self, length: usize) {
        self.start += length;
        self.position += length as u64;
        if self.start >= AHEAD || self.start == self.pending.len() {
            self.pending.drain(..self.start);
            self.start = 0;
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
        }
    }

    /// Writes the rest. Without a recipe the file is gone; `true` if there is one.
    pub(crate) fn finish(mut self) -> Result<bool, LayersError> {
        self.raw(self.pending.len() - self.start);
        self.write(&[END]);
        let Self { path, out, total, lost, failed, .. } = self;
        let done = || {
            failed.map_or(Ok(()), Err)?;
            let mut file = out.finish()?.into_inner()?;
            file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
            file.write_all(&total.to_le_bytes())
        };
        let done: io::Result<()> = done();
        done.map_err(LayersError::new("write", &path))?;
        if lost {
            remove(&path)?;
        }
        Ok(!lost)
    }
}

fn remove(path: &Path) -> Result<(), LayersError> {
    fs::remove_file(path).map_err(LayersError::new("remove", path))
}

/// Reads a tar and lets the recorder see its bytes.
pub(crate) struct Tap<'a, R> {
    pub(crate) inner: R,
    pub(crate) recorder: Option<&'a RefCell<Recorder>>,
}

impl<R: Read> Read for Tap<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        if let Some(recorder) = self.recorder {
            recorder.borrow_mut().take(&into[..length]);
        }
        Ok(length)
    }
}

/// Hands entries on and tells the recorder where their contents are.
pub(crate) struct Noting<'a, S> {
    pub(crate) sink: &'a mut S,
    pub(crate) recorder: Option<&'a RefCell<Recorder>>,
}

impl<S: Sink> Sink for Noting<'_, S> {
    type Error = S::Error;

    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), S::Error> {
        if let Some(recorder) = self.recorder {
            let mut recorder = recorder.borrow_mut();
            let path = xxh3_64(entry.path.as_bytes());
            recorder.lost |= recorder.noted.contains(&path)
                || (entry.replaces == Some(Kind::Directory) && entry.kind != Kind::Directory);
            if entry.kind == Kind::File && entry.sparse.is_none() && entry.size > 0 {
                recorder.noted.insert(path);
                recorder.note(entry.offset, entry.size, &entry.path);
            }
        }
        self.sink.entry(entry, content)
    }

    fn opaque(&mut self, directory: &LayerPath) -> Result<(), S::Error> {
        self.sink.opaque(directory)
    }
}
