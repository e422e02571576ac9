//! A layer in memory.

use std::io;

use crate::{Entry, Kind, SparseForm, TarWriter};

/// A layer under construction: entries in archive order.
///
/// Parents are not added by themselves: real layers leave them out too.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    pieces: Vec<Piece>,
    unterminated: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Entry(Box<Entry>),
    Raw(Vec<u8>),
}

impl Layer {
    /// A layer without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry with everything it says.
    pub fn with(mut self, entry: Entry) -> Self {
        self.push(entry);
        self
    }

    /// Adds an entry, for loops.
    pub fn push(&mut self, entry: Entry) {
        self.pieces.push(Piece::Entry(Box::new(entry)));
    }

    /// Adds a directory, 0755.
    pub fn dir(self, path: impl AsRef<[u8]>) -> Self {
        self.with(Entry::dir(path))
    }

    /// Adds a regular file, 0644.
    pub fn file(self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        self.with(Entry::file(path, content))
    }

    /// Adds a symbolic link.
    pub fn symlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.with(Entry::symlink(path, target))
    }

    /// Adds a hard link to an earlier entry.
    pub fn hardlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.with(Entry::hardlink(path, target))
    }

    /// Adds a named pipe.
    pub fn fifo(self, path: impl AsRef<[u8]>) -> Self {
        self.with(Entry::new(path, Kind::Fifo))
    }

    /// Adds a character device.
    pub fn char_device(self, path: impl AsRef<[u8]>, major: u32, minor: u32) -> Self {
        self.with(Entry::new(path, Kind::CharDevice(major, minor)))
    }

    /// Adds a block device.
    pub fn block_device(self, path: impl AsRef<[u8]>, major: u32, minor: u32) -> Self {
        self.with(Entry::new(path, Kind::BlockDevice(major, minor)))
    }

    /// Adds a sparse file of `size` bytes with `parts` (offset, bytes) in it.
    pub fn sparse(self, path: impl AsRef<[u8]>, size: u64, parts: &[(u64, &[u8])], form: SparseForm) -> Self {
        let parts = parts.iter().map(|(offset, bytes)| (*offset, bytes.to_vec())).collect();
        self.with(Entry::new(path, Kind::Sparse { size, parts, form }))
    }

    /// Deletes `path` of the layers below: an empty file `.wh.<name>` beside it.
    pub fn whiteout(self, path: impl AsRef<[u8]>) -> Self {
        let path = path.as_ref();
        let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let marker = [&path[..name], b".wh.", &path[name..]].concat();
        self.with(Entry::file(marker, "").mode(0))
    }

    /// Hides everything that the layers below have in directory `path`: a file `.wh..wh..opq` in it.
    pub fn opaque(self, path: impl AsRef<[u8]>) -> Self {
        self.with(Entry::file([path.as_ref(), b"/.wh..wh..opq"].concat(), "").mode(0))
    }

    /// Adds bytes as they are.
    pub fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.pieces.push(Piece::Raw(bytes.as_ref().to_vec()));
        self
    }

    /// Leaves out the two blocks of zeros that end an archive.
    pub fn unterminated(mut self) -> Self {
        self.unterminated = true;
        self
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The tar.
    pub fn tar(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("a vector takes every write");
        bytes
    }

    /// Writes the tar to `out`.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut tar = TarWriter::new(out);
        for piece in &self.pieces {
            match piece {
                Piece::Entry(entry) => tar.entry(entry)?,
                Piece::Raw(bytes) => tar.raw(bytes)?,
            }
        }
        if !self.unterminated {
            tar.finish()?;
        }
        Ok(())
    }
}
