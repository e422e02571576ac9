//! The bytes of a context's archive, kept until its files are wanted: in memory while they are few, else in a file without a name.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// The most that stays in memory.
const MEMORY: usize = 32 << 20;

/// An archive out of its compression.
#[derive(Debug)]
pub(super) enum Archive {
    Memory(Vec<u8>),
    File(File),
}

/// Reads an archive and keeps what it reads.
pub(super) struct Keeping<R> {
    inner: R,
    bytes: Vec<u8>,
    file: Option<File>,
    /// Where a file is made if it takes one.
    path: PathBuf,
}

impl<R: Read> Keeping<R> {
    pub(super) fn new(inner: R, path: &Path) -> Self {
        Self { inner, bytes: Vec::new(), file: None, path: path.into() }
    }

    /// All that was read.
    pub(super) fn finish(self) -> Archive {
        match self.file {
            Some(file) => Archive::File(file),
            None => Archive::Memory(self.bytes),
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.write_all(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > MEMORY {
            let mut file = File::options().read(true).write(true).create_new(true).open(&self.path)?;
            std::fs::remove_file(&self.path)?;
            file.write_all(&std::mem::take(&mut self.bytes))?;
            self.file = Some(file);
        }
        Ok(())
    }
}

impl<R: Read> Read for Keeping<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        self.keep(&into[..length])?;
        Ok(length)
    }
}

impl Archive {
    /// `size` bytes from `offset` on.
    pub(super) fn section(&self, offset: u64, size: u64) -> Section<'_> {
        Section { archive: self, position: offset, left: size }
    }

    /// All of it.
    pub(super) fn whole(&self) -> io::Result<Section<'_>> {
        let size = match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(file) => file.metadata()?.len(),
        };
        Ok(self.section(0, size))
    }
}

/// A part of an archive, being read.
pub(super) struct Section<'a> {
    archive: &'a Archive,
    position: u64,
    left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(into.len(), |left| left.min(into.len()));
        let into = &mut into[..wanted];
        let length = match self.archive {
            Archive::Memory(bytes) => {
                let start = usize::try_from(self.position).map_or(bytes.len(), |at| at.min(bytes.len()));
                (&bytes[start..]).read(into)?
            }
            Archive::File(file) if !into.is_empty() => file.read_at(into, self.position)?,
            Archive::File(_) => 0,
        };
        if length == 0 && self.left > 0 && !into.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position += length as u64;
        self.left -= length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_read_in_parts_wherever_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        for size in [100, MEMORY + 100] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let mut keeping = Keeping::new(&bytes[..], &dir.path().join("archive"));
            assert_eq!(io::copy(&mut keeping, &mut io::sink()).expect("reads"), size as u64);
            let archive = keeping.finish();
            assert_eq!(matches!(archive, Archive::Memory(_)), size < MEMORY);
            let mut read = Vec::new();
            archive.whole().expect("opens").read_to_end(&mut read).expect("reads");
            assert!(read == bytes);
            read.clear();
            archive.section(10, 20).read_to_end(&mut read).expect("reads");
            assert_eq!(read, bytes[10..30]);
            archive.section(size as u64 - 5, 6).read_to_end(&mut read).expect_err("it ends before");
            assert!(std::fs::read_dir(dir.path()).expect("lists").next().is_none(), "the file has no name");
        }
    }
}
